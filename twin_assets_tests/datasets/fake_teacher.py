"""A language model behind OpenAI's chat completions, in plain ASGI, that fails just as it is told to."""

import asyncio
import json
from typing import Any, Literal

Fault = int | Literal["hangs", "drips", "waits", "is empty", "is no JSON", "has another form", "is fenced"]
"""A status instead of an answer, or another way not to give one."""

_JSON = [(b"content-type", b"application/json")]


class FakeTeacher:
    """Answers a prompt with the instruction `About <prompt>`, after the faults that `faults` holds, one a request."""

    def __init__(self) -> None:
        self.url = ""
        self.forget()

    def forget(self) -> None:
        """Be as new, at the same address."""
        self.model = "base"
        """What it says that it is."""
        self.paths: list[str] = []
        self.keys: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.faults: dict[str, list[Fault]] = {}
        self.meeting: asyncio.Barrier | None = None
        """Where all requests but the first wait for each other before any is answered."""
        self.most_in_flight = 0
        self._in_flight = 0
        self._another_answered = asyncio.Event()

    @property
    def asked(self) -> list[str]:
        """The prompts of all requests."""
        return [body["messages"][-1]["content"] for body in self.bodies]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        raw, more = b"", True
        while more:
            message = await receive()
            raw, more = raw + message.get("body", b""), message.get("more_body", False)
        body = json.loads(raw)
        self.paths.append(scope["path"])
        self.keys.append(dict(scope["headers"]).get(b"authorization", b"").decode())
        self.bodies.append(body)
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        if self.meeting is not None and len(self.bodies) > 1:
            await self.meeting.wait()
        self._in_flight -= 1
        await self._answer(body["messages"][-1]["content"], receive, send)

    async def _answer(self, prompt: str, receive: Any, send: Any) -> None:
        faults = self.faults.get(prompt)
        fault = faults.pop(0) if faults else 200
        if fault == "hangs":
            await _gone(receive)
            return
        if fault == "waits":
            await self._another_answered.wait()
        elif fault == 200 and len(self.bodies) > 1:
            self._another_answered.set()
        status = fault if isinstance(fault, int) else 200
        await send({"type": "http.response.start", "status": status, "headers": _JSON})
        if fault == "drips":
            await _drip(receive, send)
        await send({"type": "http.response.body", "body": self._body(prompt, fault)})

    def _body(self, prompt: str, fault: Fault) -> bytes:
        if fault == "is no JSON":
            return b"<html>Welcome to the proxy</html>"
        if isinstance(fault, int) and fault != 200:
            # Some servers repeat the key that they refuse.
            return json.dumps({"error": {"message": f"status {fault} for {self.keys[-1]}", "code": fault}}).encode()
        content = "" if fault == "is empty" else json.dumps({"instruction": f"About {prompt}"})
        if fault == "has another form":
            content = "About nothing that was asked for"
        elif fault == "is fenced":
            content = f"```json\n{content}\n```"
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}
        usage = {"prompt_tokens": 30, "completion_tokens": 4, "total_tokens": 34}
        head = {"id": "cmpl-1", "object": "chat.completion", "created": 1, "model": self.model}
        return json.dumps({**head, "choices": [choice], "usage": usage}).encode()


async def _gone(receive: Any) -> None:
    """Until the client has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _drip(receive: Any, send: Any) -> None:
    """White space, a byte at a time, for some seconds or until the client has gone."""
    gone = asyncio.ensure_future(_gone(receive))
    for _ in range(200):
        await send({"type": "http.response.body", "body": b" ", "more_body": True})
        await asyncio.wait([gone], timeout=0.02)
        if gone.done():
            return
    gone.cancel()
