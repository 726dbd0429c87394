"""Other wordings of a query: what is made of an answer, and that a search does without one."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin_assets.retrieval import Searcher
from twin_assets.retrieval.expand import EngineExpander, wordings
from twin_assets.retrieval.fusion import RRF_K
from twin_assets.retrieval.search import EXPANDED_WEIGHT
from twin_assets.settings import RetrievalSettings
from twin_assets_tests.loopback import Loopback, Response, loopback

CHAT = "/v1/chat/completions"


def says(text: str) -> Response:
    choice = {"message": {"content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1}
    return Response(json.dumps({"choices": [choice], "usage": usage}))


@pytest.fixture
def server() -> Iterator[Loopback]:
    with loopback() as served:
        yield served


@pytest.fixture
def expander(server: Loopback) -> EngineExpander:
    return EngineExpander(server.url, 2, 10.0)


def test_the_base_model_is_asked_once_for_a_bounded_answer(server, expander):
    server.routes[CHAT] = says('1. "lamps by the sea"\n- beacons\n* a third')
    assert expander("lighthouse") == ["lamps by the sea", "beacons"]
    (asked,) = (json.loads(request.body) for request in server.requests)
    assert asked["model"] == "base"
    assert asked["max_tokens"] == 64
    assert "lighthouse" in asked["messages"][0]["content"]


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, b""), (200, b"no json"), (200, b"{}"), (200, b'{"choices": []}'), (200, b"[]"), (200, b"null")],
)
def test_whatever_the_engine_does_the_query_itself_is_searched_for(
    server, expander, write, store, topics, status, body, caplog
):
    server.routes[CHAT] = Response(body, status)
    write({"text": "The secret sea"}, {"text": "a clock"})
    found = Searcher(store, topics, expand=expander).search("my secret", 1)
    assert [passage.chunk_id for passage in found] == ["c0"]
    assert "no query expansion" in caplog.text
    assert "secret" not in caplog.text


def test_an_engine_that_is_away_costs_no_search(write, store, topics):
    with loopback() as gone:
        expander = EngineExpander(gone.url, 2, 10.0)
    write({"text": "The sea"})
    assert [p.chunk_id for p in Searcher(store, topics, expand=expander).search("sea", 1)] == ["c0"]


def test_what_only_another_wording_finds_comes_in_after_what_was_asked(write, store, topics):
    write({"text": "zymurgy in the garden"}, {"text": "brewing by the clock"}, *({"text": "sea"} for _ in range(20)))
    how = RetrievalSettings(vector_weight=0)
    assert [p.chunk_id for p in Searcher(store, topics, how).search("zymurgy", 2)] == ["c0"]
    found = Searcher(store, topics, how, expand=lambda query: ["brewing"]).search("zymurgy", 2)
    assert [passage.chunk_id for passage in found] == ["c0", "c1"]
    assert found[1].score == pytest.approx(EXPANDED_WEIGHT / (RRF_K + 1))


@given(answer=st.text(max_size=300), query=st.text(max_size=20), n=st.integers(0, 4))
def test_wordings_of_any_answer_are_few_short_lines_that_differ(answer, query, n):
    found = wordings(answer, query, n)
    assert len(found) <= n
    assert len({one.casefold() for one in found}) == len(found)
    assert all(0 < len(one) <= 200 and "\n" not in one and one.casefold() != query.casefold() for one in found)
