"""Whatever happens between and during runs, the documents are those of one undisturbed run."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.collection.collector import Gone, Item, Visit
from twin_assets.collection.web.timeline import Listing, Post, read_timeline
from twin_assets.errors import FetchError
from twin_assets.records import Kind, Scope
from twin_assets_tests.collection.live_runs import Kept

START = datetime(2024, 1, 1, tzinfo=UTC)
URL = "@jo@example.org"


@dataclass
class Account:
    """A collector over posts in memory; the n-th request fails, from 1."""

    cap: int
    posts: dict[int, Post] = field(default_factory=dict)
    fails_at: int = 0
    requests: int = 0
    kind: Kind = "mastodon"
    title: str = "an account"

    def recognizes(self, address: str) -> bool:
        return address == URL

    def collect(self, visit: Visit) -> Iterator[Item | Gone]:
        self.requests = 0
        return read_timeline(visit, lambda cursor: self.page(cursor), "text/plain")

    def add(self, key: int, what: str, answered: int) -> None:
        aside = "repost" if what == "boost" else ""
        scope: Scope = "private" if what == "quiet" else "public"
        self.posts[key] = Post(
            str(key),
            id="" if aside else f"id{key}",
            parent=str(answered) if what in ("reply", "quiet") else "",
            text="" if aside or what == "picture" else f"({key})",
            published_at=START + timedelta(seconds=key),
            url=f"https://example.org/{key}",
            scope=scope,
            aside=aside,
            detail="boosts another's",
        )

    def page(self, cursor: str) -> Listing:
        self.requests += 1
        if self.requests == self.fails_at:
            raise FetchError("the server is down", "try again later", reason="status", status=500)
        below = int(cursor) if cursor else 1 << 40
        page = sorted((key for key in self.posts if key < below), reverse=True)[: self.cap]
        return Listing([self.posts[key] for key in page], [], str(page[-1]) if page else "")


WHATS = st.sampled_from(["post", "post", "reply", "reply", "quiet", "boost", "picture"])
RUNS = st.lists(
    st.tuples(
        st.lists(st.tuples(WHATS, st.integers(1, 4)), max_size=8),
        st.one_of(st.none(), st.integers(1, 6)),
        st.integers(0, 4),
        st.integers(1, 6),
    ),
    min_size=1,
    max_size=5,
)


def _expected(account: Account) -> dict[str, str]:
    """Each thread's words, by simply looking for where each post's thread begins."""
    said: dict[str, list[str]] = {}
    for _, post in sorted(account.posts.items()):
        root = post
        while (before := account.posts.get(int(root.parent or 0))) and before.scope == root.scope:
            root = before
        if post.text:
            said.setdefault(root.id, []).append(post.text)
    return {identity: "\n\n".join(texts) for identity, texts in said.items()}


def _history(runs: list[tuple[list[tuple[str, int]], int | None, int, int]], cap: int) -> tuple[Account, Kept]:
    account, kept = Account(cap), Kept()
    key = 0
    for added, cut_off_after, fails_at, max_pages in runs:
        for what, back in added:
            key += 1
            answered = account.posts.get(key - back)
            account.add(key, "post" if what == "reply" and answered and answered.aside else what, key - back)
        account.fails_at = fails_at
        try:
            kept.run(account, URL, cut_off_after, max_pages=max_pages, include_private=True)
        except FetchError:
            assert account.requests == fails_at
    account.fails_at = 0
    return account, kept


@settings(deadline=None)
@given(RUNS, st.integers(1, 4))
def test_however_runs_are_cut_off_nothing_is_lost_and_nothing_is_doubled(
    runs: list[tuple[list[tuple[str, int]], int | None, int, int]], cap: int
) -> None:
    account, kept = _history(runs, cap)
    kept.run(account, URL, include_private=True)
    assert kept.texts == _expected(account)
    assert kept.reasons.count("repost") == sum(post.aside == "repost" for post in account.posts.values())
    kept.run(account, URL, include_private=True)
    assert (kept.items, account.requests) == ([], 1)
    assert "(" not in kept.notes


@settings(deadline=None)
@given(RUNS, st.integers(1, 4), st.data())
def test_an_edit_that_a_page_shows_reaches_its_document(
    runs: list[tuple[list[tuple[str, int]], int | None, int, int]], cap: int, data: st.DataObject
) -> None:
    account, kept = _history(runs, cap)
    kept.run(account, URL, include_private=True)
    newest = sorted(account.posts, reverse=True)[:cap]
    worded = [key for key in newest if account.posts[key].text]
    for key in data.draw(st.sets(st.sampled_from(worded)) if worded else st.just(set[int]())):
        text = data.draw(st.sampled_from(["", "edited", "much longer than it was"]))
        account.posts[key] = replace(account.posts[key], revision="2", text=text)
    kept.run(account, URL, include_private=True)
    assert kept.texts == _expected(account)


def test_no_words_are_lost_when_notes_and_documents_do_not_fit_each_other() -> None:
    account, kept = Account(cap=9), Kept()
    account.add(1, "post", 0)
    account.add(2, "reply", 1)
    kept.run(account, URL)
    kept.stored = {key: replace(document, text="Rewritten.") for key, document in kept.stored.items()}
    account.add(3, "reply", 2)
    kept.run(account, URL)
    assert kept.texts == {"id1": "Rewritten.\n\n(3)"}


def test_a_page_that_was_broken_off_is_read_again_even_after_newer_pages_were_read() -> None:
    account, kept = Account(cap=2), Kept()
    for key in (1, 2):
        account.add(key, "post", 0)
    kept.run(account, URL)
    for key in range(3, 9):
        account.add(key, "post", 0)
    account.fails_at = 2
    with pytest.raises(FetchError):
        kept.run(account, URL)
    account.fails_at = 0
    kept.run(account, URL, cut_off_after=2)
    account.add(9, "post", 0)
    account.fails_at = 2
    with pytest.raises(FetchError):
        kept.run(account, URL)
    account.fails_at = 0
    kept.run(account, URL)
    assert kept.texts == _expected(account)


def test_a_page_that_repeats_what_is_known_does_not_end_a_first_reading() -> None:
    account, kept = Account(cap=2), Kept()
    for key in range(1, 7):
        account.add(key, "post", 0)
    kept.run(account, URL, max_pages=1)
    page = account.page

    def shifted(cursor: str) -> Listing:
        return replace(page(""), following="5.0") if cursor == "5" else page(cursor.partition(".")[0])

    account.page = shifted  # type: ignore[method-assign]
    kept.run(account, URL)
    assert sorted(kept.texts) == [f"id{key}" for key in range(1, 7)]
