from datetime import UTC, datetime

import pytest

from twin_assets.collection.registry import recognize
from twin_assets.collection.sources import collect
from twin_assets.collection.wordpress import WordPress
from twin_assets.records import Exclusion, RawDocument
from twin_assets_tests.collection.conftest import MakeSource
from twin_assets_tests.collection.wordpress_exports import (
    AL,
    JO,
    NAME,
    WORDS,
    documents_of,
    exclusions_of,
    file_of,
    item_of,
    items_of,
)


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
def test_a_post_is_its_content_not_its_excerpt_at_its_permalink(zip_source: MakeSource, version: str) -> None:
    source = zip_source({f"export/{NAME}": file_of(item_of(), version=version)})
    assert recognize(source.path) == "wordpress"  # type: ignore[arg-type]
    (document,) = collect(source, "Jo Doe").documents
    assert document.native_id == document.url == "https://jo.example.com/2012/05/on-pencils/"
    assert (document.title, document.text, document.media_type) == ("On pencils", f"<p>{WORDS}</p>", "text/html")
    assert document.published_at == datetime(2012, 5, 27, 17, 15, 14, tzinfo=UTC)
    assert (document.by, document.excluded, document.scope, document.row) == ("Jo Doe", "", "public", 1)


def test_a_single_file_is_recognized_and_several_are_one_source(folder_source: MakeSource) -> None:
    source = folder_source({NAME: file_of(item_of()), "more.xml": file_of(item_of(slug="on-leads"))})
    assert recognize(source.path) == "wordpress"  # type: ignore[arg-type]
    assert recognize(source.path / "more.xml") == "wordpress"  # type: ignore[operator]
    assert sorted(d.url.split("/")[-2] for d in collect(source, "Jo Doe").documents) == ["on-leads", "on-pencils"]


def test_a_site_with_a_feed_beside_its_pages_is_no_export() -> None:
    assert not WordPress().recognizes(["index.md", "feed.xml"])
    assert not WordPress().recognizes(["wordpress.md"])
    assert not WordPress().recognizes([])


def test_what_is_no_post_is_only_counted_and_a_page_is_set_aside() -> None:
    kinds = ["attachment", "revision", "nav_menu_item", "wp_block", "wp_global_styles", "recipe", ""]
    items = items_of(file_of(*(item_of(kind=kind) for kind in kinds), item_of(kind="page", slug="about"), item_of()))
    aside = [(i.row, i.reason) for i in items if isinstance(i, Exclusion)]
    assert aside == [(row, "not_a_post") for row in range(1, 7)] + [(7, "unreadable")]
    assert [(d.row, d.excluded) for d in items if isinstance(d, RawDocument)] == [(8, "not_a_post"), (9, "")]


def test_only_what_is_published_is_taken() -> None:
    statuses = ["publish", "draft", "pending", "future", "auto-draft", "trash", "private", ""]
    file = file_of(*(item_of(slug=f"post-{status}", status=status) for status in statuses))
    items = items_of(file)
    assert {i.row: i.excluded for i in items if isinstance(i, RawDocument)} == {
        1: "",
        2: "draft",
        3: "draft",
        4: "draft",
        5: "draft",
        8: "draft",
    }
    assert [(i.row, i.reason) for i in items if isinstance(i, Exclusion)] == [(6, "deleted"), (7, "private")]
    wanted = documents_of(file, include_drafts=True, include_private=True)
    assert {d.row: (d.excluded, d.scope) for d in wanted}[7] == ("", "private")
    assert {d.row for d in wanted if not d.excluded} == {1, 2, 3, 4, 5, 7, 8}


def test_a_post_with_a_password_is_private() -> None:
    file = file_of(item_of(password="sesame"))
    assert [(e.reason, "sesame" in e.detail) for e in exclusions_of(file)] == [("private", False)]
    assert [d.scope for d in documents_of(file, include_private=True)] == ["private"]


@pytest.mark.parametrize(
    ("own_names", "author"), [([], "Jo Doe"), (["jo"], "J."), (["JO@example.com"], "J."), (["jo  doe"], "J.")]
)
def test_of_several_authors_the_author_is_known_by_any_of_their_names(own_names: list[str], author: str) -> None:
    file = file_of(item_of(), item_of(by="albo", slug="on-leads"), item_of(by="", slug="on-glue"), authors=(JO, AL))
    documents = documents_of(file, own_names=own_names, author=author)
    assert [(d.by, d.excluded) for d in documents] == [
        (author, ""),
        ("Al Bo", "guest"),
        ("an unnamed author", "guest"),
    ]


def test_one_author_alone_is_the_author_whatever_the_name_and_that_is_said() -> None:
    reports: list[str] = []
    (document,) = documents_of(file_of(item_of()), author="Somebody Else", reports=reports)
    assert (document.by, document.excluded) == ("Somebody Else", "")
    assert any("'Jo Doe'" in line and "'Somebody Else'" in line for line in reports)
    reports.clear()
    documents_of(file_of(item_of()), reports=reports)
    assert not any("taken to be" in line for line in reports)


def test_authors_in_different_files_of_an_export_are_several() -> None:
    files = file_of(item_of()), file_of(item_of(by="albo", slug="on-leads"), authors=(AL,))
    assert [(d.by, d.excluded) for d in documents_of(*files, author="Al Bo")] == [("Jo Doe", "guest"), ("Al Bo", "")]


def test_an_author_who_is_not_listed_counts_all_the_same() -> None:
    file = file_of(item_of(), item_of(by="ghost", slug="on-leads"))
    assert [(d.by, d.excluded) for d in documents_of(file)] == [("Jo Doe", ""), ("ghost", "guest")]


def test_a_post_of_several_authors_is_coauthored_unless_that_is_wanted() -> None:
    together = "".join(
        f'<category domain="author" nicename="cap-{n}"><![CDATA[{n}]]></category>' for n in ("jo", "albo")
    )
    file = file_of(item_of(more=together), authors=(JO, AL))
    assert [(d.by, d.excluded) for d in documents_of(file)] == [("Jo Doe, Al Bo", "coauthored")]
    assert [d.excluded for d in documents_of(file, include_coauthored=True)] == [""]


@pytest.mark.parametrize("config", [{"status": "draft"}, {"status": "private"}, {"password": "x"}])
def test_what_others_have_not_published_is_not_stored(config: dict[str, str]) -> None:
    items = items_of(
        file_of(item_of(by="albo", **config), authors=(JO, AL)),
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
    assert [d.native_id for d in documents_of(file_of(item_of(link=link, guid=guid)))] == [native_id]


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
    assert [d.published_at for d in documents_of(file_of(item_of(**dates)))] == [expected]


def test_titles_are_text() -> None:
    assert [d.title for d in documents_of(file_of(item_of(title="Fish &#038; <em>chips</em>")))] == ["Fish & chips"]


@pytest.mark.parametrize("content", ["", "[gallery ids='1,2']", "<!-- wp:latest-posts /-->", '<img src="x.png">'])
def test_a_post_without_words_is_an_exclusion(content: str) -> None:
    assert [(e.reason, e.row) for e in exclusions_of(file_of(item_of(content)))] == [("empty", 1)]


def test_comments_of_others_go_nowhere() -> None:
    assert "A remark" not in repr(items_of(file_of(item_of())))
