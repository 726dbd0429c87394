"""Drafts over HTTP: written from links, texts and files, revised, accepted, and learned from."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from twin_assets.collection.collector import Origin
from twin_assets.datasets.feedback import feedback_pairs
from twin_assets.drafting import materials
from twin_assets.prompts import system_message
from twin_assets.records import FeedbackEvent, RawDocument
from twin_assets.settings import CollectionSettings, ServiceSettings, SourceConfig
from twin_assets.storage import TableStore
from twin_assets_tests.loopback import Loopback, Request, Response, loopback

POST = {"format": "linkedin_post", "prompt": "Why kettles matter"}
ARTICLE = (
    "<html><head><title>On steam</title></head><body><article><h1>On steam</h1>"
    + "".join(f"<p>Paragraph {n} says that kettles boil water and make steam number {n}.</p>" for n in range(40))
    + "</article></body></html>"
)


@pytest.fixture
def settings(fake: Any, make_settings: Any) -> Any:
    return make_settings(
        int(fake.url.rsplit(":", 1)[1]),
        collection=CollectionSettings(allow_hosts=("127.0.0.1",), delay_s=0, attempts=1, timeout_s=10),
    )


@pytest.fixture
def site() -> Iterator[Loopback]:
    page = Response(ARTICLE, headers={"Content-Type": "text/html; charset=utf-8"})
    with loopback({"/steam": page}) as found:
        yield found


def draft_of(http: httpx.Client, **ask: Any) -> dict[str, Any]:
    response = http.post("/api/drafts", json={**POST, **ask})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def events_of(response: httpx.Response) -> list[dict[str, Any]]:
    lines = [line.removeprefix("data: ") for line in response.text.splitlines() if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def pairs_in(settings: Any) -> Any:
    events = TableStore.of(settings).read(FeedbackEvent)
    return feedback_pairs(events, [], 1000)


def test_a_draft_is_written_by_the_deployed_twin_from_own_passages_and_new_material(
    http: httpx.Client, put: Any, fake: Any, site: Loopback, settings: Any
) -> None:
    deployed = put("a" * 32)
    upload = settings.home / "uploads" / "up1"
    upload.mkdir(parents=True)
    (upload / "notes.md").write_text("---\ntitle: My notes\n---\nA kettle of copper heats faster.")
    texts = [{"title": "A letter", "text": "Dear reader, kettles sing."}]
    draft = draft_of(http, links=[f"{site.url}/steam"], texts=texts, files=["up1"], variants=2)
    assert [(m["kind"], m["title"], m["error"]) for m in draft["materials"]] == [
        ("link", "On steam", None),
        ("text", "A letter", None),
        ("file", "My notes", None),
    ]
    assert all(0 < m["used_tokens"] <= m["tokens"] for m in draft["materials"])
    assert [v["variant"] for v in draft["variants"]] == [0, 1]
    assert draft["variants"][0]["text"].startswith(deployed.adapter_name)
    assert [c["number"] for c in draft["citations"]] == [1, 2, 3]
    assert draft["twin"]["adapter_digest"] == "a" * 32
    assert draft["twin"]["retrieval"] == {"enabled": True, "found": 3, "used": 3}
    assert draft["status"] == "draft"
    sent = fake.requests[-1]["messages"]
    assert sent[0] == system_message("Ada Example")
    assert sent[1]["content"].startswith("Write a LinkedIn post of about 150 words.\n\nWhy kettles matter")
    for said in ("kettles boil water", "Dear reader, kettles sing.", "A kettle of copper", "The kettle argument"):
        assert said in sent[1]["content"]
    assert http.get(f"/api/drafts/{draft['draft_id']}").json() == draft


def test_a_stream_tells_materials_sources_text_and_draft_in_this_order(
    http: httpx.Client, put: Any, site: Loopback
) -> None:
    put("a" * 32)
    response = http.post("/api/drafts", json={**POST, "links": [f"{site.url}/steam"], "variants": 2, "stream": True})
    assert response.headers["content-type"].startswith("text/event-stream")
    events = events_of(response)
    kinds = [one["type"] for one in events]
    assert kinds[:2] == ["material", "sources"]
    assert set(kinds[2:-1]) == {"delta"}
    draft = events[-1]["draft"]
    for variant in draft["variants"]:
        told = "".join(e["text"] for e in events if e["type"] == "delta" and e["variant"] == variant["variant"])
        assert told == variant["text"]
    assert http.get(f"/api/drafts/{draft['draft_id']}").json() == draft


def test_a_link_that_fails_is_a_material_with_an_error_and_the_draft_goes_on(
    http: httpx.Client, site: Loopback
) -> None:
    draft = draft_of(
        http, links=[f"{site.url}/missing", f"{site.url}/steam"], files=["../../etc", "none"], model="base"
    )
    missing, good, outside, none = draft["materials"]
    assert "status 404" in missing["error"]
    assert good["error"] is None
    assert "is no upload" in outside["error"]
    assert "is no upload" in none["error"]
    assert draft["variants"][0]["text"].startswith("base answers")


def test_a_page_that_never_answers_holds_a_draft_up_no_longer_than_the_limit(
    http: httpx.Client, site: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = threading.Event()

    def hangs(_: Request) -> Response:
        answer.wait(20)
        return Response("late")

    site.routes["/slow"] = hangs
    monkeypatch.setattr(materials, "READ_SECONDS", 0.2)
    try:
        (slow,) = draft_of(http, links=[f"{site.url}/slow"], model="base")["materials"]
    finally:
        answer.set()
    assert "could not be read within" in slow["error"]


def test_long_material_is_shortened_so_that_the_prompt_fits_the_context(
    fake: Any, make_settings: Any, search: Any, served: Any
) -> None:
    from twin_assets.serving.app import create_app

    settings = make_settings(int(fake.url.rsplit(":", 1)[1]), service=ServiceSettings(context_tokens=600))
    long = " ".join(f"Sentence {n} of the long text says little." for n in range(2000))
    short = "Short and whole: kettles whistle."
    with served(create_app(settings, search, Path)) as url, httpx.Client(base_url=url, trust_env=False) as http:
        texts = [{"title": "long", "text": long}, {"title": "short", "text": short}]
        draft = draft_of(http, texts=texts, model="base")
        sent = fake.requests[-1]
        words = len(" ".join(f"role {m['content']}" for m in sent["messages"]).split())
        assert words + sent["max_tokens"] <= 600
        assert short in sent["messages"][-1]["content"]
        long_one, short_one = draft["materials"]
        assert 50 < long_one["used_tokens"] < long_one["tokens"] / 10
        assert short_one["used_tokens"] == short_one["tokens"]
        refused = http.post("/api/drafts", json={**POST, "model": "base", "prompt": "word " * 700})
        assert refused.status_code == 400
        assert refused.json()["error"]["code"] == "context_length_exceeded"


def test_a_thread_comes_as_posts_that_fit(http: httpx.Client, fake: Any) -> None:
    fake.reply = "\n\n".join(
        f"Kettle number {n} is described here in a sentence of some length. " * 3 for n in range(4)
    )
    variant = draft_of(http, format="x_thread", model="base")["variants"][0]
    assert len(variant["parts"]) == 4
    assert all(len(part) <= 280 for part in variant["parts"])
    assert variant["characters"] == max(map(len, variant["parts"]))


def test_hashtags_are_those_of_the_authors_own_posts(http: httpx.Client, fake: Any, settings: Any) -> None:
    fake.reply = "A post about tea.\n\n#Tea #Kettle #Water"
    assert draft_of(http, model="base")["variants"][0]["text"] == fake.reply

    def posts(source: str, text: str, excluded: str = "") -> list[RawDocument]:
        origin = Origin(SourceConfig(name=source, path=settings.home), "linkedin", "Ada Example")
        how = {"file": "f", "url": "", "excluded": excluded}
        return [origin.document(f"{source}{n}", text, "text/plain", **how) for n in range(3)]

    tables = TableStore.of(settings)
    tables.sync(RawDocument, posts("mine", "I drink tea.\n\n{hashtag|\\#|Tea}"))
    assert draft_of(http, model="base")["variants"][0]["text"] == "A post about tea.\n\n#Tea"
    assert "About 1 hashtag at the end." in fake.requests[-1]["messages"][-1]["content"]
    others = posts("theirs", "I use #many #more #tags #here", excluded="repost")
    tables.sync(RawDocument, [*posts("mine", "I drink tea."), *others])
    assert draft_of(http, model="base")["variants"][0]["text"] == "A post about tea."


def test_a_revision_is_a_new_draft_with_the_old_text_and_its_sources_in_the_prompt(
    http: httpx.Client, put: Any, fake: Any, site: Loopback
) -> None:
    put("a" * 32)
    draft = draft_of(http, links=[f"{site.url}/steam"])
    path = f"/api/drafts/{draft['draft_id']}/revise"
    revised = http.post(path, json={"instruction": "Make it shorter", "variant": 0, "stream": False}).json()
    assert revised["revision_of"] == draft["draft_id"]
    assert revised["revised_from"] == draft["variants"][0]["text"]
    assert revised["draft_id"] != draft["draft_id"]
    assert http.get(f"/api/drafts/{revised['draft_id']}").json() == revised
    content = fake.requests[-1]["messages"][-1]["content"]
    assert content.startswith("Write a LinkedIn post of about 150 words.\n\nWhy kettles matter\n\nMake it shorter")
    assert draft["variants"][0]["text"] in content
    assert "kettles boil water" in content
    assert site.count("/steam") == 1
    streamed = events_of(http.post(path, json={"instruction": "Longer", "variant": 0, "stream": True}))
    assert streamed[-1]["draft"]["revision_of"] == draft["draft_id"]
    assert http.post(path, json={"instruction": "x", "variant": 3}).json()["error"]["param"] == "variant"
    listed = http.get("/api/drafts", params={"limit": 2}).json()["drafts"]
    assert [one["draft_id"] for one in listed] == [streamed[-1]["draft"]["draft_id"], revised["draft_id"]]
    for before in (revised["draft_id"], revised["created_at"]):
        rest = http.get("/api/drafts", params={"before": before}).json()["drafts"]
        assert [one["draft_id"] for one in rest] == [draft["draft_id"]]


def test_an_accepted_edit_becomes_a_preference_pair(http: httpx.Client, put: Any, settings: Any) -> None:
    put("a" * 32)
    draft = draft_of(http, variants=2)
    edited = "Kettles matter because tea matters to me."
    said = http.post(f"/api/drafts/{draft['draft_id']}/accept", json={"variant": 1, "text": edited}).json()
    assert said["preference"] is True
    assert (said["draft"]["status"], said["draft"]["accepted_text"]) == ("accepted", edited)
    (pair,) = pairs_in(settings).pairs
    assert (pair.chosen, pair.rejected) == (edited, draft["variants"][1]["text"])
    assert pair.instruction.endswith("Why kettles matter")
    assert (pair.document_id, *pair.used_document_ids) == ("doc1", "doc2", "doc3")


def test_a_draft_accepted_as_it_is_and_thumbs_are_set_against_each_other(
    http: httpx.Client, fake: Any, settings: Any
) -> None:
    fake.reply = "The first text about kettles."
    draft = draft_of(http, model="base")
    text = draft["variants"][0]["text"]
    said = http.post(f"/api/drafts/{draft['draft_id']}/accept", json={"variant": 0, "text": text}).json()
    assert said["preference"] is False
    assert pairs_in(settings).pairs == []
    fake.reply = "Another text that nobody likes."
    worse = draft_of(http, model="base")
    ask = {"draft_id": worse["draft_id"], "variant": 0, "kind": "thumb_down"}
    event = http.post("/api/feedback", json=ask).json()["event_id"]
    (pair,) = pairs_in(settings).pairs
    assert (pair.chosen, pair.rejected) == (text, "Another text that nobody likes.")
    assert pair.origin == f"thumb:{event}"
    assert http.post("/api/feedback", json={**ask, "draft_id": "nothing"}).status_code == 404
    assert http.post("/api/feedback", json={**ask, "variant": 5}).status_code == 400


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"prompt": "x"}, "format"),
        ({**POST, "format": "sonnet"}, "format"),
        ({**POST, "prompt": "  "}, "prompt"),
        ({**POST, "variants": 9}, "variants"),
        ({**POST, "links": ["http://a.example"] * 9}, "links"),
        ({**POST, "filters": {"kinds": ["telepathy"]}}, "filters.kinds"),
        ({**POST, "unknown": 1}, "unknown"),
        ({**POST, "prompt": "\ud800"}, "prompt"),
        ({**POST, "filters": {"after": "0001-01-01T00:00:00+14:00"}}, "filters.after"),
        ({**POST, "filters": {"sources": ["a\x00b"]}}, "filters.sources"),
    ],
)
def test_a_wrong_request_is_a_400_that_names_the_field(http: httpx.Client, body: Any, field: str) -> None:
    response = http.post("/api/drafts", content=json.dumps(body), headers={"content-type": "application/json"})
    assert response.status_code == 400
    assert response.json()["error"]["param"].startswith(field)


def test_an_engine_that_breaks_off_ends_the_stream_with_an_error_and_keeps_no_draft(
    http: httpx.Client, fake: Any
) -> None:
    fake.break_after = 2
    events = events_of(http.post("/api/drafts", json={**POST, "model": "base", "stream": True}))
    assert "out of memory" in events[-1]["error"]["message"]
    assert http.post("/api/drafts", json={**POST, "model": "base"}).status_code == 503
    assert http.get("/api/drafts").json() == {"drafts": []}


def test_without_a_deployment_or_as_another_type_nothing_is_written(http: httpx.Client, fake: Any) -> None:
    assert http.post("/api/drafts", json=POST).json()["error"]["code"] == "nothing_deployed"
    body = json.dumps({**POST, "model": "base"})
    assert http.post("/api/drafts", content=body, headers={"content-type": "text/plain"}).status_code == 400
    assert http.post("/api/drafts", content=body).status_code == 400
    assert http.get("/api/drafts/none").status_code == 404
    assert fake.requests == []
