"""A request of `POST /v1/chat/completions`: OpenAI's fields, and `retrieval` besides them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from twin_assets.prompts import system_message
from twin_assets.records import Kind, Scope
from twin_assets.retrieval.filters import Filter
from twin_assets.serving.context import Turn
from twin_assets.serving.openai_errors import bad_request
from twin_assets.serving.scopes import Moment, SourceNames

_FORWARDED = {
    "temperature",
    "top_p",
    "n",
    "stop",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "logprobs",
    "top_logprobs",
    "response_format",
    "stream_options",
}


class TextPart(BaseModel):
    """A part of a message; only text is taken."""

    type: Literal["text"]
    text: str


class ToolCall(BaseModel):
    """A call of a tool that the model asked for."""

    model_config = ConfigDict(extra="allow")

    id: str


class ChatMessage(BaseModel):
    """One message as a client sends it; an assistant's has no content where it only calls tools."""

    model_config = ConfigDict(extra="allow")

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[TextPart] | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None

    @property
    def text(self) -> str:
        """The message's text, its parts joined."""
        content = self.content or ""
        return content if isinstance(content, str) else "\n".join(part.text for part in content)

    @property
    def turn(self) -> Turn:
        """The message for the engine: calls of tools and what these gave as they came, everything else as text."""
        if self.role == "tool" or self.tool_calls:
            return self.model_dump(exclude_unset=True)
        return {"role": self.role, "content": self.text}


class RetrievalOptions(BaseModel):
    """How to retrieve: `k` passages, or as many as the settings say; and from what.

    With the scope `private`, which is for the author alone, private passages are found, too.
    """

    model_config = ConfigDict(extra="forbid")

    k: Annotated[int, Field(ge=1, le=20)] | None = None
    kinds: list[Kind] | None = None
    sources: SourceNames | None = None
    since: Moment | None = None
    until: Moment | None = None
    scope: Scope = "public"


class StreamOptions(BaseModel):
    """OpenAI's options of a stream."""

    include_usage: bool = False


class ChatRequest(BaseModel):
    """What is asked. Fields of OpenAI's API that are not named here have no effect."""

    model: str
    messages: Annotated[list[ChatMessage], Field(min_length=1)]
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    n: Annotated[int, Field(ge=1, le=8)] | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    response_format: dict[str, Any] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    retrieval: bool | RetrievalOptions = True

    @property
    def question(self) -> str:
        """The user's last message: the one that is answered, and searched for."""
        return next((m.text for m in reversed(self.messages) if m.role == "user"), "")

    @property
    def tooling(self) -> dict[str, Any]:
        """What is said about tools, for the engine as it came."""
        fields = ("tools", "tool_choice", "parallel_tool_calls")
        return {name: value for name in fields if (value := getattr(self, name)) is not None}

    def wanted_tokens(self, default: int) -> int:
        """Tokens of an answer at most."""
        return self.max_completion_tokens or self.max_tokens or default

    def passages_wanted(self, default: int) -> int:
        """How many passages to look for; 0 when retrieval is off."""
        if isinstance(self.retrieval, bool):
            return default if self.retrieval else 0
        return self.retrieval.k or default

    @property
    def searched(self) -> Filter:
        """What is searched for passages."""
        if isinstance(self.retrieval, bool):
            return Filter()
        asked = self.retrieval
        return Filter(kinds=asked.kinds, sources=asked.sources, since=asked.since, until=asked.until, scope=asked.scope)

    def chat(self, author: str) -> list[Turn]:
        """The messages under the twin's own system message, which what the client's say is added to."""
        own = system_message(author)["content"]
        added = [m.text for m in self.messages if m.role in ("system", "developer")]
        turns = [m.turn for m in self.messages if m.role not in ("system", "developer")]
        return [{"role": "system", "content": "\n\n".join([own, *added])}, *turns]

    def engine_body(self, messages: list[Turn], max_tokens: int, default_temperature: float) -> dict[str, Any]:
        """The request to the engine; its `model` is set where it is sent."""
        body = self.model_dump(include=_FORWARDED, exclude_none=True) | self.tooling
        return {"temperature": default_temperature, **body, "messages": messages, "max_tokens": max_tokens}


def parse(raw: bytes) -> ChatRequest:
    """The request that a body holds. Raises ApiError (400) that names the first wrong field."""
    try:
        request = ChatRequest.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise bad_request(f"{field or 'The body'}: {first['msg']}", field or None) from None
    require_answerable(request.messages)
    return request


def require_answerable(messages: list[ChatMessage]) -> None:
    """Raises ApiError (400): there is nothing to answer, or something that a tool gave belongs to no call."""
    if messages[-1].role not in ("user", "tool"):
        raise bad_request("the last message must be the user's, or a tool's", "messages")
    asked = next((m for m in reversed(messages) if m.role == "user"), None)
    if asked is None or not asked.text.strip():
        raise bad_request("the user's last message is empty", "messages")
    called: set[str] = set()
    for number, message in enumerate(messages):
        if message.role != "tool":
            called = {call.id for call in message.tool_calls or ()}
            if message.content is None and not called:
                raise bad_request("a message without content must call tools", f"messages.{number}.content")
        elif message.tool_call_id not in called:
            what = "a tool's message must follow the message that called it, and name its call"
            raise bad_request(what, f"messages.{number}.tool_call_id")
