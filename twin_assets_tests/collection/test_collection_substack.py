from datetime import UTC, datetime

import pytest

from twin_assets.collection import collect
from twin_assets.errors import SourceError
from twin_assets_tests.collection.conftest import MakeSource

HEADER = "post_id,post_date,is_published,email_sent_at,inbox_sent_at,type,audience,title,subtitle,podcast_url\n"


def _row(post_id: str, day: str = "2024-05-06T07:08:09.000Z", published: str = "true", kind: str = "newsletter") -> str:
    return f'{post_id},{day},{published},,,{kind},everyone,"A title, with comma",Sub,\n'


def test_rows_find_their_bodies_by_id_with_or_without_a_slug(zip_source: MakeSource) -> None:
    rows = _row("123.on-pencils") + _row("124") + _row("125.renamed", day="2024-05-06")
    source = zip_source(
        {
            "posts.csv": HEADER + rows,
            "posts/123.on-pencils.html": "<p>Pencils.</p>",
            "posts/124.on-soup.html": "<p>Soup.</p>",
            "posts/125.html": "<p>Bells.</p>",
        },
        base_url="https://jo.example.com/",
    )
    documents = collect(source, "Jo").documents
    assert [(d.native_id, d.text, d.row) for d in documents] == [
        ("123", "<p>Pencils.</p>", 2),
        ("124", "<p>Soup.</p>", 3),
        ("125", "<p>Bells.</p>", 4),
    ]
    assert [d.url for d in documents] == [f"https://jo.example.com/p/{s}" for s in ("on-pencils", "on-soup", "renamed")]
    assert documents[0].title == "A title, with comma"
    assert documents[0].published_at == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert documents[2].published_at == datetime(2024, 5, 6, tzinfo=UTC)
    assert {d.media_type for d in documents} == {"text/html"}


def test_without_the_publications_address_the_file_stands_for_it(zip_source: MakeSource) -> None:
    source = zip_source({"posts.csv": HEADER + _row("1.a"), "posts/1.a.html": "<p>A.</p>"})
    assert collect(source, "Jo").documents[0].url == "posts/1.a.html"


def test_drafts_threads_pages_and_halves_are_set_aside_with_their_reason(zip_source: MakeSource) -> None:
    rows = (
        _row("1.a")
        + _row("2.b", published="false")
        + _row("3.c", kind="thread")
        + _row("4.d", kind="page")
        + _row("5.e")
        + _row("6.f", day="", published="false")
        + _row("7.g")
        + _row("not an id")
        + "8.h,2024\n"
    )
    bodies = {f"posts/{i}.{c}.html": f"<p>{c}</p>" for i, c in ((1, "a"), (2, "b"), (3, "c"), (4, "d"), (9, "orphan"))}
    source = zip_source({"posts.csv": HEADER + rows, **bodies, "posts/7.g.html": "<p><img src='x.png'></p>"})
    collected = collect(source, "Jo")
    assert {d.native_id: d.excluded for d in collected.documents} == {
        "1": "",
        "2": "draft",
        "3": "not_a_post",
        "4": "not_a_post",
        "9": "orphan_body",
    }
    assert sorted((e.reason, e.row) for e in collected.exclusions) == [
        ("draft", 3),
        ("draft", 7),
        ("empty", 8),
        ("missing_body", 6),
        ("not_a_post", 4),
        ("not_a_post", 5),
        ("orphan_body", 0),
        ("unreadable", 9),
        ("unreadable", 10),
    ]


def test_drafts_are_collected_where_they_are_wanted(zip_source: MakeSource) -> None:
    files = {"posts.csv": HEADER + _row("2.b", published="False"), "posts/2.b.html": "<p>B.</p>"}
    assert collect(zip_source(files, include_drafts=True), "Jo").documents[0].excluded == ""


def test_posts_for_paying_readers_are_private_in_scope(zip_source: MakeSource) -> None:
    row = _row("1.a").replace("everyone", "only_paid")
    (document,) = collect(zip_source({"posts.csv": HEADER + row, "posts/1.a.html": "<p>A.</p>"}), "Jo").documents
    assert (document.scope, document.excluded) == ("private", "")


def test_data_about_readers_is_never_opened(zip_source: MakeSource, monkeypatch: pytest.MonkeyPatch) -> None:
    from twin_assets.collection import archive

    opened: list[str] = []
    read = archive._Zip.read

    def spy(self: archive._Zip, name: str, limit: int = archive.PROSE_BYTES) -> bytes:
        opened.append(name)
        return read(self, name, limit)

    monkeypatch.setattr(archive._Zip, "read", spy)
    source = zip_source(
        {
            "wrapped/posts.csv": HEADER + _row("1.a"),
            "wrapped/posts/1.a.html": "<p>A.</p>",
            "wrapped/posts/1.opens.csv": "email\nreader@example.com\n",
            "wrapped/posts/1.delivers.csv": "email\nreader@example.com\n",
            "wrapped/email_list.jo.csv": "email\nreader@example.com\n",
        }
    )
    collect(source, "Jo")
    assert opened == ["wrapped/posts.csv", "wrapped/posts/1.a.html"]


def test_a_post_named_twice_counts_once(zip_source: MakeSource) -> None:
    files = {"posts.csv": HEADER + _row("1.a") + _row("1.a"), "posts/1.a.html": "<p>A.</p>"}
    collected = collect(zip_source(files), "Jo")
    assert [d.row for d in collected.documents] == [3]
    assert [(e.reason, e.row) for e in collected.exclusions] == [("duplicate_id", 2)]


def test_an_export_without_posts_says_what_was_looked_for(zip_source: MakeSource) -> None:
    with pytest.raises(SourceError, match=r"nothing to collect(.|\n)*posts\.csv"):
        collect(zip_source({"posts.csv": HEADER}), "Jo")
