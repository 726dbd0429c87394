import html
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.collection.archive import Refused
from twin_assets.collection.collector import Collected, Item, Origin
from twin_assets.collection.medium import Medium, is_made_up, story_id
from twin_assets.collection.registry import recognize
from twin_assets.collection.sources import collect
from twin_assets.errors import SourceError
from twin_assets.features.clean import clean
from twin_assets.progress import silent
from twin_assets.records import Exclusion
from twin_assets.settings import SourceConfig
from twin_assets_tests.collection.conftest import MakeSource

ID = "ece7c6688e68"
STORY = f"posts/2016-03-25_On-pencils-{ID}.html"
URL = f"https://medium.com/@jo/on-pencils-{ID}"
WORDS = "A pencil has some forty thousand words in it."
DIVIDER = '<div class="section-divider"><hr class="section-divider"></div>'
PROFILE = (
    '<section class="h-card"><h3 class="p-name">Jo on Paper</h3><a class="u-url" href="https://medium.com/@jo">@jo</a>'
    "<ul><li><b>Email address:</b> jo@example.com</li></ul></section>"
)


def _graf(text: str, tag: str = "p", more: str = "") -> str:
    return f'<{tag} name="bff9" class="graf graf--{tag} {more}">{text}</{tag}>'


def _body(*grafs: str) -> str:
    inner = f'<div class="section-content"><div class="section-inner">{"".join(grafs)}</div></div>'
    return f'<section class="section section--body section--first section--last">{DIVIDER}{inner}</section>'


def _titled(title: str = "On pencils", *grafs: str) -> str:
    return _body(_graf(title, "h3", "graf--leading graf--title"), *(grafs or (_graf(WORDS),)))


def _footer(canonical: str = URL, identity: str = ID, by: str = "Jo on Paper", handle: str = "@jo") -> str:
    link = f'<p><a href="{canonical}" class="p-canonical">Canonical link</a></p>' if canonical else ""
    return (
        f'<footer><p>By <a href="https://medium.com/{handle}" class="p-author h-card">{by}</a> on '
        f'<a href="https://medium.com/p/{identity}"><time class="dt-published" datetime="2016-03-25T05:53:26.260Z">'
        f"March 25, 2016</time></a>.</p>{link}"
        '<p>Exported from <a href="https://medium.com">Medium</a> on July 8, 2025.</p></footer>'
    )


def _page(body: str, title: str = "On pencils", subtitle: str = "", footer: str | None = None, header: str = "") -> str:
    summary = f'<section data-field="subtitle" class="p-summary">\n{subtitle}\n</section>' if subtitle else ""
    return (
        '<!DOCTYPE html><html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8">'
        f"<title>{title}</title><style>p {{ color: #333 }}</style></head>"
        f'<body><article class="h-entry"><header><h1 class="p-name">{title}</h1>{header}</header>{summary}'
        f'<section data-field="body" class="e-content">\n{body}\n</section>'
        f"{_footer() if footer is None else footer}</article></body></html>"
    )


def _collected(zip_source: MakeSource, page: str, name: str = STORY, **config: object) -> Collected:
    return collect(zip_source({name: page}, **config), "Jo Doe")


def test_a_story_has_its_number_link_day_and_body(zip_source: MakeSource) -> None:
    source = zip_source({f"medium-export-1f/{STORY}": _page(_titled())})
    assert recognize(source.path) == "medium"  # type: ignore[arg-type]
    (document,) = collect(source, "Jo Doe").documents
    assert (document.native_id, document.url, document.title) == (ID, URL, "On pencils")
    assert document.published_at == datetime(2016, 3, 25, 5, 53, 26, 260000, tzinfo=UTC)
    assert (document.by, document.excluded, document.media_type) == ("Jo Doe", "", "text/html")
    assert WORDS in document.text
    assert "Canonical link" not in document.text


def test_the_title_that_the_body_repeats_is_left_to_cleaning_which_finds_it_first(zip_source: MakeSource) -> None:
    (document,) = _collected(zip_source, _page(_titled())).documents
    assert "graf--title" in document.text
    cleaned, removed = clean(document)
    assert cleaned is not None
    assert (cleaned.title, cleaned.text) == ("On pencils", WORDS)
    assert "repeated_title" in [e.reason for e in removed]


def test_lines_between_sections_stay_and_only_the_one_above_the_story_goes(zip_source: MakeSource) -> None:
    second = f'<section class="section section--body">{DIVIDER}<div>{_graf("The second section.")}</div></section>'
    (document,) = _collected(zip_source, _page(_titled() + second)).documents
    cleaned, _ = clean(document)
    assert cleaned is not None
    assert cleaned.text == f"{WORDS}\n\n---\n\nThe second section."


@pytest.mark.parametrize("canonical", ["https://jo.example.com/2016/pencils-20160325", ""])
def test_a_canonical_link_elsewhere_does_not_make_the_number(zip_source: MakeSource, canonical: str) -> None:
    page = _page(_titled(), footer=_footer(canonical))
    (document,) = _collected(zip_source, page).documents
    assert document.native_id == ID
    assert document.url == (canonical or f"https://medium.com/p/{ID}")


def test_without_any_link_the_number_and_the_day_are_in_the_name_of_the_file(zip_source: MakeSource) -> None:
    (document,) = _collected(zip_source, _page(_titled(), footer="")).documents
    assert (document.native_id, document.url) == (ID, STORY)
    assert document.published_at == datetime(2016, 3, 25, tzinfo=UTC)


def test_a_link_in_the_body_to_another_story_does_not_make_the_number(zip_source: MakeSource) -> None:
    footer = f'<footer><a href="https://medium.com/p/aaaabbbbcccc">other</a></footer>{_graf(WORDS)}'
    page = _page(_titled("On pencils", footer), footer="")
    assert [d.native_id for d in _collected(zip_source, page).documents] == [ID]


def test_links_lose_what_they_say_about_the_reader(zip_source: MakeSource) -> None:
    page = _page(_titled(), footer=_footer(f"{URL}?source=rss-1f------2#top"))
    assert [d.url for d in _collected(zip_source, page).documents] == [URL]


def test_drafts_are_set_aside_unless_they_are_wanted(zip_source: MakeSource) -> None:
    footer = f'<footer><p><a href="https://medium.com/p/{ID}">View original.</a></p></footer>'
    name = f"posts/draft_On-pencils-{ID}.html"
    collected = _collected(zip_source, _page(_titled(), footer=footer), name)
    assert [(d.native_id, d.excluded, d.published_at) for d in collected.documents] == [(ID, "draft", None)]
    assert [e.reason for e in collected.exclusions] == ["draft"]
    wanted = _collected(zip_source, _page(_titled(), footer=footer), name, include_drafts=True)
    assert [d.excluded for d in wanted.documents] == [""]


def test_a_response_keeps_no_made_up_title(zip_source: MakeSource) -> None:
    body = _body(_graf("Thank you! I never <em>knew</em> about the graphite, nor about the cedar."))
    page = _page(body, title="Thank you! I never knew about the graphite…")
    (document,) = _collected(zip_source, page).documents
    assert (document.title, document.excluded) == ("", "")
    assert "in reply to" not in document.text


@pytest.mark.parametrize(
    "header",
    [
        '<p>In response to <a href="https://medium.com/@al/leads-aaaabbbbcccc?source=x">Leads, a history</a></p>',
        '<a class="u-in-reply-to" href="https://medium.com/@al/leads-aaaabbbbcccc">Leads, a history</a>',
    ],
)
def test_a_response_begins_with_what_it_answers_but_not_with_its_words(zip_source: MakeSource, header: str) -> None:
    body = _body(_graf("Thank you, that is what I wanted to know."))
    (document,) = _collected(zip_source, _page(body, title="Thank you", header=header)).documents
    cleaned, _ = clean(document)
    assert cleaned is not None
    assert cleaned.text == (
        "(in reply to https://medium.com/@al/leads-aaaabbbbcccc)\n\nThank you, that is what I wanted to know."
    )
    assert "history" not in document.text


@pytest.mark.parametrize("body", [_titled, lambda _, graf: _body(graf)])
def test_a_story_that_begins_with_whom_it_answers_is_no_response(
    zip_source: MakeSource, body: Callable[[str, str], str]
) -> None:
    written = _graf('In response to <a href="https://example.org/">a letter</a> I wrote this one.')
    (document,) = _collected(zip_source, _page(body("On pencils", written))).documents
    assert document.title == "On pencils"
    assert "in reply to" not in document.text


def test_a_subtitle_is_kept_once(zip_source: MakeSource) -> None:
    repeated = _page(_titled(), subtitle="A pencil has some forty thousand…")
    assert [d.text.count("A pencil has") for d in _collected(zip_source, repeated).documents] == [1]
    own = _page(_titled(), subtitle="Cedar &amp; graphite")
    (document,) = _collected(zip_source, own).documents
    cleaned, _ = clean(document)
    assert cleaned is not None
    assert cleaned.text == f"Cedar & graphite\n\n{WORDS}"


def test_only_stories_and_the_profile_are_opened() -> None:
    files = _Files(
        {
            f"export/{STORY}": _page(_titled()),
            "export/profile/profile.html": PROFILE,
            "export/profile/about.html": "<p>x</p>",
            "export/bookmarks/bookmarks-0001.html": "<p>x</p>",
            "export/claps/claps-0001.html": "<p>x</p>",
            "export/sessions/sessions-0001.html": "<p>x</p>",
            "export/posts/picture.png": "x",
            "export/README.html": "<p>x</p>",
        }
    )
    items = _items(files)
    assert [type(item).__name__ for item in items] == ["RawDocument"]
    assert sorted(files.opened) == [f"export/{STORY}", "export/profile/profile.html"]


def test_a_story_by_another_account_is_a_guests_and_the_accounts_own_name_does_not_matter(
    zip_source: MakeSource,
) -> None:
    other = f"posts/2017-01-01_On-leads-{ID[::-1]}.html"
    files = {
        "profile/profile.html": PROFILE,
        STORY: _page(_titled()),
        other: _page(_titled("On leads"), title="On leads", footer=_footer("", ID[::-1], "Al Bo", "@albo")),
    }
    collected = collect(zip_source(files), "Jo Doe")
    assert {d.title: (d.by, d.excluded) for d in collected.documents} == {
        "On pencils": ("Jo Doe", ""),
        "On leads": ("Al Bo", "guest"),
    }
    named = collect(zip_source(files, own_names=["@albo"]), "Jo Doe")
    assert {d.excluded for d in named.documents} == {""}


def test_what_has_no_words_or_no_body_is_an_exclusion_with_its_reason(zip_source: MakeSource) -> None:
    picture = f"posts/2017-01-01_Picture-{ID[:-1]}0.html"
    none = f"posts/2017-01-02_None-{ID[:-1]}1.html"
    empty = f"posts/2017-01-03_Empty-{ID[:-1]}2.html"
    files = {
        STORY: _page(_titled()),
        picture: _page(_body('<figure class="graf"><img src="x.png"></figure>'), footer=""),
        none: "<html><body><p>Something else</p></body></html>",
        empty: "",
    }
    collected = collect(zip_source(files), "Jo Doe")
    assert len(collected.documents) == 1
    assert [(e.file, e.reason) for e in collected.exclusions] == [
        (picture, "empty"),
        (none, "unreadable"),
        (empty, "empty"),
    ]
    assert all("Something" not in e.detail for e in collected.exclusions)


def test_an_export_without_stories_says_what_was_looked_for(zip_source: MakeSource) -> None:
    with pytest.raises(SourceError, match=r"posts/\*\.html were looked for"):
        collect(zip_source({"claps/claps-0001.html": "<p>x</p>"}, kind="medium"), "Jo Doe")


def test_other_exports_are_not_taken_for_mediums() -> None:
    medium = Medium()
    assert not medium.recognizes(["posts.csv", "posts/123.on-pencils.html"])
    assert not medium.recognizes(["blog/2016-03-25_on-pencils.html", "posts/2016-03-25_on-pencils.md"])
    assert medium.recognizes(["x/posts/draft_.html"])


@pytest.mark.parametrize(
    ("address", "identity"),
    [
        (f"https://medium.com/@jo/on-pencils-{ID}?source=rss-abcdef123456", ID),
        ("https://medium.com/p/18504ab0fd0/", "18504ab0fd0"),
        ("2016-03-25_-95a6b38004f", "95a6b38004f"),
        (f"https://medium.com/@jo/on-pencils-{ID}x", ""),
        ("https://medium.com/@jo/on-decade", ""),
        ("https://[medium", ""),
        ("", ""),
    ],
)
def test_the_number_of_a_story_is_at_the_end_of_its_address(address: str, identity: str) -> None:
    assert story_id(address) == identity


def test_a_title_is_made_up_only_if_the_first_paragraph_begins_with_it() -> None:
    assert is_made_up("Thank you, Al…", "<p>Thank <em>you</em>, Al, for this.</p>")
    assert not is_made_up("Thank you", "<h3>Thank you</h3><p>Al.</p>")
    assert not is_made_up("On pencils", "<p>Thank you.</p>")
    assert not is_made_up("", "<p>Thank you.</p>")


class _Files:
    """Files in memory, which knows what was opened."""

    refused: tuple[Refused, ...] = ()

    def __init__(self, contents: dict[str, str]) -> None:
        self._contents = contents
        self.names = tuple(sorted(contents))
        self.opened: list[str] = []

    def read(self, name: str, limit: int = 0) -> bytes:
        self.opened.append(name)
        return self._contents[name].encode("utf-8", "surrogatepass")


def _items(files: _Files) -> list[Item]:
    source = SourceConfig(name="s", url="unused", kind="medium")
    return list(Medium().collect(files, Origin(source, "medium", "Jo Doe"), silent))


_TAGS = st.sampled_from(
    [
        "<h3 class='graf--title'>",
        "</h3>",
        "<p>",
        "</p>",
        "<section data-field=subtitle>",
        "</section>",
        "<a rel=",
        "<",
        "<section data-field=body>",
        "<footer>",
        '<a class="p-canonical" href="http://[x">',
        "In response to",
        "&amp;",
        '<a class="u-in-reply-to" href="//x">',
        '<time class="dt-published" datetime="2016-13-99">',
        "words",
        "\ud800",
    ]
)


@settings(deadline=None)
@given(st.lists(st.one_of(_TAGS, st.text(max_size=8)), max_size=25).map("".join))
def test_no_page_stops_the_collector_or_is_lost(page: str) -> None:
    (item,) = _items(_Files({STORY: page or " "}))
    assert item.file == STORY
    assert item.reason if isinstance(item, Exclusion) else item.text.strip()


@settings(deadline=None)
@given(st.text(st.sampled_from("abé <&>'\".…"), min_size=1, max_size=30).filter(lambda t: any(map(str.isalpha, t))))
def test_every_text_comes_back_with_its_title(text: str) -> None:
    page = _page(_titled(html.escape(text), _graf(html.escape(text))), title=html.escape(text))
    (item,) = _items(_Files({STORY: page}))
    assert not isinstance(item, Exclusion)
    assert item.title == " ".join(text.split())
    assert item.text.count(f">{html.escape(text, quote=False)}<") == 2
