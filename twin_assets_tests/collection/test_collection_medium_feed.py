from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.collection.collector import Gone, Item, Origin, Visit
from twin_assets.collection.web.fetch import Fetcher
from twin_assets.collection.web.medium import MediumFeed
from twin_assets.collection.web.page import Page
from twin_assets.digests import document_id
from twin_assets.errors import FetchError, SourceError, TwinError
from twin_assets.records import Exclusion, RawDocument
from twin_assets.settings import CollectionSettings, SourceConfig
from twin_assets_tests.loopback import Loopback, Request, Response, loopback

FEED = "/feed/@jo"
LIMITS = CollectionSettings(allow_hosts=("127.0.0.1",), delay_s=0, attempts=1)
TEXT = "<p>A pencil has some forty thousand words in it.</p>"
STUB = (
    '<div class="medium-feed-item"><p class="medium-feed-snippet">A pencil has some forty…</p>'
    '<p class="medium-feed-link"><a href="https://medium.com/x">Continue reading on {} »</a></p></div>'
)


def _item(
    number: int = 1,
    content: str = TEXT,
    *,
    title: str = "On pencils",
    by: str = "Jo on Paper",
    element: str = "content:encoded",
    day: str = "Fri, 25 Mar 2016 05:53:26 GMT",
    link: str | None = None,
    guid: str | None = None,
) -> str:
    identity = f"{number:012x}"
    link = f"https://medium.com/some-pub/on-pencils-{identity}?source=rss-1f------2" if link is None else link
    guid = f"https://medium.com/p/{identity}" if guid is None else guid
    creator = f"<dc:creator><![CDATA[{by}]]></dc:creator>" if by else ""
    return (
        f"<item><title><![CDATA[{title}]]></title><link>{escape(link)}</link>"
        f'<guid isPermaLink="false">{guid}</guid><category><![CDATA[paper]]></category>{creator}'
        f"<pubDate>{day}</pubDate><atom:updated>2016-05-12T10:14:07.124Z</atom:updated>"
        f"<{element}><![CDATA[{content}]]></{element}></item>"
    )


def _feed(*items: str, title: str = "Stories by Jo on Paper on Medium") -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:atom="http://www.w3.org/2005/Atom">'
        f"<channel><title><![CDATA[{title}]]></title><link>https://medium.com/@jo?source=rss-1f------2</link>"
        f"{''.join(items)}</channel></rss>"
    )


@dataclass
class Account:
    """A source that is visited again and again, and what is stored of it."""

    site: Loopback
    url: str = "https://medium.com/@jo"
    author: str = "Jo Doe"
    own_names: tuple[str, ...] = ()
    known: dict[str, RawDocument] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    validators: dict[str, dict[str, str]] = field(default_factory=dict)
    reports: list[str] = field(default_factory=list)

    def visit(self) -> list[Item | Gone]:
        """What one run yields; its documents are stored."""
        source = SourceConfig(name="blog", url=self.url, own_names=self.own_names, kind="medium")
        fetcher = Fetcher(LIMITS, self.validators)
        run = Visit(Origin(source, "medium", self.author), fetcher, dict(self.known), self.notes, self.reports.append)
        items = list(MediumFeed(self.site.url).collect(run))
        self.known |= {item.document_id: item for item in items if isinstance(item, RawDocument)}
        return items

    def documents(self) -> list[RawDocument]:
        """The documents that one run yields."""
        return [item for item in self.visit() if isinstance(item, RawDocument)]

    def serve(self, *items: str, **more: str) -> None:
        """Let the feed hold these items from now on."""
        self.site.routes[FEED] = Response(_feed(*items, **more), headers={"Content-Type": "text/xml; charset=UTF-8"})


@pytest.fixture
def account() -> Iterator[Account]:
    """An account whose feed lies on a real server."""
    with loopback() as site:
        yield Account(site)


def test_an_item_is_a_document_with_the_number_of_its_story(account: Account) -> None:
    account.serve(_item(0xECE7C6688E68))
    (document,) = account.documents()
    assert document.document_id == document_id("medium", "ece7c6688e68")
    assert document.url == "https://medium.com/some-pub/on-pencils-ece7c6688e68"
    assert (document.title, document.text, document.media_type) == ("On pencils", TEXT, "text/html")
    assert (document.by, document.excluded, document.scope) == ("Jo Doe", "", "public")
    assert document.published_at == datetime(2016, 3, 25, 5, 53, 26, tzinfo=UTC)
    assert {r.path for r in account.site.requests} <= {FEED, "/robots.txt"}


def test_an_unchanged_feed_costs_one_conditional_request_and_is_not_read(account: Account) -> None:
    def answer(request: Request) -> Response:
        if request.headers.get("if-none-match") == '"v1"':
            return Response(b"", 304, {"ETag": '"v1"'})
        return Response(_feed(_item()), headers={"ETag": '"v1"', "Content-Type": "text/xml"})

    account.site.routes[FEED] = answer
    assert len(account.visit()) == 1
    assert account.visit() == []
    assert account.site.count(FEED) == 2
    first, second = (r for r in account.site.requests if r.path == FEED)
    assert "if-none-match" not in first.headers
    assert second.headers["if-none-match"] == '"v1"'


def test_an_unchanged_feed_is_read_again_when_other_names_are_the_authors(account: Account) -> None:
    def answer(request: Request) -> Response:
        unchanged = request.headers.get("if-none-match") == '"v1"'
        return Response(b"" if unchanged else _feed(_item(by="J. D.")), 304 if unchanged else 200, {"ETag": '"v1"'})

    account.site.routes[FEED] = answer
    assert [d.excluded for d in account.documents()] == ["guest"]
    account.own_names = ("J. D.",)
    assert [d.excluded for d in account.documents()] == [""]
    assert account.documents() == []
    assert [r.headers.get("if-none-match") for r in account.site.requests if r.path == FEED] == [None, None, '"v1"']


def test_only_what_is_new_or_changed_comes_again_and_nothing_is_gone(account: Account) -> None:
    account.serve(_item(0x11111111), _item(0x22222222))
    assert len(account.visit()) == 2
    account.serve(_item(0x33333333), _item(0x22222222, "<p>A pencil has more words in it.</p>"), _item(0x11111111))
    assert [d.native_id for d in account.documents()] == ["000033333333", "000022222222"]
    account.serve(_item(0x33333333))
    assert account.visit() == []


def test_an_item_signed_by_someone_else_is_a_guests(account: Account) -> None:
    account.serve(_item(0x11111111), _item(0x22222222, by="Al Bo"), _item(0x33333333, by="jo  doe"))
    assert [(d.by, d.excluded) for d in account.documents()] == [("Jo Doe", ""), ("Al Bo", "guest"), ("Jo Doe", "")]


def test_in_a_publication_only_what_the_author_signed_is_own(account: Account) -> None:
    account.url = "https://medium.com/some-pub"
    account.site.routes["/feed/some-pub"] = Response(
        _feed(
            _item(0x11111111, by="Jo Doe"),
            _item(0x22222222, by="Stories"),
            _item(0x33333333, by=""),
            title="Stories by Stories on Medium",
        )
    )
    documents = account.documents()
    assert [(d.by, d.excluded) for d in documents] == [
        ("Jo Doe", ""),
        ("Stories", "guest"),
        ("an unnamed author", "guest"),
    ]


@pytest.mark.parametrize("where", ["Medium", "The Startup"])
@pytest.mark.parametrize("element", ["description", "content:encoded"])
def test_the_beginning_of_a_story_for_members_is_set_aside(account: Account, where: str, element: str) -> None:
    account.serve(_item(content=STUB.format(where), element=element))
    assert [d.excluded for d in account.documents()] == ["paywalled"]


def test_a_feed_without_whole_texts_shows_beginnings(account: Account) -> None:
    account.serve(_item(element="description"))
    assert [d.excluded for d in account.documents()] == ["paywalled"]


def test_a_story_that_mentions_how_to_read_on_is_whole(account: Account) -> None:
    text = f"<p>They wrote “Continue reading on Medium »” below it.</p>{TEXT}"
    account.serve(_item(content=text))
    assert [d.excluded for d in account.documents()] == [""]


def test_what_is_stored_whole_is_not_replaced_by_its_beginning(account: Account) -> None:
    account.serve(_item())
    account.visit()
    account.serve(_item(content=STUB.format("Medium"), element="description"))
    assert account.visit() == []
    assert [d.text for d in account.known.values()] == [TEXT]


def test_a_response_keeps_no_made_up_title(account: Account) -> None:
    account.serve(_item(title="A pencil has some forty…"))
    assert [d.title for d in account.documents()] == [""]


@pytest.mark.parametrize("day", ["", "yesterday", "Fri, 99 Mar 2016 05:53:26 GMT"])
def test_a_wrong_date_costs_the_date_only(account: Account, day: str) -> None:
    item = _item(day=day).replace("<atom:updated>2016-05-12T10:14:07.124Z</atom:updated>", "")
    account.serve(item)
    assert [(d.published_at, d.text) for d in account.documents()] == [(None, TEXT)]


def test_items_without_words_or_without_a_number_are_exclusions(account: Account) -> None:
    account.serve(
        _item(0x11111111, '<img src="https://medium.com/_/stat?event=post.clientViewed" width="1" height="1">'),
        _item(link="https://jo.example.com/about", guid="about"),
        _item(0x33333333),
    )
    items = account.visit()
    assert [i.reason for i in items if isinstance(i, Exclusion)] == ["empty", "unreadable"]
    assert [i.native_id for i in items if isinstance(i, RawDocument)] == ["000033333333"]


def test_a_full_feed_says_that_older_stories_are_in_the_export(account: Account) -> None:
    account.serve(*(_item(0x11111111 + i) for i in range(9)))
    account.visit()
    assert not any("export" in line for line in account.reports)
    account.serve(*(_item(0x11111111 + i) for i in range(10)))
    account.visit()
    assert any("10 newest stories" in line and "export" in line for line in account.reports)


def test_a_bot_check_in_place_of_the_feed_is_an_error_that_names_the_export(account: Account) -> None:
    account.site.routes[FEED] = Response("<html><body>Just a moment</body></html>", headers={"ETag": '"v1"'})
    with pytest.raises(FetchError, match="export your data") as raised:
        account.visit()
    assert raised.value.reason == "type"
    assert account.validators == {}


def test_a_bot_check_is_not_fought_and_names_the_export(account: Account) -> None:
    account.site.routes[FEED] = Response("<title>Just a moment...</title>", 403)
    with pytest.raises(FetchError, match="export archive") as raised:
        account.visit()
    assert (raised.value.status, account.site.count(FEED)) == (403, 1)


def test_an_account_that_is_not_there_is_an_error(account: Account) -> None:
    with pytest.raises(FetchError) as raised:
        account.visit()
    assert raised.value.status == 404


def test_an_address_that_is_no_account_is_an_error_that_says_what_is(account: Account) -> None:
    account.url = "https://example.org/blog"
    with pytest.raises(SourceError, match=r"give https://medium\.com/@<user>"):
        account.visit()
    assert account.site.requests == []


@pytest.mark.parametrize(
    "address",
    [
        "https://medium.com/@jo",
        "http://www.medium.com/@jo/",
        "medium.com/@jo.d-e_1",
        "https://jo.medium.com/",
        "https://medium.com/feed/@jo",
        "https://jo.medium.com/feed",
    ],
)
def test_accounts_are_recognized(address: str) -> None:
    assert MediumFeed().recognizes(address)


@pytest.mark.parametrize(
    "address",
    [
        "@jo",
        "@jo@mastodon.example",
        "https://medium.com/some-pub",
        "https://medium.com/",
        "https://medium.com/me",
        "https://medium.com/@jo/on-pencils-ece7c6688e68",
        "https://help.medium.com/",
        "https://blog.example.org/feed",
        "ftp://medium.com/@jo",
        "https://notmedium.com/@jo",
        "http://[",
        "",
    ],
)
def test_other_addresses_are_not(address: str) -> None:
    assert not MediumFeed().recognizes(address)


@pytest.mark.parametrize("url", ["@jo", "https://jo.medium.com", "https://medium.com/feed/@jo"])
def test_every_form_of_an_accounts_address_leads_to_its_feed(account: Account, url: str) -> None:
    account.url = url
    account.serve(_item())
    assert len(account.documents()) == 1


class _Canned:
    """A fetcher that has one body for everything."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def get(self, url: str, **_: object) -> Page:
        return Page(url, 200, {}, self._body, asked=url)

    def confirm(self, page: Page) -> None:
        """Nothing to remember."""


def _read(body: bytes) -> list[Item | Gone]:
    source = SourceConfig(name="blog", url="@jo", kind="medium")
    visit = Visit(Origin(source, "medium", "Jo Doe"), _Canned(body), {}, {}, lambda _: None)  # type: ignore[arg-type]
    return list(MediumFeed().collect(visit))


_PIECES = st.sampled_from(
    [
        "<item>",
        "</item>",
        "<link>https://medium.com/p/ece7c6688e68</link>",
        "<content:encoded>",
        "</content:encoded>",
        "<![CDATA[",
        "]]>",
        "<title>",
        "</title>",
        "<pubDate>0</pubDate>",
        "<dc:creator/>",
        "&nbsp;",
        "&#0;",
        "words",
        "<",
        "<link>http://[</link>",
        "<guid>",
        "</guid>",
        "<entry>",
        "\x00",
        "é",
    ]
)


@settings(deadline=None)
@given(st.lists(_PIECES, max_size=25).map("".join), st.integers(0, 20))
def test_no_feed_raises_anything_but_our_errors(inner: str, cut: int) -> None:
    body = _feed(inner).encode()
    try:
        items = _read(body[: len(body) - cut])
    except TwinError as raised:
        error = raised
    else:
        assert all(isinstance(i, RawDocument | Exclusion) for i in items)
        return
    assert error.remedy


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=8))
def test_no_item_of_a_feed_is_lost(facts: list[tuple[bool, bool, bool]]) -> None:
    items = [
        _item(
            0x11111111 + i,
            f"<p>Words of {i}.</p>" if words else "<p></p>",
            by="Jo on Paper" if own else "Al Bo",
            **({} if numbered else {"link": "https://example.org/x", "guid": f"x{i}"}),
        )
        for i, (words, own, numbered) in enumerate(facts)
    ]
    found = _read(_feed(*items).encode())
    assert len(found) == len(facts)
    for (words, own, numbered), item in zip(facts, found, strict=True):
        if not numbered:
            assert isinstance(item, Exclusion)
            assert item.reason == "unreadable"
        elif not words:
            assert isinstance(item, Exclusion)
            assert item.reason == "empty"
        else:
            assert isinstance(item, RawDocument)
            assert item.excluded == ("" if own else "guest")
