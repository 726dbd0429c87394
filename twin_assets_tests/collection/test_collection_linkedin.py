from collections import Counter
from datetime import UTC, datetime

import pytest

from twin_assets.collection import Collected, collect
from twin_assets.errors import SourceError
from twin_assets_tests.collection.conftest import MakeSource

SHARES = "Date,ShareLink,ShareCommentary,SharedUrl,MediaUrl,Visibility\n"
LINK = "https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A"
COMMENTS = "Date,Link,Message\n"
ON = "https://www.linkedin.com/feed/update/urn%3Ali%3Aactivity%3A"
MESSAGES = "CONVERSATION ID,CONVERSATION TITLE,FROM,SENDER PROFILE URL,TO,DATE,CONTENT\n"


def _texts(collected: Collected) -> list[str]:
    return [d.text for d in collected.documents]


def _reasons(collected: Collected) -> list[tuple[str, int]]:
    return [(e.reason, e.row) for e in collected.exclusions]


def test_a_share_is_known_by_its_urn_and_keeps_its_date_and_link(zip_source: MakeSource) -> None:
    source = zip_source({"Shares.csv": SHARES + f"2021-03-04 05:06:07,{LINK}42,Words.,,,MEMBER_NETWORK\n"})
    (document,) = collect(source, "Jo").documents
    assert (document.native_id, document.by, document.excluded) == ("urn:li:share:42", "Jo", "")
    assert document.url == "https://www.linkedin.com/feed/update/urn:li:share:42"
    assert document.published_at == datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert (document.file, document.row, document.scope) == ("Shares.csv", 2, "public")


def test_the_complete_export_has_a_root_folder_member_ids_and_a_byte_order_mark(zip_source: MakeSource) -> None:
    table = "\ufeff" + SHARES + f"2021-03-04 05:06:07,{LINK}42,Words.,,,PUBLIC\n"
    connections = 'Notes:\n"When exporting, some addresses are missing."\n\nFirst Name,Last Name\nAl,Bo\n'
    source = zip_source(
        {
            "Complete_Export/Shares_17529409.csv": table,
            "Complete_Export/Connections.csv": connections,
            "__MACOSX/Complete_Export/._Shares_17529409.csv": b"\x00",
        }
    )
    assert _texts(collect(source, "Jo")) == ["Words."]


def test_spaced_headers_are_the_same_headers(zip_source: MakeSource) -> None:
    header = "Date, Share Link ,Share Commentary,Shared Url,Media Url,Visibility\n"
    source = zip_source({"Shares.csv": header + f"2021-03-04 05:06:07,{LINK}42,Words.,,,PUBLIC\n"})
    assert _texts(collect(source, "Jo")) == ["Words."]


@pytest.mark.parametrize(
    "field",
    [
        '"First, line.""\n""""\n""Second ""so called"" line."',  # the whole field escaped once more
        '"First, line."\n""\n""Second ""so called"" line."',  # each line quoted on its own
        '"First, line.\n\nSecond ""so called"" line."',  # as RFC 4180 has it
    ],
)
def test_line_breaks_in_shares_are_read_however_they_are_quoted(zip_source: MakeSource, field: str) -> None:
    rows = f"2021-03-04 05:06:07,{LINK}1,{field},,,PUBLIC\n2021-03-05 05:06:07,{LINK}2,After.,,,PUBLIC\n"
    collected = collect(zip_source({"Shares.csv": SHARES + rows}), "Jo")
    assert _texts(collected) == ['First, line.\n\nSecond "so called" line.', "After."]
    assert collected.exclusions == []


def test_quotations_at_the_ends_of_lines_keep_their_marks(zip_source: MakeSource) -> None:
    rows = f'2021-03-04 05:06:07,{LINK}1,"She said ""yes""\n""no"" was his.",,,PUBLIC\n'
    assert _texts(collect(zip_source({"Shares.csv": SHARES + rows}), "Jo")) == ['She said "yes"\n"no" was his.']


def test_a_row_with_a_stray_quote_does_not_swallow_the_rows_after_it(zip_source: MakeSource) -> None:
    rows = (
        f'2021-03-04 05:06:07,{LINK}1,"An open quote, never closed,,,PUBLIC\n'
        f"2021-03-05 05:06:07,{LINK}2,After.,,,PUBLIC\n"
    )
    collected = collect(zip_source({"Shares.csv": SHARES + rows}), "Jo")
    assert "After." in _texts(collected)
    assert len(collected.documents) + len(collected.exclusions) == 2


def test_a_row_of_too_few_fields_is_unreadable_with_its_row(zip_source: MakeSource) -> None:
    rows = f"2021-03-04 05:06:07,{LINK}1,Words.,,,PUBLIC\nbad-row-without-fields\n"
    collected = collect(zip_source({"Shares.csv": SHARES + rows}), "Jo")
    assert _texts(collected) == ["Words."]
    assert _reasons(collected) == [("unreadable", 3)]


def test_a_bare_reshare_and_a_row_of_only_a_link_are_empty(zip_source: MakeSource) -> None:
    rows = (
        f"2021-03-04 05:06:07,{LINK}1,,https://example.org,,PUBLIC\n"
        f"2021-03-04 05:06:08,{LINK}2,https://example.org/a,,,PUBLIC\n"
        "2026-05-02 09:00:00,,,,,MEMBER_NETWORK\n"
        f"2021-03-04 05:06:09,{LINK}3,Words.,,,PUBLIC\n"
    )
    collected = collect(zip_source({"Shares.csv": SHARES + rows}), "Jo")
    assert _reasons(collected) == [("empty", 2), ("empty", 3), ("empty", 4)]


def test_a_blank_date_costs_the_date_and_not_the_text(zip_source: MakeSource) -> None:
    rows = f"2021-03-04 05:06:07,{LINK}1,One.,,,PUBLIC\n,{LINK}2,Two.,,,PUBLIC\n"
    collected = collect(zip_source({"Shares.csv": SHARES + rows}), "Jo")
    assert _texts(collected) == ["One.", "Two."]
    assert collected.documents[1].published_at is None


def test_posts_for_connections_only_are_private_in_scope(zip_source: MakeSource) -> None:
    rows = f"2021-03-04 05:06:07,{LINK}1,One.,,,CONNECTIONS_ONLY\n"
    (document,) = collect(zip_source({"Shares.csv": SHARES + rows}), "Jo").documents
    assert (document.scope, document.excluded) == ("private", "")


def test_comments_write_backslash_quotes_and_hold_line_breaks(zip_source: MakeSource) -> None:
    rows = (
        f'2023-05-30 07:19:00,{ON}1,"\\"Single source\\" worries me, mind.\n\nIt \\"is\\" so."\n'
        f"2023-05-31 07:19:00,{ON}1,Plain.\n"
        f"2023-06-01 07:19:00,{ON}1,\n"
    )
    collected = collect(zip_source({"Comments.csv": COMMENTS + rows}), "Jo")
    assert _texts(collected) == ['"Single source" worries me, mind.\n\nIt "is" so.', "Plain."]
    assert _reasons(collected) == [("empty", 4)]


def test_a_comment_by_someone_else_is_a_guests(zip_source: MakeSource) -> None:
    rows = f"2023-05-30 07:19:00,{ON}1,Mine.,JO  SMITH\n2023-05-30 07:20:00,{ON}1,Not mine.,Al Bo\n"
    collected = collect(zip_source({"Comments.csv": "Date,Link,Message,Author\n" + rows}), "Jo Smith")
    assert [(d.by, d.excluded) for d in collected.documents] == [("JO SMITH", ""), ("Al Bo", "guest")]


ARTICLE = """<html><head><title>T</title><style>p {{}}</style></head><body><img src="x.jpg"/>
<h1><a href="https://www.linkedin.com/pulse/slug-jo">The &amp; title</a></h1>
<p class="created">Created on 2018-03-06 12:11</p>
{published}
<div><p>The <strong>body</strong>.</p></div></body></html>"""
PUBLISHED = '<p class="published">Published on 2018-03-07 08:00</p>'


def test_an_article_is_its_body_with_title_link_and_date(zip_source: MakeSource) -> None:
    source = zip_source({"Articles/Articles/slug.html": ARTICLE.format(published=PUBLISHED)})
    (document,) = collect(source, "Jo").documents
    assert (document.title, document.url) == ("The & title", "https://www.linkedin.com/pulse/slug-jo")
    assert document.published_at == datetime(2018, 3, 7, 8, 0, tzinfo=UTC)
    assert "<strong>body</strong>" in document.text
    assert all(chrome not in document.text for chrome in ("Created on", "Published on", "title", "p {"))


def test_an_article_that_was_not_published_is_a_draft_unless_drafts_are_wanted(zip_source: MakeSource) -> None:
    files = {"Articles/Articles/slug.html": ARTICLE.format(published="")}
    assert collect(zip_source(files), "Jo").documents[0].excluded == "draft"
    assert collect(zip_source(files, include_drafts=True), "Jo").documents[0].excluded == ""


MAIL = (
    'c1,,Jo,u,Al Bo,2020-01-01 10:00:00 UTC,"Hello,\nfriend"\n'
    "c1,,Al Bo,u,Jo,2020-01-01 10:01:00 UTC,A secret\n"
    "c1,,Jo,u,Al Bo,2020-01-01 10:02:00 UTC,\n"
)


def test_without_consent_no_message_is_kept_and_each_is_counted(zip_source: MakeSource) -> None:
    share = SHARES + f"2021-03-04 05:06:07,{LINK}1,Words.,,,PUBLIC\n"
    collected = collect(zip_source({"Shares.csv": share, "messages.csv": MESSAGES + MAIL}), "Jo")
    assert _texts(collected) == ["Words."]
    assert _reasons(collected) == [("private", 2), ("private", 3), ("private", 4)]
    assert not any("secret" in e.detail or "Al Bo" in e.detail for e in collected.exclusions)


def test_with_consent_own_messages_are_private_and_others_are_guests(zip_source: MakeSource) -> None:
    collected = collect(zip_source({"messages.csv": MESSAGES + MAIL}, include_private=True), "Jo")
    assert [(d.text, d.by, d.scope, d.excluded) for d in collected.documents] == [
        ("Hello,\nfriend", "Jo", "private", ""),
        ("A secret", "Al Bo", "private", "guest"),
    ]
    assert Counter(e.reason for e in collected.exclusions) == {"guest": 1, "empty": 1}


def test_the_quick_export_asks_for_the_complete_one(zip_source: MakeSource) -> None:
    source = zip_source({"Profile.csv": "First Name\nJo\n", "Connections.csv": "First Name\nAl\n"})
    with pytest.raises(SourceError, match=r"holds nothing to collect\n  -> .*request the complete archive"):
        collect(source, "Jo")


def test_a_table_without_its_columns_is_named(zip_source: MakeSource) -> None:
    source = zip_source(
        {"Shares.csv": "Foo,Bar\n1,2\n", "Comments.csv": COMMENTS + f"2023-05-31 07:19:00,{ON}1,Yes.\n"}
    )
    collected = collect(source, "Jo")
    assert [(e.reason, e.file) for e in collected.exclusions] == [("unreadable", "Shares.csv")]
    assert "sharecommentary" in collected.exclusions[0].detail
