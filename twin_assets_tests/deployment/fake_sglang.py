"""SGLang's HTTP API as far as the project uses it, with its traps, in plain ASGI; loaded by path from conftest.py."""

import asyncio
import json
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn


class FakeEngine:
    """Answers `reply`, or `<who> answers N` with N words of prompt, where who is `base` or the adapter's name.

    A user's message that comes with tools is answered with a call of the first one, given `{"who": …}`.
    """

    def __init__(self) -> None:
        self.url = ""
        self.adapters: dict[str, str] = {}
        self.ever: dict[str, str] = {}
        self.requests: list[dict[str, Any]] = []
        self.tokenized: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.started = True
        self.like_base: set[str] = set()
        self.silent: set[str] = set()
        self.refuse_chat = ""
        self.refuse_status = 400
        self.reply = ""
        self.finish = "stop"
        self.break_after: int | None = None
        self.gate: Callable[[str], threading.Event] | None = None
        self.in_flight = 0
        self.most_in_flight = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        raw = b""
        while True:
            message = await receive()
            raw += message.get("body", b"")
            if not message.get("more_body"):
                break
        body = json.loads(raw) if raw else {}
        self.calls.append(f"{scope['method']} {scope['path']}")
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await self._route(scope["path"], body, send)
        finally:
            self.in_flight -= 1

    async def _route(self, path: str, body: dict[str, Any], send: Any) -> None:
        if path == "/health":
            await _json(send, {}, 200 if self.started else 503)
        elif path == "/v1/models":
            cards: list[dict[str, Any]] = [{"id": "base", "root": "base", "parent": None, "max_model_len": 4096}]
            cards += [{"id": name, "root": root, "parent": "base"} for name, root in self.adapters.items()]
            await _json(send, {"object": "list", "data": cards})
        elif path == "/load_lora_adapter":
            name, folder = body["lora_name"], body["lora_path"]
            if name in self.adapters or not Path(folder).is_dir():
                await _json(send, {"success": False, "error_message": f"cannot load {name}"}, 400)
                return
            self.adapters[name] = self.ever[name] = folder
            await _json(send, {"success": True})
        elif path == "/unload_lora_adapter":
            known = self.adapters.pop(body["lora_name"], None) is not None
            await _json(send, {"success": known}, 200 if known else 400)
        elif path == "/tokenize":
            self.tokenized.append(body)
            text = body.get("prompt") or " ".join(f"role {m['content']}" for m in body["messages"])
            text += " ".join(json.dumps(tool) for tool in body.get("tools") or ())
            tokens = [zlib.crc32(word.encode()) for word in text.split()]
            await _json(send, {"tokens": tokens, "count": len(tokens)})
        elif path == "/generate":
            await self._generate(body, send)
        elif path == "/v1/chat/completions":
            await self._chat(body, send)
        else:
            await _json(send, {"detail": "Not Found"}, 404)

    def _who(self, name: str | None) -> str:
        """SGLang loads an adapter again that was ever there, and refuses one that never was."""
        if name is None:
            return "base"
        if name not in self.ever:
            raise LookupError(name)
        self.adapters.setdefault(name, self.ever[name])
        return name

    async def _generate(self, body: dict[str, Any], send: Any) -> None:
        who = self._who(body.get("lora_path"))
        shift = 0.0 if who == "base" or who in self.like_base else 0.5
        ids, start = body["input_ids"], body["logprob_start_len"]
        scored = [[None if n == start else -1.0 - shift, token, None] for n, token in enumerate(ids)][start:]
        await _json(send, {"text": "", "meta_info": {"input_token_logprobs": scored}})

    async def _chat(self, body: dict[str, Any], send: Any) -> None:
        self.requests.append(body)
        # The trap: only what follows a colon is an adapter; any other name is answered by the base model.
        name = body["model"].split(":", 1)[1] if ":" in body["model"] else None
        if self.refuse_chat:
            await _json(
                send, {"object": "error", "message": self.refuse_chat, "code": self.refuse_status}, self.refuse_status
            )
            return
        try:
            who = self._who(name)
        except LookupError:
            await _json(send, {"object": "error", "message": "Got LoRA adapter that has never been loaded"}, 400)
            return
        counted = sum(len(str(m["content"]).split()) for m in body["messages"])
        words = [] if who in self.silent else [who, " answers", f" {counted}"]
        words = [self.reply] if self.reply else words
        calls = _calls(body, who)
        words, finish = ([], "tool_calls") if calls else (words, self.finish)
        usage = {"prompt_tokens": counted, "completion_tokens": len(words), "total_tokens": counted + len(words)}
        head = {"id": "cmpl-1", "created": 1, "model": body["model"]}
        if not body.get("stream"):
            message: dict[str, Any] = {"role": "assistant", "content": "".join(words), "reasoning_content": None}
            message |= {"content": None, "tool_calls": calls} if calls else {}
            choice = {"index": 0, "message": message, "finish_reason": finish, "matched_stop": 2}
            await _json(send, {**head, "object": "chat.completion", "choices": [choice], "usage": usage})
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        deltas: list[tuple[dict[str, Any], str | None]] = [({"role": "assistant", "content": ""}, None)]
        deltas += [({"content": word}, None) for word in words]
        deltas += [({"tool_calls": [piece]}, None) for call in calls for piece in _pieces(call)] + [({}, finish)]
        for number, (delta, reason) in enumerate(deltas):
            if self.gate is not None and number == 2:
                await asyncio.to_thread(self.gate(who).wait, 20)
            if number == self.break_after:
                await _event(send, {"error": {"message": "out of memory", "code": 500}})
                break
            choice = {"index": 0, "delta": delta, "finish_reason": reason, "matched_stop": None}
            await _event(send, {**head, "object": "chat.completion.chunk", "choices": [choice]})
        else:
            if (body.get("stream_options") or {}).get("include_usage"):
                await _event(send, {**head, "object": "chat.completion.chunk", "choices": [], "usage": usage})
        await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})


def _calls(body: dict[str, Any], who: str) -> list[dict[str, Any]]:
    """The call of a tool that answers a request, if one does."""
    if not body.get("tools") or body.get("tool_choice") == "none" or body["messages"][-1]["role"] != "user":
        return []
    named = {"name": body["tools"][0]["function"]["name"], "arguments": json.dumps({"who": who})}
    return [{"id": "call_1", "index": 0, "type": "function", "function": named}]


def _pieces(call: dict[str, Any]) -> list[dict[str, Any]]:
    """A call as it is streamed: its name, then its arguments in two pieces."""
    arguments = call["function"]["arguments"]
    pieces = [{"index": 0, "function": {"arguments": part}} for part in (arguments[:3], arguments[3:])]
    return [{**call, "function": {"name": call["function"]["name"], "arguments": ""}}, *pieces]


async def _json(send: Any, payload: dict[str, Any], status: int = 200) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(payload).encode()})


async def _event(send: Any, payload: dict[str, Any]) -> None:
    await send(
        {"type": "http.response.body", "body": b"data: " + json.dumps(payload).encode() + b"\n\n", "more_body": True}
    )


class QuickServer(uvicorn.Server):
    """Looks a hundred times a second whether it should end, not ten times: hundreds of tests wait for it."""

    async def main_loop(self) -> None:
        """Serve until it should end."""
        counter = 0
        while not await self.on_tick(counter):
            counter += 1
            await asyncio.sleep(0.01)


@contextmanager
def served(app: Any) -> Iterator[str]:
    """An ASGI application on a free port of the loopback interface, in a thread; yields its URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = QuickServer(uvicorn.Config(app, log_level="error", lifespan="auto", ws="none", loop="asyncio"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        # The listening socket queues connections until the server takes them, so there is nothing to wait for.
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()
