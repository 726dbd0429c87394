import html
import re
import tracemalloc
from collections.abc import Mapping
from datetime import UTC, datetime
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.collection.archive import Refused
from twin_assets.collection.collector import Item, Origin
from twin_assets.collection.registry import recognize
from twin_assets.collection.shortcodes import to_html
from twin_assets.collection.sources import collect
from twin_assets.collection.wordpress import WordPress
from twin_assets.collection.wxr import Entry, read_wxr
from twin_assets.errors import SourceError
from twin_assets.features.clean import CleaningPolicy, clean
from twin_assets.records import Exclusion, RawDocument
from twin_assets.settings import SourceConfig
from twin_assets_tests.collection.conftest import MakeSource

NAME = "jo.WordPress.2024-05-06.xml"
WORDS = "A pencil has some forty thousand words in it."
JO = ("jo", "jo@example.com", "Jo Doe")
AL = ("albo", "al@example.com", "Al Bo")


def _author(login: str, email: str, name: str) -> str:
    return (
        f"<wp:author><wp:author_id>1</wp:author_id><wp:author_login><![CDATA[{login}]]></wp:author_login>"
        f"<wp:author_email><![CDATA[{email}]]></wp:author_email>"
        f"<wp:author_display_name><![CDATA[{name}]]></wp:author_display_name></wp:author>"
    )


def _item(
    content: str = WORDS,
    *,
    slug: str = "on-pencils",
    title: str = "On pencils",
    by: str = "jo",
    status: str = "publish",
    kind: str = "post",
    password: str = "",
    link: str | None = None,
    guid: str = "https://jo.example.com/?p=12",
    gmt: str = "2012-05-27 17:15:14",
    stated: str = "Sun, 27 May 2012 17:15:14 +0000",
    local: str = "2012-05-27 10:15:14",
    more: str = "",
) -> str:
    link = f"https://jo.example.com/2012/05/{slug}/" if link is None else link
    return f"""<item>
    <title><![CDATA[{title}]]></title><link>{escape(link)}</link><pubDate>{stated}</pubDate>
    <dc:creator><![CDATA[{by}]]></dc:creator><guid isPermaLink="false">{escape(guid)}</guid>
    <description></description><excerpt:encoded><![CDATA[An excerpt.]]></excerpt:encoded>
    <content:encoded><![CDATA[{content.replace("]]>", "]]]]><![CDATA[>")}]]></content:encoded>
    <wp:post_id>12</wp:post_id><wp:post_date>{local}</wp:post_date><wp:post_date_gmt>{gmt}</wp:post_date_gmt>
    <wp:post_name>{slug}</wp:post_name><wp:status>{status}</wp:status><wp:post_type>{kind}</wp:post_type>
    <wp:post_password><![CDATA[{password}]]></wp:post_password>{more}
    <wp:comment><wp:comment_author>Al</wp:comment_author><wp:comment_content>A remark.</wp:comment_content></wp:comment>
    </item>"""


def _file(*items: str, authors: tuple[tuple[str, str, str], ...] = (JO,), version: str = "1.2") -> str:
    return f"""<?xml version="1.0" encoding="UTF-8" ?>
<!-- This is a WordPress eXtended RSS file -->
<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/{version}/excerpt/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:wp="http://wordpress.org/export/{version}/"><channel><title>Jo</title>
<wp:wxr_version>{version}</wp:wxr_version>{"".join(_author(*a) for a in authors)}
{"".join(items)}
</channel></rss>"""


class _Files:
    """Files in memory."""

    refused: tuple[Refused, ...] = ()

    def __init__(self, contents: Mapping[str, str | bytes]) -> None:
        self._contents = contents
        self.names = tuple(sorted(contents))

    def read(self, name: str, limit: int = 0) -> bytes:
        content = self._contents[name]
        return content if isinstance(content, bytes) else content.encode()


def _items(
    *contents: str | bytes, reports: list[str] | None = None, author: str = "Jo Doe", **config: object
) -> list[Item]:
    """What the files in order (`0.xml`, `1.xml`) hold."""
    source = SourceConfig.model_validate({"name": "s", "path": ".", "kind": "wordpress", **config})
    files = _Files({f"{number}.xml": content for number, content in enumerate(contents)})
    report = (reports if reports is not None else []).append
    return list(WordPress().collect(files, Origin(source, "wordpress", author), report))


def _documents(*contents: str | bytes, **config: object) -> list[RawDocument]:
    return [i for i in _items(*contents, **config) if isinstance(i, RawDocument)]  # type: ignore[arg-type]


def _exclusions(*contents: str | bytes, **config: object) -> list[Exclusion]:
    return [i for i in _items(*contents, **config) if isinstance(i, Exclusion)]  # type: ignore[arg-type]


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
def test_a_post_is_its_content_not_its_excerpt_at_its_permalink(zip_source: MakeSource, version: str) -> None:
    source = zip_source({f"export/{NAME}": _file(_item(), version=version)})
    assert recognize(source.path) == "wordpress"  # type: ignore[arg-type]
    (document,) = collect(source, "Jo Doe").documents
    assert document.native_id == document.url == "https://jo.example.com/2012/05/on-pencils/"
    assert (document.title, document.text, document.media_type) == ("On pencils", f"<p>{WORDS}</p>", "text/html")
    assert document.published_at == datetime(2012, 5, 27, 17, 15, 14, tzinfo=UTC)
    assert (document.by, document.excluded, document.scope, document.row) == ("Jo Doe", "", "public", 1)


def test_a_single_file_is_recognized_and_several_are_one_source(folder_source: MakeSource) -> None:
    source = folder_source({NAME: _file(_item()), "more.xml": _file(_item(slug="on-leads"))})
    assert recognize(source.path) == "wordpress"  # type: ignore[arg-type]
    assert recognize(source.path / "more.xml") == "wordpress"  # type: ignore[operator]
    assert sorted(d.url.split("/")[-2] for d in collect(source, "Jo Doe").documents) == ["on-leads", "on-pencils"]


def test_a_site_with_a_feed_beside_its_pages_is_no_export() -> None:
    assert not WordPress().recognizes(["index.md", "feed.xml"])
    assert not WordPress().recognizes(["wordpress.md"])
    assert not WordPress().recognizes([])


def test_what_is_no_post_is_only_counted_and_a_page_is_set_aside() -> None:
    kinds = ["attachment", "revision", "nav_menu_item", "wp_block", "wp_global_styles", "recipe", ""]
    items = _items(_file(*(_item(kind=kind) for kind in kinds), _item(kind="page", slug="about"), _item()))
    aside = [(i.row, i.reason) for i in items if isinstance(i, Exclusion)]
    assert aside == [(row, "not_a_post") for row in range(1, 7)] + [(7, "unreadable")]
    assert [(d.row, d.excluded) for d in items if isinstance(d, RawDocument)] == [(8, "not_a_post"), (9, "")]


def test_only_what_is_published_is_taken() -> None:
    statuses = ["publish", "draft", "pending", "future", "auto-draft", "trash", "private", ""]
    file = _file(*(_item(slug=f"post-{status}", status=status) for status in statuses))
    items = _items(file)
    assert {i.row: i.excluded for i in items if isinstance(i, RawDocument)} == {
        1: "",
        2: "draft",
        3: "draft",
        4: "draft",
        5: "draft",
        8: "draft",
    }
    assert [(i.row, i.reason) for i in items if isinstance(i, Exclusion)] == [(6, "deleted"), (7, "private")]
    wanted = _documents(file, include_drafts=True, include_private=True)
    assert {d.row: (d.excluded, d.scope) for d in wanted}[7] == ("", "private")
    assert {d.row for d in wanted if not d.excluded} == {1, 2, 3, 4, 5, 7, 8}


def test_a_post_with_a_password_is_private() -> None:
    file = _file(_item(password="sesame"))
    assert [(e.reason, "sesame" in e.detail) for e in _exclusions(file)] == [("private", False)]
    assert [d.scope for d in _documents(file, include_private=True)] == ["private"]


@pytest.mark.parametrize(
    ("own_names", "author"), [([], "Jo Doe"), (["jo"], "J."), (["JO@example.com"], "J."), (["jo  doe"], "J.")]
)
def test_of_several_authors_the_author_is_known_by_any_of_their_names(own_names: list[str], author: str) -> None:
    file = _file(_item(), _item(by="albo", slug="on-leads"), _item(by="", slug="on-glue"), authors=(JO, AL))
    documents = _documents(file, own_names=own_names, author=author)
    assert [(d.by, d.excluded) for d in documents] == [
        (author, ""),
        ("Al Bo", "guest"),
        ("an unnamed author", "guest"),
    ]


def test_one_author_alone_is_the_author_whatever_the_name_and_that_is_said() -> None:
    reports: list[str] = []
    (document,) = _documents(_file(_item()), author="Somebody Else", reports=reports)
    assert (document.by, document.excluded) == ("Somebody Else", "")
    assert any("'Jo Doe'" in line and "'Somebody Else'" in line for line in reports)
    reports.clear()
    _documents(_file(_item()), reports=reports)
    assert not any("taken to be" in line for line in reports)


def test_authors_in_different_files_of_an_export_are_several() -> None:
    files = _file(_item()), _file(_item(by="albo", slug="on-leads"), authors=(AL,))
    assert [(d.by, d.excluded) for d in _documents(*files, author="Al Bo")] == [("Jo Doe", "guest"), ("Al Bo", "")]


def test_an_author_who_is_not_listed_counts_all_the_same() -> None:
    file = _file(_item(), _item(by="ghost", slug="on-leads"))
    assert [(d.by, d.excluded) for d in _documents(file)] == [("Jo Doe", ""), ("ghost", "guest")]


def test_a_post_of_several_authors_is_coauthored_unless_that_is_wanted() -> None:
    together = "".join(
        f'<category domain="author" nicename="cap-{n}"><![CDATA[{n}]]></category>' for n in ("jo", "albo")
    )
    file = _file(_item(more=together), authors=(JO, AL))
    assert [(d.by, d.excluded) for d in _documents(file)] == [("Jo Doe, Al Bo", "coauthored")]
    assert [d.excluded for d in _documents(file, include_coauthored=True)] == [""]


@pytest.mark.parametrize("config", [{"status": "draft"}, {"status": "private"}, {"password": "x"}])
def test_what_others_have_not_published_is_not_stored(config: dict[str, str]) -> None:
    items = _items(
        _file(_item(by="albo", **config), authors=(JO, AL)),
        include_private=True,
        include_drafts=True,
    )
    assert [(type(i), i.reason) for i in items if isinstance(i, Exclusion)] == [(Exclusion, "guest")]
    assert len(items) == 1


@pytest.mark.parametrize(
    ("link", "guid", "native_id"),
    [
        ("https://jo.example.com/a/?utm_source=x#top", "", "https://jo.example.com/a/"),
        ("https://jo.example.com/?p=12", "", "https://jo.example.com/?p=12"),
        ("https://jo.example.com/blog/?p=12", "", "https://jo.example.com/blog/?p=12"),
        ("", "https://jo.example.com/?p=12", "https://jo.example.com/?p=12"),
        ("//[x", "urn:uuid:1", "0.xml#12"),
    ],
)
def test_the_permalink_is_the_identity(link: str, guid: str, native_id: str) -> None:
    assert [d.native_id for d in _documents(_file(_item(link=link, guid=guid)))] == [native_id]


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ({"gmt": "0000-00-00 00:00:00"}, datetime(2012, 5, 27, 17, 15, 14, tzinfo=UTC)),
        (
            {"gmt": "0000-00-00 00:00:00", "stated": "Mon, 30 Nov -0001 00:00:00 +0000"},
            datetime(2012, 5, 27, 10, 15, 14, tzinfo=UTC),
        ),
        ({"gmt": "0000-00-00 00:00:00", "stated": "Mon, 30 Nov -0001 00:00:00 +0000", "local": "x"}, None),
    ],
)
def test_a_post_without_a_date_in_utc_has_its_other_dates(dates: dict[str, str], expected: datetime | None) -> None:
    assert [d.published_at for d in _documents(_file(_item(**dates)))] == [expected]


def test_titles_are_text() -> None:
    assert [d.title for d in _documents(_file(_item(title="Fish &#038; <em>chips</em>")))] == ["Fish & chips"]


@pytest.mark.parametrize("content", ["", "[gallery ids='1,2']", "<!-- wp:latest-posts /-->", '<img src="x.png">'])
def test_a_post_without_words_is_an_exclusion(content: str) -> None:
    assert [(e.reason, e.row) for e in _exclusions(_file(_item(content)))] == [("empty", 1)]


def test_comments_of_others_go_nowhere() -> None:
    assert "A remark" not in repr(_items(_file(_item())))


def test_what_comes_before_the_damage_is_kept_and_the_rest_is_told_of() -> None:
    whole = _file(_item(), _item(slug="on-leads"), _item(slug="on-glue"))
    cut = whole[: whole.index("on-glue")]
    items = _items(cut, _file(_item(slug="other")))
    assert [d.url.split("/")[-2] for d in items if isinstance(d, RawDocument)] == ["on-pencils", "on-leads", "other"]
    assert [(e.file, e.row, e.reason) for e in items if isinstance(e, Exclusion)] == [("0.xml", 3, "unreadable")]


def test_control_characters_and_warnings_before_the_file_do_no_harm() -> None:
    file = "\n<b>Warning</b>: in plugin.php\n" + _file(_item("Some \x08words\x1f here, \x00and more."))
    assert [d.text for d in _documents(file)] == ["<p>Some words here, and more.</p>"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1"])
def test_a_file_is_read_in_its_own_encoding(encoding: str) -> None:
    declared = _file(_item("Über Bleistifte.")).replace("UTF-8", encoding if encoding == "iso-8859-1" else "UTF-8")
    assert [d.text for d in _documents(declared.encode(encoding))] == ["<p>Über Bleistifte.</p>"]


def test_bytes_that_are_not_in_the_encoding_cost_themselves_only() -> None:
    data = _file(_item("Caf@ and more.")).encode().replace(b"Caf@", b"Caf\xe9")
    assert [d.text for d in _documents(data)] == ["<p>Caf\ufffd and more.</p>"]


@pytest.mark.parametrize(
    "subset",
    ['<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">', '<!ENTITY a SYSTEM "file:///etc/hostname">', ""],
)
def test_a_document_type_ends_the_reading(subset: str) -> None:
    plain = _file(_item("words")).replace("<![CDATA[words]]>", "&a; words" if subset else "words")
    file = plain.replace("<rss", f"<!DOCTYPE rss [{subset}]><rss", 1)
    assert [(e.reason, "document type" in e.detail) for e in _exclusions(file)][:1] == [("unreadable", True)]
    assert _documents(file) == []


def test_a_large_file_costs_no_more_memory_than_its_items() -> None:
    whole = _file(*(_item("words " * 4000, slug=f"post-{i}") for i in range(200))).encode()
    tracemalloc.start()
    try:
        count = sum(isinstance(part, Entry) for part in read_wxr(whole))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 200
    assert peak < len(whole) / 4


def test_a_body_beyond_the_limit_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twin_assets.collection.wordpress.PROSE_BYTES", 40)
    items = _items(_file(_item("Short words."), _item("Long words. " * 10, slug="long")))
    assert [type(i).__name__ for i in items] == ["RawDocument", "Exclusion"]
    assert [i.reason for i in items if isinstance(i, Exclusion)] == ["too_large"]


def test_xml_that_is_no_export_is_named_as_such(folder_source: MakeSource) -> None:
    source = folder_source({"sitemap.xml": "<urlset><url><loc>https://x.example</loc></url></urlset>", "a.xml": ""})
    with pytest.raises(SourceError, match=r"1 empty, 1 unreadable(.|\n)*All content"):
        collect(source, "Jo Doe")


def test_blank_lines_are_paragraphs_and_elements_stand_for_themselves() -> None:
    shown = to_html(
        "One\nline.\n\nTwo.\n<h2>Head</h2>\nThree.\n\n<ul>\n\n<li>Item</li>\n\n</ul>\n<pre>a\n\nb</pre>\n"
        "Four <code>x\n\ny</code>."
    )
    assert shown.startswith(
        "<p>One<br>\nline.</p>\n\n<p>Two.</p>\n\n<h2>Head</h2>\n\n<p>Three.</p>\n\n<ul>\n\n<li>Item"
    )
    assert shown.endswith("</ul>\n\n<pre>a\n\nb</pre>\n\n<p>Four <code>x\n\ny</code>.</p>")


def test_blocks_lose_their_marks_and_keep_their_markup() -> None:
    body = '<!-- wp:paragraph {"align":"left"} -->\n<p>One,\ntwo.</p>\n<!-- /wp:paragraph -->\n\n<!-- wp:spacer /-->'
    assert to_html(body) == "<p>One,\ntwo.</p>"
    assert to_html("a <!-- wp:b") == "a <!-- wp:b"
    assert to_html("One.\n\n<!--more-->\n\nTwo.").count("<!--more-->") == 1


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('One [gallery ids="1,2" link="file"]two.', "One two."),
        ('[caption id="a" width="300"]<img src="x"> A caption[/caption]', '<img src="x"> A caption'),
        ("[et_pb_row x=1][et_pb_text]Words[/et_pb_text][/et_pb_row]", "Words"),
        ('[plugin_thing id=5 name="a [b] c"/]One', "One"),
        ("[plugin_thing id=5 mode='x']One", "One"),
        ("[embed]https://example.org/film[/embed]One", "One"),
        ("[youtube=https://example.org/film]One", "One"),
        ("[[gallery]] shows [gallery]", "[gallery] shows "),
        ("One [sic] two [1] [x = 3] [sample size n=45] [see](http://x) [...]", None),
        ("[he said it's \"so\"] and arr[i] and a[href='x']", None),
    ],
)
def test_shortcodes_go_and_the_authors_brackets_stay(body: str, expected: str | None) -> None:
    assert to_html(body) == f"<p>{(body if expected is None else expected).strip()}</p>"


def test_quotes_in_shortcodes_are_other_peoples_words() -> None:
    document = _documents(_file(_item("[quote]Theirs, not mine.[/quote]\n\nMine are these five words.")))[0]
    cleaned, _ = clean(document)
    assert cleaned is not None
    assert cleaned.text == "> Theirs, not mine.\n\nMine are these five words."


@pytest.mark.parametrize("code", ["if a<b:\n\n    x = y[gallery]", "a &lt;b> [gallery]"])
def test_code_in_shortcodes_is_code_and_stays_as_it_is(code: str) -> None:
    document = _documents(_file(_item(f'See:\n\n[sourcecode language="python"]\n{code}\n[/sourcecode]')))[0]
    cleaned, _ = clean(document, CleaningPolicy(min_words=1))
    assert cleaned is not None
    assert cleaned.text == f"See:\n\n```python\n{html.unescape(code)}\n```"


_PIECES = st.sampled_from(
    [
        "<pre>",
        "</pre>",
        "<code>",
        "</code>",
        "[code lang=c]",
        "[/code]",
        "[a b='c'",
        "]",
        "[/a]",
        "[[",
        "<!-- wp:p -->",
        "<blockquote>",
        "</blockquote>",
        "[quote]",
        "[/quote]",
        "\n\n",
        "<!-- wp:",
        "-->",
        "\x00",
        "\x01",
        "\x020\x02",
        "<hr",
    ]
)


@settings(deadline=None)
@given(st.lists(st.one_of(_PIECES, st.integers(0, 99).map(lambda n: f" word{n} ")), max_size=25))
def test_no_word_outside_of_shortcodes_is_lost_or_repeated(pieces: list[str]) -> None:
    shown = to_html("".join(pieces))
    words = [p.strip() for p in pieces if p.startswith(" word")]
    assert "\x00" not in shown
    if not any(p in ("[a b='c'", "<!-- wp:", "[[", "]", "<hr") for p in pieces):
        assert re.findall(r"word\d+", shown) == words


@settings(deadline=None)
@given(st.integers(0, 4000), st.integers(0, 12), st.binary(max_size=12))
def test_no_damage_to_a_file_stops_the_collector(start: int, length: int, patch: bytes) -> None:
    whole = _file(*(_item(slug=f"post-{i}") for i in range(3))).encode()
    at = start % len(whole)
    items = _items(whole[:at] + patch + whole[at + length :])
    assert items
    assert all(i.text.strip() if isinstance(i, RawDocument) else i.detail for i in items)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_stop_the_collector(data: bytes) -> None:
    assert [i.reason for i in _exclusions(data)] in (["unreadable"], ["empty"])


_FACTS = st.tuples(
    st.sampled_from(["post", "page", "attachment"]),
    st.sampled_from(["publish", "draft", "private", "trash"]),
    st.sampled_from(["jo", "albo", ""]),
    st.sampled_from(["words", "", "[gallery]"]),
)


@settings(deadline=None)
@given(st.lists(_FACTS, min_size=1, max_size=8), st.integers(0, 8))
def test_every_item_before_the_damage_is_a_document_or_has_a_reason(
    facts: list[tuple[str, str, str, str]], cut: int
) -> None:
    parts = [
        _item(content, kind=kind, status=status, by=by, slug=f"post-{i}")
        for i, (kind, status, by, content) in enumerate(facts)
    ]
    whole = _file(*parts, authors=(JO, AL))
    kept = min(cut, len(parts))
    end = whole.index(parts[kept]) + 20 if kept < len(parts) else len(whole)
    items = _items(whole[:end])
    rows = sorted(item.row for item in items)
    assert rows == list(range(1, kept + 1 + (kept < len(parts))))
    for item in items:
        if isinstance(item, Exclusion):
            assert item.reason
        else:
            kind, status, by, _ = facts[item.row - 1]
            own = (kind, status, by) == ("post", "publish", "jo")
            assert (not item.excluded) == own
