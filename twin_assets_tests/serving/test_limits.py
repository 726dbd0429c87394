"""Limits, metrics and draining: what is too much is refused, and a client that goes away frees the engine."""

import asyncio
import json
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from twin_assets.serving.app import create_app
from twin_assets.serving.rate import Buckets
from twin_assets.serving.server import DrainingServer
from twin_assets.settings import ServiceSettings, Settings

QUESTION = {"model": "base", "messages": [{"role": "user", "content": "Who are you?"}], "retrieval": False}
CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"
Start = Callable[..., Any]


class Held:
    """An engine that writes one word and then waits: until its client has gone, or it is released."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self.asked, self.freed, self.release = (threading.Semaphore(0) for _ in range(3))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Everything but chats is answered by the fake engine."""
        if scope["type"] != "http" or scope["path"] != CHAT:
            await self._engine(scope, receive, send)
            return
        body = b""
        while (message := await receive()).get("body") is not None:
            body += message["body"]
            if not message.get("more_body"):
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})
        chunk = {"id": "1", "choices": [{"index": 0, "delta": {"content": "word"}, "finish_reason": None}]}
        piece = b"data: " + json.dumps(chunk).encode() + b"\n\n"
        if json.loads(body).get("stream"):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        self.asked.release()
        while not self.release.acquire(blocking=False):
            try:
                await asyncio.wait_for(receive(), 0.02)
            except TimeoutError:
                continue
            self.freed.release()
            return
        await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})


@pytest.fixture
def held(fake: Any, served: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    engine = Held(fake)
    with served(engine) as url:
        monkeypatch.setenv("TWIN_PORTS__ENGINE", url.rsplit(":", 1)[1])
        fake.url = url
        yield engine
        for _ in range(20):
            engine.release.release()


@pytest.fixture
def start(held: Held, own_settings: Settings, search: Any, served: Any) -> Start:
    """Serves the twin with other limits, as a context manager that gives a client."""

    def served_with(**limits: Any) -> Any:
        port = int(held._engine.url.rsplit(":", 1)[1])
        settings = own_settings.model_copy(
            update={
                "service": ServiceSettings(**limits),
                "ports": own_settings.ports.model_copy(update={"engine": port}),
            }
        )
        return served(create_app(settings, search, Path))

    return served_with


@pytest.mark.parametrize("path", [CHAT, RESPONSES], ids=["chat", "responses"])
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
def test_a_client_that_goes_away_frees_the_engine(start: Start, held: Held, stream: bool, path: str):
    with start() as url, httpx.Client(base_url=url, timeout=30) as client:
        thread = threading.Thread(target=_ask_and_leave, args=(url, path, stream, held))
        thread.start()
        thread.join(20)
        assert held.freed.acquire(timeout=20), "the engine still works for nobody"
        assert "twin_generations_in_flight 0.0" in client.get("/metrics").text


def _ask_and_leave(url: str, path: str, stream: bool, held: Held) -> None:
    host, port = url.removeprefix("http://").split(":")
    body = json.dumps({**QUESTION, "input": "Who are you?", "stream": stream}).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode() + body)
        assert held.asked.acquire(timeout=20)


def test_one_answer_too_many_is_refused_with_the_time_to_come_back(start: Start, held: Held):
    with start(concurrency=1) as url, httpx.Client(base_url=url, timeout=30) as client:
        with client.stream("POST", CHAT, json={**QUESTION, "stream": True}) as first:
            assert held.asked.acquire(timeout=20)
            refused = client.post(CHAT, json=QUESTION)
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "2")
            assert refused.json()["error"]["code"] == "overloaded"
            assert client.post(RESPONSES, json={"model": "base", "input": "Hello"}).status_code == 429
            assert client.get("/healthz").status_code == 200
            held.release.release()
            assert "[DONE]" in first.read().decode()
        held.release.release()
        assert client.post(CHAT, json={**QUESTION, "stream": True}).status_code == 200
        assert 'twin_refused_requests_total{limit="concurrency"} 2.0' in client.get("/metrics").text


def test_an_answer_that_takes_too_long_is_cut_off(start: Start, held: Held):
    with start(timeout_s=0.5) as url, httpx.Client(base_url=url, timeout=30) as client:
        late = client.post(CHAT, json=QUESTION)
        assert (late.status_code, late.json()["error"]["code"]) == (504, "timeout")
        streamed = client.post(CHAT, json={**QUESTION, "stream": True})
        last = streamed.text.strip().splitlines()[-1]
        assert json.loads(last.removeprefix("data:"))["error"]["code"] == "timeout"
        assert held.freed.acquire(timeout=20)
        assert held.freed.acquire(timeout=20)


def test_a_body_that_is_too_large_is_refused_with_and_without_its_length(start: Start):
    with start(body_bytes=2000) as url, httpx.Client(base_url=url, timeout=30) as client:
        large = json.dumps({"what": "a" * 3000}).encode()
        for path in ("/api/sources", "/api/sources/recognize", CHAT):
            headers = {"Content-Type": "application/json"}
            assert client.post(path, content=large, headers=headers).status_code == 413, path
            assert client.post(path, content=iter([large[:1500], large[1500:]]), headers=headers).status_code == 413, (
                path
            )


def test_streams_in_flight_end_while_the_service_drains(held: Held, own_settings: Settings, search: Any):
    port = int(held._engine.url.rsplit(":", 1)[1])
    settings = own_settings.model_copy(update={"ports": own_settings.ports.model_copy(update={"engine": port})})
    app = create_app(settings, search, Path)
    listener = socket.create_server(("127.0.0.1", 0))
    server = DrainingServer(uvicorn.Config(app, log_level="error", ws="none", loop="asyncio"), app.state.service)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with (
        httpx.Client(base_url=url, timeout=30) as client,
        client.stream("POST", CHAT, json={**QUESTION, "stream": True}) as answer,
    ):
        assert held.asked.acquire(timeout=20)
        server.handle_exit(signal.SIGTERM, None)
        ready = client.get("/readyz")
        assert ready.status_code == 503
        assert "the service is stopping" in ready.json()["missing"]
        assert client.post(CHAT, json=QUESTION).status_code == 503
        held.release.release()
        assert "[DONE]" in answer.read().decode()
    thread.join(20)
    assert not thread.is_alive()
    listener.close()


def test_a_fault_of_the_service_is_told_with_the_id_it_is_logged_under(
    own_settings: Settings, search: Any, served: Any, caplog: pytest.LogCaptureFixture
):
    app = create_app(own_settings, search, Path)

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("a fault")

    with served(app) as url:
        answer = httpx.get(f"{url}/broken")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")
    assert answer.headers["x-request-id"] in answer.json()["error"]["message"]
    assert "a fault" in caplog.text


def test_requests_are_counted_by_route_and_their_ids_given_back(api: httpx.Client):
    assert api.get("/api/sources", headers={"X-Request-ID": "client-id-1"}).headers["x-request-id"] == "client-id-1"
    made = api.get("/api/nonsense/123", headers={"X-Request-ID": "bad id"}).headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", made)
    api.patch("/api/sources/nobody", json={"paused": True})
    api.post(CHAT, json={**QUESTION, "stream": True})
    api.post(CHAT, json=QUESTION)
    shown = api.get("/metrics").text
    for line in (
        'twin_http_requests_total{method="GET",route="/api/sources",status="200"} 1.0',
        'twin_http_requests_total{method="PATCH",route="/api/sources/{name}",status="404"} 1.0',
        'twin_http_requests_total{method="-",route="(none)",status="404"} 1.0',
        f'twin_http_request_seconds_count{{method="POST",route="{CHAT}"}} 2.0',
        "twin_time_to_first_token_seconds_count 1.0",
        "twin_tokens_out_total 6.0",
        "twin_engine_up 1.0",
        'twin_feedback_events{kind="thumb_up"} 0.0',
    ):
        assert line in shown, line


def test_a_bucket_gives_back_what_a_minute_brings():
    clock = [0.0]
    buckets = Buckets(lambda: clock[0])
    assert [buckets.take("a", 2) for _ in range(3)] == [0.0, 0.0, 30.0]
    assert buckets.take("b", 2) == 0.0
    clock[0] = 30.0
    assert buckets.take("a", 2) == 0.0
    assert buckets.take("a", 2) == 30.0
