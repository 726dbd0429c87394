from datetime import UTC, datetime

import pytest

from twin_assets.collection import collect
from twin_assets.records import RawDocument
from twin_assets_tests.collection.conftest import MakeSource


def _one(make: MakeSource, name: str, content: str, **config: object) -> RawDocument:
    (document,) = collect(make({name: content}, **config), "Jo Smith").documents
    return document


def test_jekyll_posts_take_their_date_from_the_front_matter_or_from_the_name(folder_source: MakeSource) -> None:
    source = folder_source(
        {
            "_posts/2019-10-02-the-clock.md": "---\ntitle: The clock\ndate: 2019-10-02 07:05:00 +0100\n---\n\nBody.\n",
            "_posts/2024-4-8-against-it.markdown": "---\ntitle: Against it\n---\nBody.\n",
        }
    )
    first, second = collect(source, "Jo").documents
    assert (first.title, first.text, first.media_type) == ("The clock", "Body.\n", "text/markdown")
    assert first.published_at == datetime(2019, 10, 2, 6, 5, tzinfo=UTC)
    assert second.published_at == datetime(2024, 4, 8, tzinfo=UTC)


def test_hugo_writes_toml_and_page_bundles(folder_source: MakeSource) -> None:
    content = '+++\ntitle = "Toml"\npublished_at = 2017-05-16T14:03:01-07:00\n+++\n\nBody.\n'
    document = _one(folder_source, "content/2017-05-16-toml/index.md", content)
    assert document.title == "Toml"
    assert document.published_at == datetime(2017, 5, 16, 21, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "content", "title"),
    [
        ("notes/on-tides.md", "Some text\n\n# Of tides #\n\nMore.", "Of tides"),
        ("notes/on-tides.md", "Of tides\n========\n\nMore.", "Of tides"),
        ("notes/on-tides.md", "```sh\n# a comment\n```\nWords.", "on tides"),
        ("2019-10-02-on_tides.md", "Words.", "on tides"),
        ("tide-log/README.md", "Words.", "tide log"),
    ],
)
def test_plain_files_are_called_by_their_heading_or_name(
    folder_source: MakeSource, name: str, content: str, title: str
) -> None:
    assert _one(folder_source, name, content).title == title


@pytest.mark.parametrize(
    ("front", "base_url", "url"),
    [
        ("canonical_url: https://jo.example.org/a", "", "https://jo.example.org/a"),
        ("permalink: /a/b/", "", "/a/b/"),
        ("permalink: /a/b/", "https://jo.example.org", "https://jo.example.org/a/b/"),
        ("permalink: /:year/:title/", "https://jo.example.org", "post.md"),
        ("permalink: http://[broken", "https://jo.example.org", "http://[broken"),
        ("title: A", "https://jo.example.org", "post.md"),
    ],
)
def test_a_posts_address_is_what_the_front_matter_says(
    folder_source: MakeSource, front: str, base_url: str, url: str
) -> None:
    assert _one(folder_source, "post.md", f"---\n{front}\n---\nBody.", base_url=base_url).url == url


def test_where_it_is_published_does_not_change_a_documents_id(folder_source: MakeSource) -> None:
    content = "---\npermalink: /a/\n---\nBody."
    ids = {_one(folder_source, "a.md", content, base_url=base).document_id for base in ("", "https://x.org")}
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("name", "front"),
    [
        ("a.md", "draft: true"),
        ("a.md", "draft: 'yes'"),
        ("a.md", "published: false"),
        ("a.md", "status: Draft"),
        ("_drafts/a.md", "title: A"),
    ],
)
def test_drafts_are_set_aside_unless_they_are_wanted(folder_source: MakeSource, name: str, front: str) -> None:
    content = f"---\n{front}\n---\nBody."
    assert _one(folder_source, name, content).excluded == "draft"
    assert _one(folder_source, name, content, include_drafts=True).excluded == ""


@pytest.mark.parametrize(
    ("front", "by", "excluded"),
    [
        ("author: jo   SMITH", "Jo Smith", ""),
        ("author: Jo S.", "Jo Smith", ""),
        ("author: Al Bo", "Al Bo", "guest"),
        ("authors: [Jo Smith, Al Bo]", "Al Bo", "guest"),
        ("authors:\n  - name: Al Bo\n    url: x", "Al Bo", "guest"),
        ("author: {name: Jo Smith}", "Jo Smith", ""),
    ],
)
def test_bylines_tell_guests_from_the_author(folder_source: MakeSource, front: str, by: str, excluded: str) -> None:
    document = _one(folder_source, "a.md", f"---\n{front}\n---\nBody.", own_names=("Jo S.",))
    assert (document.by, document.excluded) == (by, excluded)


def test_themes_and_licences_are_not_the_authors_writing(folder_source: MakeSource) -> None:
    source = folder_source(
        {
            "a.md": "Words.",
            "LICENSE.md": "Permission is granted.",
            "themes/neat/README.md": "Neat.",
            "node_modules/x/README.md": "No.",
            ".github/x.md": "No.",
        }
    )
    assert {d.file: d.excluded for d in collect(source, "Jo").documents} == {
        "a.md": "",
        "LICENSE.md": "not_a_post",
        "themes/neat/README.md": "guest",
    }


def _listing(*, prefix: str, remark: str = "") -> str:
    return "# Notes\n\n" + "\n".join(f"* [Note {n}]({prefix}note-{n}.md){remark}" for n in range(12))


@pytest.mark.parametrize("name", ["README.md", "SUMMARY.md"])
@pytest.mark.parametrize("prefix", ["", "sub/", "https://git.example.org/jo/notes/blob/main/sub/"])
def test_a_table_of_the_other_files_is_no_piece_of_writing(folder_source: MakeSource, name: str, prefix: str) -> None:
    notes = {f"sub/note-{n}.md": "Words." for n in range(12)}
    collected = collect(folder_source({**notes, name: _listing(prefix=prefix, remark=" - 2020-04-19")}), "Jo")
    assert {d.file: d.excluded for d in collected.documents} == {**dict.fromkeys(notes, ""), name: "not_a_post"}
    assert [(e.file, e.reason) for e in collected.exclusions] == [(name, "not_a_post")]


def test_a_list_of_links_elsewhere_and_a_text_with_links_to_other_files_are_writing(folder_source: MakeSource) -> None:
    notes = {f"note-{n}.md": "Words." for n in range(12)}
    told = _listing(prefix="", remark="\n\n  Why I wrote it down, and what came of it.\n\n  It goes on.\n")
    files = {**notes, "roundup.md": _listing(prefix="https://example.org/other-"), "told.md": told}
    assert {d.excluded for d in collect(folder_source(files), "Jo").documents} == {""}


@pytest.mark.parametrize(
    "content",
    [
        "---\ntitle: [unclosed\n---\nBody.",
        "---\ntitle: A\ndate: 2019-02-30\n---\nBody.",
        "---\n? {a: b}\n: c\n---\nBody.",
        "---\ntitle: A\nBody without an end.",
        '+++\ntitle = "A\n+++\nBody.',
        "+++\ntitle = 1\nBody without an end.",
    ],
)
def test_malformed_front_matter_is_an_exclusion_that_quotes_no_text(folder_source: MakeSource, content: str) -> None:
    collected = collect(folder_source({"bad.md": content, "good.md": "Words."}), "Jo")
    assert [d.file for d in collected.documents] == ["good.md"]
    (exclusion,) = collected.exclusions
    assert (exclusion.reason, exclusion.file) == ("unreadable", "bad.md")
    assert "front matter" in exclusion.detail
    assert "Body" not in exclusion.detail


def test_a_horizontal_rule_at_the_top_is_not_front_matter(folder_source: MakeSource) -> None:
    for content in ("---\n\nJust words, no keys.", "---\nJust words.\n---\nMore words."):
        assert _one(folder_source, "a.md", content).text == content


def test_a_file_without_words_is_empty(folder_source: MakeSource) -> None:
    collected = collect(folder_source({"a.md": "---\ntitle: A\n---\n \n", "b.md": "", "c.md": "Words."}), "Jo")
    assert [(e.file, e.reason) for e in collected.exclusions] == [("a.md", "empty"), ("b.md", "empty")]


def test_a_single_file_is_a_source(folder_source: MakeSource) -> None:
    root = folder_source({"a.md": "Words.", "b.md": "Others."}).path
    source = folder_source({}, path=root / "a.md")
    assert [d.text for d in collect(source, "Jo").documents] == ["Words."]


def test_an_old_encoding_is_decoded(folder_source: MakeSource) -> None:
    document = _one(folder_source, "a.md", "Le café à Genève était très bon.".encode("latin-1"))  # type: ignore[arg-type]
    assert document.text == "Le café à Genève était très bon."
