"""A Substack publication on a real server that speaks its API, with that API's peculiarities."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.collection.substack import Substack
from twin_assets.collection.web.substack import SubstackLive
from twin_assets.digests import document_id
from twin_assets.errors import FetchError, SourceError
from twin_assets.settings import SourceConfig
from twin_assets_tests.collection.visits import Run, Source, prose
from twin_assets_tests.loopback import Loopback, Request, Response, loopback

JO = {"id": 1, "name": "Jo Doe", "handle": "jodoe"}
ANN = {"id": 2, "name": "Ann Roe", "handle": "annroe"}
JSON = {"Content-Type": "application/json"}


@dataclass
class Publication:
    """What the server has; `lag` posts are not in the archive yet, and it gives `cap` posts at once."""

    site: Loopback
    posts: list[dict[str, Any]] = field(default_factory=list)
    cap: int = 12
    lag: int = 0
    ignores_offset: bool = False

    def publish(self, number: int, **change: Any) -> dict[str, Any]:
        """A new post, before the others."""
        post = {
            "id": number,
            "slug": f"post-{number}",
            "title": f"Post {number}",
            "type": "newsletter",
            "audience": "everyone",
            "post_date": f"{datetime(2024, 1, 1) + timedelta(days=number):%Y-%m-%d}T07:08:09.123Z",
            "canonical_url": f"https://jo.substack.example/p/post-{number}",
            "publishedBylines": [JO],
            "wordcount": 200,
            "truncated_body_text": "Only the beginning of",
            "body_html": prose(f"number {number}"),
            **change,
        }
        self.posts.insert(0, post)
        self.serve()
        return post

    def serve(self) -> None:
        """Answer as things stand now."""
        etag = f'"{hash(json.dumps(self.posts[:20], sort_keys=True))}"'

        def feed(request: Request) -> Response:
            if request.headers.get("if-none-match") == etag:
                return Response(status=304, headers={"ETag": etag})
            items = "".join(
                f"<item><title>x</title><link>https://jo.substack.example/p/{post['slug']}</link></item>"
                for post in self.posts[:20]
                if post.get("slug")
            )
            body = f'<rss version="2.0"><channel><title>Letters</title>{items}</channel></rss>'
            return Response(body, headers={"ETag": etag, "Content-Type": "application/xml"})

        def archive(request: Request) -> Response:
            listed = self.posts[self.lag :]
            start = 0 if self.ignores_offset else int(request.query["offset"])
            found = listed[start : start + min(self.cap, int(request.query["limit"]))]
            without_body = [{key: value for key, value in post.items() if key != "body_html"} for post in found]
            return Response(json.dumps(without_body), headers=JSON)

        self.site.routes |= {"/feed": feed, "/api/v1/archive": archive}
        for post in self.posts:
            self.site.routes.setdefault(f"/api/v1/posts/{post.get('slug')}", Response(json.dumps(post), headers=JSON))

    def asked(self) -> list[str]:
        """What was asked for since the last call, without robots.txt."""
        paths = [request.path for request in self.site.requests if request.path != "/robots.txt"]
        self.site.requests.clear()
        return paths


@pytest.fixture
def publication() -> Iterator[Publication]:
    with loopback() as site:
        yield Publication(site)


def _source(publication: Publication, path: str = "", **config: Any) -> Source:
    url = publication.site.url + path
    return Source(SubstackLive(), SourceConfig(name="letters", url=url, kind="substack", **config))


def _reasons(run: Run) -> dict[str, str]:
    return {exclusion.file.rpartition("/")[2]: exclusion.reason for exclusion in run.exclusions}


@pytest.mark.parametrize(
    ("address", "recognized"),
    [
        ("https://jo.substack.com", True),
        ("https://jo.substack.com/p/bells?utm_source=x", True),
        ("https://open.substack.com/pub/jo/p/bells", True),
        ("https://substack.com/@jo", False),
        ("https://www.substack.com", False),
        ("https://jo.example/p/bells", False),
        ("https://substack.com.evil.example", False),
        ("jo.substack.com", False),
        ("http://[", False),
    ],
)
def test_publications_are_recognized_by_their_address(address: str, recognized: bool) -> None:
    assert SubstackLive().recognizes(address) == recognized


def test_posts_have_the_ids_of_the_export_and_all_their_facts(publication: Publication) -> None:
    publication.publish(123)
    (document,) = _source(publication).run().documents.values()
    assert document.document_id == document_id(Substack().kind, "123")
    assert (document.native_id, document.title, document.by) == ("123", "Post 123", "Jo Doe")
    assert document.url == "https://jo.substack.example/p/post-123"
    assert document.published_at == datetime(2024, 5, 3, 7, 8, 9, 123000, tzinfo=UTC)
    assert (document.media_type, document.scope, document.excluded) == ("text/html", "public", "")
    assert "Sentence 7 about number 123" in document.text


@pytest.mark.parametrize("cap", [5, 12])
def test_the_archive_is_paged_by_what_came(publication: Publication, cap: int) -> None:
    publication.cap = cap
    for number in range(1, 31):
        publication.publish(number)
    assert len(_source(publication).run().documents) == 30


def test_an_archive_that_always_answers_the_same_ends(publication: Publication) -> None:
    publication.ignores_offset = True
    for number in range(1, 6):
        publication.publish(number)
    assert len(_source(publication).run().documents) == 5
    assert publication.asked().count("/api/v1/archive") == 2


def test_nothing_new_is_one_request(publication: Publication) -> None:
    publication.publish(1)
    source = _source(publication)
    source.run()
    publication.asked()
    run = source.run()
    assert (run.items, run.error, publication.asked()) == ([], None, ["/feed"])


def test_a_new_post_costs_no_request_for_the_known_ones(publication: Publication) -> None:
    for number in range(1, 31):
        publication.publish(number)
    source = _source(publication)
    source.run()
    publication.publish(31)
    publication.asked()
    assert list(source.run().documents) == ["31"]
    assert publication.asked() == ["/feed", "/api/v1/archive", "/api/v1/posts/post-31", "/api/v1/archive"]


def test_an_edited_post_comes_again_with_its_id(publication: Publication) -> None:
    post = publication.publish(1)
    source = _source(publication)
    (before,) = source.run().documents.values()
    publication.posts.remove(post)
    del publication.site.routes["/api/v1/posts/post-1"]
    publication.publish(1, wordcount=201, body_html=prose("other bells"))
    (after,) = source.run().documents.values()
    assert after.document_id == before.document_id
    assert after.content_digest != before.content_digest


def test_what_the_archive_lacks_yet_comes_from_the_feed(publication: Publication) -> None:
    for number in range(1, 4):
        publication.publish(number)
    publication.lag = 2
    source = _source(publication)
    assert set(source.run().documents) == {"1", "2", "3"}
    publication.lag = 0
    publication.publish(4)
    assert set(source.run().documents) == {"4"}


@pytest.mark.parametrize("status", [403, 429])
def test_a_refusal_keeps_what_came_and_the_next_run_goes_on(publication: Publication, status: int) -> None:
    for number in range(1, 31):
        publication.publish(number)
    good = publication.site.routes["/api/v1/posts/post-10"]
    publication.site.routes["/api/v1/posts/post-10"] = Response("no", status)
    source = _source(publication)
    run = source.run()
    assert isinstance(run.error, FetchError)
    assert run.error.status == status
    assert set(run.documents) == {str(number) for number in range(11, 31)}
    publication.site.routes["/api/v1/posts/post-10"] = good
    publication.asked()
    assert set(source.run().documents) == {str(number) for number in range(1, 11)}
    assert len([path for path in publication.asked() if "/posts/" in path]) == 10


def test_new_posts_behind_a_cut_off_run_are_not_lost(publication: Publication) -> None:
    publication.publish(1)
    source = _source(publication)
    source.run()
    for number in range(2, 32):
        publication.publish(number)
    source.run(most=12)
    source.run()
    assert {document.native_id for document in source.documents.values()} == {str(number) for number in range(1, 32)}


def test_no_more_posts_are_fetched_than_one_run_may(publication: Publication) -> None:
    for number in range(1, 6):
        publication.publish(number)
    source = _source(publication, max_pages=2)
    assert [len(source.run().documents) for _ in range(4)] == [2, 2, 1, 0]


def test_bodies_that_end_at_the_paywall_are_told_apart(publication: Publication) -> None:
    publication.publish(1, audience="only_paid", body_html=None)
    publication.publish(2, audience="only_paid", body_html="<p>The free preview of it.</p>", wordcount=900)
    publication.publish(3, audience="only_paid", body_html=None, truncated_body_text=None)
    publication.publish(4, audience="only_free")
    publication.publish(5)
    run = _source(publication).run()
    assert {native_id: (d.excluded, d.scope) for native_id, d in run.documents.items()} == {
        "1": ("paywalled", "private"),
        "2": ("paywalled", "private"),
        "4": ("", "public"),
        "5": ("", "public"),
    }
    assert (run.documents["1"].text, run.documents["1"].media_type) == ("Only the beginning of", "text/plain")
    assert _reasons(run) == {"post-3": "empty"}


def test_podcasts_and_threads_are_posts_only_with_a_text_of_their_own(publication: Publication) -> None:
    publication.publish(1, type="podcast", body_html="<p>Listen to this.</p>")
    publication.publish(2, type="podcast")
    publication.publish(3, type="thread", body_html="", truncated_body_text="")
    publication.publish(4, type="newsletter", body_html="<p>A short letter.</p>")
    run = _source(publication).run()
    assert {native_id: d.excluded for native_id, d in run.documents.items()} == {"1": "not_a_post", "2": "", "4": ""}
    assert _reasons(run) == {"post-3": "not_a_post"}


def test_guests_and_co_authors_are_not_the_author(publication: Publication) -> None:
    publication.publish(1, publishedBylines=[ANN])
    publication.publish(2, publishedBylines=[JO, ANN])
    publication.publish(3, publishedBylines=[{"id": 1, "name": "Jo's Letters", "handle": "jodoe"}])
    publication.publish(4, publishedBylines=[])
    run = _source(publication, own_names=("@jodoe",)).run()
    assert {native_id: (d.by, d.excluded) for native_id, d in run.documents.items()} == {
        "1": ("Ann Roe", "guest"),
        "2": ("Jo Doe, Ann Roe", "coauthored"),
        "3": ("Jo Doe", ""),
        "4": ("Jo Doe", ""),
    }
    both = _source(publication, include_coauthored=True).run()
    assert both.documents["2"].excluded == ""


def test_a_publication_without_any_post_of_the_author_says_whose_they_are(publication: Publication) -> None:
    publication.publish(1, publishedBylines=[ANN])
    source = _source(publication)
    run = source.run()
    assert {d.excluded for d in run.documents.values()} == {"guest"}
    assert isinstance(run.error, SourceError)
    assert "'Ann Roe'" in run.error.what
    assert "own_names" in run.error.remedy
    assert isinstance(source.run().error, SourceError)
    source.config = source.config.model_copy(update={"own_names": ("ann roe",)})
    again = source.run()
    assert (again.error, [d.excluded for d in again.documents.values()]) == (None, [""])


def test_a_single_post_is_collected_alone(publication: Publication) -> None:
    publication.publish(1)
    publication.publish(2)
    source = _source(publication, "/p/post-2?utm_source=mail")
    assert list(source.run().documents) == ["2"]
    assert publication.asked() == ["/api/v1/posts/post-2"]
    del publication.site.routes["/api/v1/posts/post-2"]
    assert isinstance(source.run().error, FetchError)


def test_rows_that_cannot_be_read_and_posts_that_fail_are_set_aside_and_tried_again(publication: Publication) -> None:
    publication.publish(1)
    publication.publish(2, slug=None)
    publication.publish(3, slug="bro/ken")
    publication.posts.insert(0, {"title": "no id"})
    publication.publish(5)
    publication.site.routes |= {
        "/api/v1/posts/bro%2Fken": Response("oops", 500),
        "/api/v1/posts/post-1": Response("not found", 404),
    }
    source = _source(publication)
    run = source.run()
    assert set(run.documents) == {"5"}
    assert sorted((e.reason, e.row) for e in run.exclusions) == [
        ("deleted", 0),
        ("unreadable", 0),
        ("unreadable", 2),
        ("unreadable", 4),
    ]
    for _ in range(4):
        source.run()
    assert publication.asked().count("/api/v1/posts/bro%2Fken") == 3


def test_a_server_that_is_no_publication_is_an_error(publication: Publication) -> None:
    publication.site.routes["/api/v1/archive"] = Response("<html>hello</html>")
    assert isinstance(_source(publication).run().error, FetchError)


def test_a_publication_without_a_feed_is_read_from_its_archive(publication: Publication) -> None:
    publication.publish(1)
    del publication.site.routes["/feed"]
    source = _source(publication)
    assert list(source.run().documents) == ["1"]
    assert source.run().items == []


VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.lists(st.integers(), max_size=2))
POST = st.dictionaries(
    st.sampled_from(["slug", "title", "type", "audience", "post_date", "publishedBylines", "wordcount", "body_html"]),
    st.one_of(VALUES, st.just([{"name": None, "handle": 3}, "x"]), st.just("<p>words</p>")),
)


@settings(deadline=None, max_examples=25)
@given(st.lists(POST, max_size=4))
def test_no_row_is_lost_whatever_the_api_answers(changes: list[dict[str, Any]]) -> None:
    with loopback() as site:
        publication = Publication(site)
        for number, change in enumerate(changes, 1):
            publication.publish(number, **change)
        publication.publish(99)
        run = _source(publication).run()
    assert run.error is None
    accounted = {*run.documents, *(str(e.document_id) for e in run.exclusions)}
    for number, change in enumerate(changes, 1):
        unnamed = any(e.detail == "has no id or no slug" for e in run.exclusions)
        assert {str(number), document_id("substack", str(number))} & accounted or unnamed, change
    assert "99" in run.documents


def test_a_post_that_is_listed_no_more_is_gone_only_if_it_is_answered_so(publication: Publication) -> None:
    for number in range(1, 31):
        publication.publish(number)
    source = _source(publication)
    source.run()
    publication.posts = [post for post in publication.posts if post["id"] not in (5, 25, 26)]
    publication.site.routes |= {f"/api/v1/posts/post-{n}": Response("not found", 404) for n in (5, 25)}
    publication.serve()
    publication.asked()
    run = source.run()
    assert run.gone == [document_id("substack", "25")]
    assert set(publication.asked()) == {"/feed", "/api/v1/archive", "/api/v1/posts/post-25", "/api/v1/posts/post-26"}
    assert source.run().items == []


def test_a_post_that_is_back_is_collected_again(publication: Publication) -> None:
    post = publication.publish(1)
    publication.publish(2)
    source = _source(publication)
    source.run()
    there = publication.site.routes["/api/v1/posts/post-1"]
    publication.posts.remove(post)
    publication.site.routes["/api/v1/posts/post-1"] = Response("gone", 410)
    publication.serve()
    assert source.run().gone == [document_id("substack", "1")]
    publication.posts.append(post)
    publication.site.routes["/api/v1/posts/post-1"] = there
    publication.serve()
    assert list(source.run().documents) == ["1"]


def test_a_single_post_that_is_gone_is_gone_and_the_source_fails(publication: Publication) -> None:
    publication.publish(1)
    source = _source(publication, "/p/post-1")
    source.run()
    del publication.site.routes["/api/v1/posts/post-1"]
    run = source.run()
    assert (run.gone, type(run.error)) == ([document_id("substack", "1")], FetchError)


def test_a_bot_check_is_an_error_after_one_request(publication: Publication) -> None:
    publication.publish(1)
    publication.site.routes["/feed"] = Response("<title>Just a moment...</title>", 403)
    error = _source(publication).run().error
    assert isinstance(error, FetchError)
    assert ("export archive" in error.remedy, publication.asked()) == (True, ["/feed"])
