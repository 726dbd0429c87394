"""No bytes stop a collector, and no row is lost without a reason."""

import csv
import io
import json
import tempfile
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin_assets.collection import Collected, collect
from twin_assets.errors import TwinError
from twin_assets.records import Exclusion, Kind, RawDocument
from twin_assets.settings import SourceConfig

SHARES = "Date,ShareLink,ShareCommentary,SharedUrl,MediaUrl,Visibility\n"
POSTS = "post_id,post_date,is_published,type,audience,title\n"
TEMPLATES: dict[str, tuple[Kind, bytes]] = {
    "Shares.csv": (
        "linkedin",
        (
            SHARES + '2021-03-04 05:06:07,https://www.linkedin.com/u/urn%3Ali%3Ashare%3A4,"A ""b""\nc",,,PUBLIC\n'
        ).encode(),
    ),
    "Comments.csv": (
        "linkedin",
        b'Date,Link,Message\n2021-03-04 05:06:07,https://www.linkedin.com/u/1,"say \\"hi\\" to"\n',
    ),
    "messages.csv": ("linkedin", b"CONVERSATION ID,FROM,DATE,CONTENT\n1,Jo,2020-01-01 10:00:00 UTC,Hi\n"),
    "Articles/a.html": ("linkedin", b"<html><h1><a href='http://x'>T</a></h1><p class='published'>Published on 2</p>W"),
    "posts.csv": ("substack", POSTS.encode() + b'1.a,2024-01-01,true,newsletter,everyone,"T"\n'),
    "posts/1.a.html": ("substack", b"<p>Words <b>here</b></p>"),
    "data/tweets.js": (
        "x",
        b'window.YTD.tweets.part0 = [{"tweet": {"id_str": "1", "full_text": "RT @a: b", "created_at": '
        b'"Wed Oct 10 20:19:24 +0000 2018", "entities": {"urls": [{"url": "http://t.co/1", "expanded_url": "h"}]}}}]',
    ),
    "data/note-tweet.js": (
        "x",
        b'window.YTD.note_tweet.part0 = [{"noteTweet": {"noteTweetId": "1", "createdAt": "2020-01-01T00:00:00.000Z", '
        b'"core": {"text": "long", "urls": [{"shortUrl": "http://t.co/1", "expandedUrl": "h"}]}}}]',
    ),
    "2020-1-2-a.md": (
        "markdown",
        b"---\ntitle: A\ndate: 2020-01-02\nauthors: [Jo, {name: B}]\n---\n# Head\n\nWords.\n",
    ),
    "b.md": ("markdown", b'+++\ntitle = "B"\npublished_at = 2020-01-02T03:04:05Z\ndraft = false\n+++\nWords.\n'),
}
COMPANIONS = {"posts/1.a.html": TEMPLATES["posts.csv"], "posts.csv": TEMPLATES["posts/1.a.html"]}


def _collect(kind: Kind, files: dict[str, bytes]) -> Collected:
    return _collect_bytes(kind, _zip(files))


def _collect_bytes(kind: Kind, content: bytes) -> Collected:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.zip"
        path.write_bytes(content)
        return collect(SourceConfig(name="s", path=path, kind=kind, include_private=True), "Jo")


def _zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _is_collected_or_explained(kind: Kind, content: bytes) -> None:
    """The archive is collected into rows that can be stored, or the error says what to do."""
    try:
        collected = _collect_bytes(kind, content)
    except TwinError as raised:
        error = raised
    else:
        _storable(collected)
        return
    assert error.remedy


def _storable(collected: Collected) -> None:
    """Every row fits its table, and every document with a reason has its exclusion."""
    pa.Table.from_pylist([d.to_row() for d in collected.documents], schema=RawDocument.schema())
    pa.Table.from_pylist([e.to_row() for e in collected.exclusions], schema=Exclusion.schema())
    reasons = {(e.document_id, e.reason) for e in collected.exclusions}
    assert all((d.document_id, d.excluded) in reasons for d in collected.documents if d.excluded)
    assert all(d.text.strip() for d in collected.documents)
    assert all(e.detail for e in collected.exclusions)


@st.composite
def _mutated(draw: st.DrawFn, template: bytes) -> bytes:
    """A valid file with a stretch of it replaced."""
    start = draw(st.integers(0, len(template)))
    end = draw(st.integers(start, min(len(template), start + 20)))
    patch = draw(
        st.one_of(st.binary(max_size=20), st.text('",\n\\[]{}:-+\ud7ff0aé\u0085', max_size=20).map(str.encode))
    )
    return template[:start] + patch + template[end:]


@pytest.mark.parametrize("name", TEMPLATES)
@given(data=st.data())
def test_no_content_of_any_file_stops_a_collector(name: str, data: st.DataObject) -> None:
    kind, template = TEMPLATES[name]
    content = data.draw(st.one_of(_mutated(template), st.binary(max_size=200)))
    files = {name: content}
    if name in COMPANIONS:
        other = "posts.csv" if name != "posts.csv" else "posts/1.a.html"
        files[other] = TEMPLATES[other][1]
    _is_collected_or_explained(kind, _zip(files))


@given(st.binary(max_size=120), st.sampled_from(["cut", "patch", "only"]))
def test_no_damage_to_an_archive_gives_anything_but_a_clear_error(noise: bytes, how: str) -> None:
    whole = _zip({"a.md": b"Words of a letter. " * 50, "b.md": b"Others."})
    at = len(noise) * 7919 % len(whole)
    damaged = {"cut": whole[:at], "patch": whole[:at] + noise + whole[at + len(noise) :], "only": noise}[how]
    _is_collected_or_explained("markdown", damaged)


PROSE = st.text(st.sampled_from("abé ,.\n'“”"), max_size=40)


def _shares_field(text: str) -> str:
    """A commentary as LinkedIn writes it: line breaks as quote, newline, quote, then escaped."""
    return '"' + text.replace("\n", '"\n"').replace('"', '""') + '"'


@given(st.lists(PROSE, min_size=1, max_size=8), st.sets(st.integers(0, 7)))
def test_no_share_is_lost_and_its_text_comes_back(texts: list[str], broken: set[int]) -> None:
    records = []
    for i, text in enumerate(texts):
        head = f"2021-03-04 05:06:{i:02},https://www.linkedin.com/u/urn%3Ali%3Ashare%3A{i + 1},"
        records.append(f'{head}"open, quote' if i in broken else f"{head}{_shares_field(text)},,,PUBLIC")
    anchor = "2021-03-05 00:00:00,https://www.linkedin.com/u/urn%3Ali%3Ashare%3A99,The anchor.,,,PUBLIC"
    table = SHARES + "\n".join([*records, anchor])
    collected = _collect("linkedin", {"Shares.csv": table.encode()})
    by_row = {d.row: d.text for d in collected.documents}
    aside = {e.row: e.reason for e in collected.exclusions}
    for i, text in enumerate(texts):
        row = i + 2
        assert row in by_row or row in aside
        if i not in broken and text.strip():
            assert by_row[row].split() == text.split()
        elif i not in broken:
            assert aside[row] == "empty"
    assert by_row[len(texts) + 2] == "The anchor."


@given(st.lists(st.tuples(st.integers(1, 6), st.sampled_from(["true", "false", ""]), PROSE), min_size=1, max_size=8))
def test_no_row_of_substack_is_lost(rows: list[tuple[int, str, str]]) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for identity, published, title in rows:
        writer.writerow([f"{identity}.slug", "2024-01-01", published, "newsletter", "everyone", title])
    files = {"posts.csv": (POSTS + buffer.getvalue()).encode()}
    files.update({f"posts/{i}.slug.html": b"<p>Words.</p>" for i in (1, 2, 7)})
    collected = _collect("substack", files)
    accounted = {d.row for d in collected.documents} | {e.row for e in collected.exclusions}
    assert set(range(2, len(rows) + 2)) <= accounted
    assert {d.native_id for d in collected.documents if d.excluded == "orphan_body"} >= {"7"}


TWEETS = st.lists(
    st.tuples(
        st.sampled_from(
            ["{}", "@someone {}", "RT @other: {}", "{} https://t.co/x", "Yes! RT @other {}", "https://t.co/x"]
        ),
        st.one_of(st.none(), st.integers(0, 9)),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=10,
)


@given(TWEETS)
def test_no_post_is_lost_and_none_appears_twice(tweets: list[tuple[str, int | None, int]]) -> None:
    objects = []
    for i, (form, parent, minute) in enumerate(tweets):
        tweet = {
            "id_str": str(100 + i),
            "full_text": form.format(f"word{i}end"),
            "created_at": f"Wed Oct 10 20:{minute:02}:00 +0000 2018",
        }
        if parent is not None:
            tweet["in_reply_to_status_id_str"] = str(100 + parent)
        objects.append({"tweet": tweet})
    objects.append({"tweet": {"id_str": "999", "full_text": "The anchor."}})
    script = f"window.YTD.tweets.part0 = {json.dumps(objects)}"
    collected = _collect("x", {"data/tweets.js": script.encode()})
    aside = {e.row for e in collected.exclusions}
    for i, (form, _, _) in enumerate(tweets):
        holding = [d for d in collected.documents if f"word{i}end" in d.text]
        if "{}" in form and not form.startswith("Yes!"):
            assert len(holding) == 1
            assert (holding[0].excluded == "repost") == form.startswith("RT")
        elif "{}" not in form:
            assert not holding
            assert i + 1 in aside


@given(st.dictionaries(st.sampled_from(["a.md", "b/c.md", "d.markdown"]), st.text(max_size=60), min_size=1))
def test_no_markdown_file_is_lost(contents: dict[str, str]) -> None:
    files = {name: text.encode("utf-8", "surrogatepass") for name, text in contents.items()}
    collected = _collect("markdown", {**files, "anchor.md": b"The anchor."})
    accounted = {d.file for d in collected.documents} | {e.file for e in collected.exclusions}
    assert accounted == {*contents, "anchor.md"}
