from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.collection.arxiv_ids import ArxivId, read_address, read_file_name, read_stamp
from twin_assets.collection.collector import Origin, Visit
from twin_assets.collection.keep import deleted
from twin_assets.collection.registry import recognize_address
from twin_assets.collection.web.arxiv import ArXiv
from twin_assets.collection.web.page import Page
from twin_assets.digests import document_id
from twin_assets.errors import FetchError, SourceError
from twin_assets.progress import silent
from twin_assets.settings import SourceConfig
from twin_assets_tests.collection.live_runs import Answers, Kept
from twin_assets_tests.collection.papers import document_of, essay, paragraph
from twin_assets_tests.collection.visits import Source
from twin_assets_tests.loopback import Loopback, Request, Response, loopback

ID = "2401.01234"
IDENTITY = document_id("paper", f"arXiv:{ID}")
ENTRY = """<entry><id>http://arxiv.org/abs/{id}v{version}</id><updated>2024-02-0{version}T10:00:00Z</updated>
<published>2024-01-03T18:59:59Z</published><title>On the Depth
  of Harbours</title><summary>  We measure.</summary>{authors}
<arxiv:comment xmlns:arxiv="http://arxiv.org/schemas/atom">12 pages</arxiv:comment>
<link href="http://arxiv.org/abs/{id}v{version}" rel="alternate" type="text/html"/>
<link title="pdf" href="http://arxiv.org/pdf/{id}v{version}" rel="related" type="application/pdf"/></entry>"""
FEED = """<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom">
<link href="http://arxiv.org/api/query?search_query%3D%26id_list%3D{asked}" rel="self" type="application/atom+xml"/>
<title type="html">ArXiv Query: id_list={asked}</title><id>http://arxiv.org/api/cHxbiOdZ</id>{entry}</feed>"""


@dataclass
class Server:
    """arXiv with one paper: its API, and a PDF file for each version."""

    site: Loopback
    identity: str = ID
    authors: tuple[str, ...] = ("Jo Doe",)
    pdfs: dict[int, bytes] = field(default_factory=dict)
    newest: int = 0

    def __post_init__(self) -> None:
        self.site.routes["/api/query"] = self._query
        self.publish()

    def publish(self, text: str = "") -> None:
        """A further version."""
        self.newest += 1
        self.pdfs[self.newest] = essay("Jo Doe").paragraph(text or paragraph(20, self.newest)).write()
        self.site.routes[f"/pdf/{self.identity}v{self.newest}"] = Response(self.pdfs[self.newest])

    def source(self, url: str = f"arXiv:{ID}", **config: object) -> Source:
        """The paper as a source."""
        return Source(ArXiv(self.site.url, self.site.url), SourceConfig(name="paper", url=url, **config))  # type: ignore[arg-type]

    @property
    def fetched(self) -> list[str]:
        """The PDF files that were asked for."""
        return [request.path for request in self.site.requests if request.path.startswith("/pdf/")]

    def _query(self, request: Request) -> Response:
        asked = request.query["id_list"]
        identity, _, version = asked.partition("v")
        authors = "".join(f"<author><name>{name}</name></author>" for name in self.authors)
        entry = ENTRY.format(id=identity, version=version or self.newest, authors=authors)
        return Response(FEED.format(asked=asked, entry=entry if identity == self.identity else ""))


@pytest.fixture
def server() -> Iterator[Server]:
    with loopback() as site:
        yield Server(site)


@pytest.mark.parametrize(
    ("address", "versioned"),
    [
        ("2101.00001", "2101.00001"),
        ("0704.0001", "0704.0001"),
        ("arXiv:2101.00001v2", "2101.00001v2"),
        ("arxiv: 2101.00001v12 [cs.CL]", "2101.00001v12"),
        ("cs/0101001", "cs/0101001"),
        ("arXiv:math.GT/0309136v1", "math/0309136v1"),
        ("https://arxiv.org/abs/2101.00001", "2101.00001"),
        ("http://www.arxiv.org/abs/hep-th/9901001v3/", "hep-th/9901001v3"),
        ("arxiv.org/pdf/2101.00001v2.pdf", "2101.00001v2"),
        ("https://arxiv.org/html/2101.00001v1#S2", "2101.00001v1"),
        ("https://export.arxiv.org/pdf/cs/0101001?download=1", "cs/0101001"),
        ("https://doi.org/10.48550/arXiv.2101.00001", "2101.00001"),
    ],
)
def test_ids_and_addresses_of_papers_are_recognized(address: str, versioned: str) -> None:
    found = read_address(address)
    assert found is not None
    assert found.versioned == versioned
    assert recognize_address(address) == "paper"


@pytest.mark.parametrize(
    "address",
    [
        *("2113.00001", "2012.0401", "0704.00001", "10.1145/3580305", "me/0101001", "arXiv:", ""),
        *("https://arxiv.org/list/cs.CL/recent", "https://arxiv.org/a/doe_j_1", "https://example.org/abs/2101.00001"),
    ],
)
def test_other_numbers_and_pages_are_no_papers(address: str) -> None:
    assert not ArXiv().recognizes(address)


@given(st.text(alphabet="arxiv:/.0123456789v cs-[]\n?#٣", max_size=40) | st.from_regex(r"arXiv:[0-9]{4}\.[0-9]{4,5}.*"))
@settings(deadline=None)
def test_what_is_read_as_an_id_is_one_whatever_stands_around_it(text: str) -> None:
    stamped = read_stamp(text)
    for found in (read_address(text), read_file_name(text), stamped and stamped[0]):
        if found:
            assert read_address(found.versioned) == found
            assert read_address(f"https://arxiv.org/pdf/{found.versioned}.pdf") == found


def test_a_paper_is_the_text_of_its_newest_pdf_with_what_the_api_says(server: Server) -> None:
    server.publish("The second version says more.")
    run = server.source().run()
    (document,) = run.documents.values()
    assert server.fetched == [f"/pdf/{ID}v2"]
    assert (document.native_id, document.document_id) == (f"arXiv:{ID}", IDENTITY)
    assert (document.url, document.title) == (f"https://arxiv.org/abs/{ID}", "On the Depth of Harbours")
    assert (document.by, document.excluded, document.media_type) == ("Jo Doe", "", "text/markdown")
    assert document.text.startswith("## Abstract\n\n")
    assert document.text.endswith("The second version says more.")
    assert document.published_at is not None
    assert document.published_at.isoformat() == "2024-01-03T18:59:59+00:00"


def test_a_named_version_and_an_old_id_are_fetched_as_asked(server: Server) -> None:
    server.publish()
    assert list(server.source(f"https://arxiv.org/abs/{ID}v1").run().documents) == [f"arXiv:{ID}"]
    assert server.fetched == [f"/pdf/{ID}v1"]
    old = Server(server.site, identity="cs/0112017")
    assert list(old.source("arxiv.org/abs/cs/0112017").run().documents) == ["arXiv:cs/0112017"]


def test_a_file_of_the_paper_and_its_address_give_the_same_document(server: Server) -> None:
    (fetched,) = server.source().run().documents.values()
    file = document_of(server.pdfs[1], f"downloads/{ID}v1.pdf")
    assert (file.document_id, file.content_digest) == (fetched.document_id, fetched.content_digest)


def test_a_second_run_asks_the_api_only(server: Server) -> None:
    source = server.source()
    source.run()
    server.site.requests.clear()
    run = source.run()
    assert run.items == []
    assert [request.path for request in server.site.requests] == ["/api/query"]
    assert run.reports == ["paper: version 1 is stored already"]


def test_a_new_version_takes_the_place_of_the_one_before(server: Server) -> None:
    source = server.source()
    source.run()
    server.publish("The second version says more.")
    run = source.run()
    assert server.fetched == [f"/pdf/{ID}v1", f"/pdf/{ID}v2"]
    assert list(source.documents) == [IDENTITY]
    assert source.documents[IDENTITY].text.endswith("The second version says more.")
    assert run.gone == []


def test_a_run_that_is_cut_off_is_done_again(server: Server) -> None:
    source = server.source()
    source.run(most=1)
    assert [exclusion.reason for exclusion in source.run().exclusions] == ["not_a_post"]
    assert source.run().items == []


def test_a_paper_with_coauthors_is_set_aside_until_the_source_takes_it(server: Server) -> None:
    server.authors = ("Ann Roe", "Jo Doe")
    source = server.source()
    (document,) = source.run().documents.values()
    assert (document.by, document.excluded) == ("Ann Roe, Jo Doe", "coauthored")
    source.config = source.config.model_copy(update={"include_coauthored": True})
    (document,) = source.run().documents.values()
    assert (document.by, document.excluded) == ("Ann Roe, Jo Doe", "")


@pytest.mark.parametrize("authors", [("Ann Roe", "Ben Poe"), ()], ids=["others", "nobody"])
def test_another_persons_paper_is_not_fetched(server: Server, authors: tuple[str, ...]) -> None:
    server.authors = authors
    run = server.source().run()
    assert [exclusion.reason for exclusion in run.exclusions] == ["guest"]
    assert "own_names" in run.exclusions[0].detail
    assert run.documents == {}
    assert server.fetched == []


def test_a_paper_that_is_found_to_be_another_persons_goes_and_comes_back_with_the_name(server: Server) -> None:
    server.authors = ("J. Doe",)
    source = server.source(own_names=("J. Doe",))
    source.run()
    stored = source.documents[IDENTITY]
    named, source.config = source.config, source.config.model_copy(update={"own_names": ()})
    assert source.run().gone == [IDENTITY]
    source.config = named
    source.documents[IDENTITY] = deleted(stored)
    assert list(source.run().documents) == [f"arXiv:{ID}"]


@pytest.mark.parametrize("status", [404, 410])
def test_a_withdrawn_paper_is_gone_and_comes_back_with_its_next_version(server: Server, status: int) -> None:
    source = server.source()
    source.run()
    server.publish()
    server.site.routes[f"/pdf/{ID}v2"] = Response("No PDF for this paper", status)
    run = source.run()
    assert run.gone == [IDENTITY]
    assert [exclusion.reason for exclusion in run.exclusions] == ["missing_body"]
    assert "withdrawn" in run.exclusions[0].detail
    server.publish()
    assert list(source.run().documents) == [f"arXiv:{ID}"]


@pytest.mark.parametrize("status", [429, 503])
def test_a_pdf_that_is_away_for_now_fails_the_run_and_keeps_what_is_stored(server: Server, status: int) -> None:
    source = server.source()
    source.run()
    server.publish()
    newest, server.site.routes[f"/pdf/{ID}v2"] = server.site.routes[f"/pdf/{ID}v2"], Response("", status)
    run = source.run()
    assert isinstance(run.error, FetchError)
    assert run.error.status == status
    assert list(source.documents) == [IDENTITY]
    server.site.routes[f"/pdf/{ID}v2"] = newest
    assert list(source.run().documents) == [f"arXiv:{ID}"]


def test_robots_txt_and_its_delay_are_obeyed(server: Server) -> None:
    server.site.routes["/robots.txt"] = Response("User-agent: *\nCrawl-delay: 15\nAllow: /pdf\nDisallow: /api\n")
    kept = Kept()
    kept.run(ArXiv(server.site.url, server.site.url), f"arXiv:{ID}", own_names=("Jo Doe",))
    assert len(kept.documents) == 1
    assert max(kept.waited) > 10
    server.site.routes["/robots.txt"] = Response("User-agent: *\nDisallow: /pdf\n")
    run = server.source().run()
    assert [exclusion.reason for exclusion in run.exclusions] == ["robots"]
    assert run.documents == {}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>The PDF is being made</html>", "unreadable"),
        (b"", "unreadable"),
        (b"%PDF-1.4\n" * 2_000_000, "too_large"),
    ],
    ids=["a page", "nothing", "too large"],
)
def test_what_is_no_readable_pdf_is_set_aside_and_asked_for_again(server: Server, body: bytes, reason: str) -> None:
    good, server.site.routes[f"/pdf/{ID}v1"] = server.site.routes[f"/pdf/{ID}v1"], Response(body)
    source = server.source()
    run = source.run()
    assert [exclusion.reason for exclusion in run.exclusions] == [reason]
    assert run.exclusions[0].document_id == IDENTITY
    server.site.routes[f"/pdf/{ID}v1"] = good
    assert list(source.run().documents) == [f"arXiv:{ID}"]


@pytest.mark.parametrize(
    "answer",
    [
        Response("busy"),
        Response(FEED.format(asked=ID, entry="")),
        Response(
            FEED.format(asked=ID, entry="<entry><id>http://arxiv.org/api/errors#id</id><title>Error</title></entry>")
        ),
    ],
    ids=["no feed", "no entry", "an error"],
)
def test_an_id_that_the_api_does_not_tell_of_is_an_error_that_names_it(server: Server, answer: Response) -> None:
    server.site.routes["/api/query"] = answer
    run = server.source().run()
    assert isinstance(run.error, FetchError)
    assert ID in str(run.error)


def test_an_address_that_is_no_paper_is_an_error_with_an_example(server: Server) -> None:
    run = server.source("https://arxiv.org/list/cs.CL/recent").run()
    assert type(run.error) is SourceError
    assert "arXiv:2401.01234" in str(run.error)


class _Says(Answers):
    def __init__(self, body: bytes) -> None:
        super().__init__(None)
        self._page = Page("https://example.org/", 200, {}, body)


@st.composite
def _feeds(draw: st.DrawFn) -> bytes:
    feed = FEED.format(asked=ID, entry=ENTRY.format(id=ID, version=1, authors="<author><name>Jo Doe</name></author>"))
    data = bytearray(feed.encode())
    for _ in range(draw(st.integers(0, 5))):
        at = draw(st.integers(0, len(data) - 1))
        data[at : at + draw(st.integers(0, 30))] = draw(st.binary(max_size=10))
    return bytes(data)


@given(_feeds() | st.binary(max_size=100))
@settings(deadline=None)
def test_whatever_the_api_answers_there_is_an_item_or_an_error_of_ours(body: bytes) -> None:
    origin = Origin(SourceConfig(name="paper", url=f"arXiv:{ID}"), "paper", "Jo Doe")
    try:
        items = list(ArXiv().collect(Visit(origin, _Says(body), {}, {}, silent)))
    except FetchError:
        return
    assert items


def test_versions_are_told_apart() -> None:
    assert read_address("2101.00001v2") == ArxivId("2101.00001", 2)
    assert read_file_name(Path("2101.00001v2 (marked).pdf").stem) == ArxivId("2101.00001", 2)
    assert read_file_name("report-2101") is None
