"""SGLang's endpoints as the service uses them, at a fixed speed: what a benchmark of the service stands on.

    python benchmarks/stub_engine.py PORT [--rate 20] [--first 0.05]

Each stream writes its first token after `--first` seconds and then `--rate` tokens a second, however many streams there
are. An answer has `max_tokens` tokens. Tokens are counted as words. Any adapter that is loaded answers.
"""

import argparse
import asyncio
import json
from typing import Any

import uvicorn

WORD = " kettle"


class StubEngine:
    """A server of one model, as an ASGI application."""

    def __init__(self, rate: float, first: float) -> None:
        self._rate, self._first = rate, first
        self._adapters: dict[str, str] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request; a client that goes away ends its stream at the next token."""
        raw = b""
        while (message := await receive()).get("more_body"):
            raw += message["body"]
        raw += message.get("body", b"")
        body = json.loads(raw) if raw else {}
        if scope["path"] == "/v1/chat/completions":
            await self._chat(body, send)
        else:
            await _respond(send, "application/json", json.dumps(self._facts(scope["path"], body)).encode())

    def _facts(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if path == "/tokenize":
            return {"count": sum(len(message["content"].split()) + 4 for message in body["messages"])}
        if path == "/load_lora_adapter":
            self._adapters[body["lora_name"]] = body["lora_path"]
        if path == "/v1/models":
            cards = [{"id": name, "root": root, "parent": "base"} for name, root in self._adapters.items()]
            return {"object": "list", "data": [{"id": "base", "root": "base", "parent": None}, *cards]}
        return {"success": True}

    async def _chat(self, body: dict[str, Any], send: Any) -> None:
        tokens, begun = int(body["max_tokens"]), asyncio.get_running_loop().time() + self._first
        if not body.get("stream"):
            await _until(begun + tokens / self._rate)
            choice = {"index": 0, "message": {"role": "assistant", "content": WORD * tokens}, "finish_reason": "stop"}
            usage = {"prompt_tokens": 1, "completion_tokens": tokens, "total_tokens": 1 + tokens}
            answer = {"id": "stub", "object": "chat.completion", "model": body["model"], "choices": [choice]}
            await _respond(send, "application/json", json.dumps({**answer, "usage": usage}).encode())
            return
        await _start(send, "text/event-stream")
        head = {"id": "stub", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}
        for number in range(tokens + 1):
            await _until(begun + min(number, tokens - 1) / self._rate)
            delta, finish = ({"content": WORD}, None) if number < tokens else ({}, "stop")
            choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish, "matched_stop": None}
            event = b"data: " + json.dumps({**head, "choices": [choice], "usage": None}).encode() + b"\n\n"
            await send({"type": "http.response.body", "body": event, "more_body": True})
        await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})


async def _until(when: float) -> None:
    await asyncio.sleep(max(0.0, when - asyncio.get_running_loop().time()))


async def _start(send: Any, kind: str) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind.encode())]})


async def _respond(send: Any, kind: str, body: bytes) -> None:
    await _start(send, kind)
    await send({"type": "http.response.body", "body": body})


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("--rate", type=float, default=20.0, help="tokens a second of each stream")
    parser.add_argument("--first", type=float, default=0.05, help="seconds to the first token")
    arguments = parser.parse_args()
    app = StubEngine(arguments.rate, arguments.first)
    uvicorn.run(app, host="127.0.0.1", port=arguments.port, log_level="error", lifespan="off", access_log=False)


if __name__ == "__main__":
    main()
