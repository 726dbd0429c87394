"""An answer in the shape of OpenAI's responses, made of a chat completion or of its chunks.

SGLang has `/v1/responses`, too, but hands no adapter on to its generator: the base model would answer in the twin's
name. What is written here comes by the chat's way, which cannot do that. The shapes are the `openai` package's own.
"""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Literal

from openai.types.responses import Response as OpenAIResponse
from openai.types.responses import (
    ResponseFunctionToolCall,
    ResponseOutputItem,
    ResponseOutputMessage,
    ResponseOutputText,
    ResponseUsage,
)
from openai.types.responses.response_usage import InputTokensDetails, OutputTokensDetails

from twin_assets.serving.openai_errors import ApiError
from twin_assets.serving.responses_request import ResponsesRequest

Event = dict[str, Any]
Status = Literal["in_progress", "completed", "incomplete"]


@dataclass
class ResponseWriter:
    """One response, as far as it is written, and the events that tell how it is written."""

    ask: ResponsesRequest
    response_id: str
    temperature: float
    created_at: int = field(default_factory=lambda: int(time.time()))
    output: list[ResponseOutputItem] = field(default_factory=list)
    usage: ResponseUsage | None = None
    finish: str = ""
    extra: dict[str, Any] = field(default_factory=dict)
    sent: int = 0

    def whole(self, completion: dict[str, Any]) -> dict[str, Any]:
        """The response that a completion makes."""
        choice = completion["choices"][0]
        self._note(completion)
        self.finish = choice["finish_reason"]
        calls = choice["message"].get("tool_calls") or []
        if choice["message"]["content"] or not calls:
            self._open_message().content = [_part(choice["message"]["content"] or "")]
        for call in calls:
            self._open_call(call).arguments = call["function"]["arguments"]
        self._close()
        return self.shown()

    async def events(self, chunks: AsyncIterator[dict[str, Any]]) -> AsyncIterator[Event]:
        """The events of a stream of chunks, of which `response.completed` or `response.incomplete` is the last."""
        yield self._event("response.created", response=self.shown())
        yield self._event("response.in_progress", response=self.shown())
        async for chunk in chunks:
            self._note(chunk)
            for choice in chunk["choices"]:
                for told in self._told(choice["delta"]):
                    yield told
                self.finish = choice.get("finish_reason") or self.finish
        if not self.output:
            for told in self._message_events():
                yield told
        for told in self._ended():
            yield told
        status = self._close()
        yield self._event(f"response.{status}", response=self.shown())

    def failed(self, error: ApiError) -> Event:
        """The last event of a response that broke off."""
        fault = {"code": "server_error", "message": error.message}
        return self._event("response.failed", response=self.shown() | {"status": "failed", "error": fault})

    def shown(self) -> dict[str, Any]:
        """The response as it is now."""
        ask, status = self.ask, self._status()
        response = OpenAIResponse.model_validate(
            {
                "id": self.response_id,
                "object": "response",
                "created_at": self.created_at,
                "status": status,
                "error": None,
                "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
                "instructions": ask.instructions,
                "max_output_tokens": ask.max_output_tokens,
                "metadata": ask.metadata or {},
                "model": ask.model,
                "output": [item.model_dump() for item in self.output],
                "parallel_tool_calls": ask.parallel_tool_calls is not False,
                "previous_response_id": None,
                "temperature": self.temperature if ask.temperature is None else ask.temperature,
                "tool_choice": "auto" if ask.tool_choice is None else ask.model_dump()["tool_choice"],
                "tools": [{"parameters": None, "strict": None} | tool.model_dump() for tool in ask.tools or ()],
                "top_p": 1.0 if ask.top_p is None else ask.top_p,
                "truncation": "auto",
                "usage": self.usage.model_dump() if self.usage else None,
                "store": False,
                **self.extra,
            }
        )
        return response.model_dump(mode="json", exclude_unset=True)

    def _status(self) -> Status:
        return "in_progress" if not self.finish else "incomplete" if self.finish == "length" else "completed"

    def _note(self, completion: dict[str, Any]) -> None:
        """Keep what an answer has besides its text: where it came from, and its tokens."""
        self.extra |= {name: completion[name] for name in ("citations", "twin") if name in completion}
        if usage := completion.get("usage"):
            cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
            self.usage = ResponseUsage(
                input_tokens=usage["prompt_tokens"],
                input_tokens_details=InputTokensDetails(cached_tokens=cached, cache_write_tokens=0),
                output_tokens=usage["completion_tokens"],
                output_tokens_details=OutputTokensDetails(reasoning_tokens=usage.get("reasoning_tokens") or 0),
                total_tokens=usage["total_tokens"],
            )

    def _told(self, delta: dict[str, Any]) -> list[Event]:
        """The events of a piece of text, or of pieces of calls."""
        events: list[Event] = []
        if text := delta.get("content"):
            if not self.output or not isinstance(self.output[-1], ResponseOutputMessage):
                events += [*self._ended(), *self._message_events()]
            message = self.output[-1]
            message.content[0].text += text  # type: ignore[union-attr, index]
            where = {"item_id": message.id, "content_index": 0}
            events.append(self._about("response.output_text.delta", **where, delta=text, logprobs=[]))
        for piece in delta.get("tool_calls") or ():
            if piece.get("id"):
                events += self._ended()
                added = self._open_call(piece)
                events.append(self._about("response.output_item.added", item=added.model_dump()))
            call = self.output[-1]
            if (more := piece["function"].get("arguments")) and isinstance(call, ResponseFunctionToolCall):
                call.arguments += more
                events.append(self._about("response.function_call_arguments.delta", item_id=call.id, delta=more))
        return events

    def _message_events(self) -> list[Event]:
        message = self._open_message()
        added = self._about("response.output_item.added", item=message.model_dump())
        message.content = [_part("")]
        where = {"item_id": message.id, "content_index": 0, "part": message.content[0].model_dump()}
        return [added, self._about("response.content_part.added", **where)]

    def _ended(self) -> list[Event]:
        """The events that end the item being written, if there is one."""
        if not self.output:
            return []
        item = self.output[-1]
        events: list[Event] = []
        if isinstance(item, ResponseFunctionToolCall):
            item.status = "completed"
            said = {"name": item.name, "arguments": item.arguments}
            events.append(self._about("response.function_call_arguments.done", item_id=item.id, **said))
        elif isinstance(item, ResponseOutputMessage):
            item.status = "incomplete" if self.finish == "length" else "completed"
            part = item.content[0].model_dump()
            where = {"item_id": item.id, "content_index": 0}
            events += [
                self._about("response.output_text.done", **where, text=part["text"], logprobs=[]),
                self._about("response.content_part.done", **where, part=part),
            ]
        return [*events, self._about("response.output_item.done", item=item.model_dump())]

    def _open_message(self) -> ResponseOutputMessage:
        identity = f"msg-{len(self.output)}-{self.response_id}"
        message = ResponseOutputMessage(id=identity, type="message", role="assistant", status="in_progress", content=[])
        self.output.append(message)
        return message

    def _open_call(self, call: dict[str, Any]) -> ResponseFunctionToolCall:
        opened = ResponseFunctionToolCall(
            id=f"fc-{len(self.output)}-{self.response_id}",
            type="function_call",
            call_id=call["id"],
            name=call["function"]["name"],
            arguments="",
            status="in_progress",
        )
        self.output.append(opened)
        return opened

    def _close(self) -> Status:
        """The response's status at its end, which its last item has, too."""
        self.finish = self.finish or "stop"
        status = self._status()
        for item in self.output:
            item.status = "completed"  # type: ignore[union-attr]
        self.output[-1].status = status  # type: ignore[union-attr]
        return status

    def _about(self, kind: str, **said: Any) -> Event:
        """An event about the item that is being written."""
        return self._event(kind, output_index=len(self.output) - 1, **said)

    def _event(self, kind: str, **said: Any) -> Event:
        self.sent += 1
        return {"type": kind, "sequence_number": self.sent - 1, **said}


def _part(text: str) -> ResponseOutputText:
    return ResponseOutputText(type="output_text", text=text, annotations=[], logprobs=[])
