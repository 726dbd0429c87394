"""A request of `POST /v1/responses`: OpenAI's fields, and `retrieval` besides them, as a chat that the twin answers."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Discriminator, Field, Tag

from twin_assets.serving.chat_request import (
    ChatMessage,
    ChatRequest,
    RetrievalOptions,
    StreamOptions,
    require_answerable,
)
from twin_assets.serving.openai_errors import ApiError, bad_request


class InputText(BaseModel):
    """A part of a message; only text is taken."""

    type: Literal["input_text", "output_text", "text"]
    text: str


class InputMessage(BaseModel):
    """A message of the user's, of the model's, or one that instructs."""

    type: Literal["message"] = "message"
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[InputText]


class FunctionCall(BaseModel):
    """A call of a function, as an earlier response has it."""

    type: Literal["function_call"]
    call_id: str
    name: str
    arguments: str


class FunctionOutput(BaseModel):
    """What a function gave."""

    type: Literal["function_call_output"]
    call_id: str
    output: str | list[InputText]


def _type_of(item: Any) -> str:
    given = item.get("type", "message") if isinstance(item, dict) else getattr(item, "type", "message")
    return str(given)


Item = Annotated[
    Annotated[InputMessage, Tag("message")]
    | Annotated[FunctionCall, Tag("function_call")]
    | Annotated[FunctionOutput, Tag("function_call_output")],
    Discriminator(_type_of),
]


class FunctionTool(BaseModel):
    """A function that the model may call; other tools are run by OpenAI, and there are none here."""

    type: Literal["function"]
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class FunctionChoice(BaseModel):
    """The one function that is to be called."""

    type: Literal["function"]
    name: str


class ResponsesRequest(BaseModel):
    """What is asked. Nothing is stored: a conversation goes on by sending the whole of it as `input`.

    Fields of OpenAI's API that are not named here have no effect.
    """

    model: str
    input: str | Annotated[list[Item], Field(min_length=1)]
    instructions: str | None = None
    stream: bool = False
    max_output_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    tools: list[FunctionTool] | None = None
    tool_choice: Literal["none", "auto", "required"] | FunctionChoice | None = None
    parallel_tool_calls: bool | None = None
    previous_response_id: str | None = None
    conversation: str | dict[str, Any] | None = None
    background: bool | None = None
    store: bool | None = None
    metadata: dict[str, str] | None = None
    retrieval: bool | RetrievalOptions = True

    def chat(self) -> ChatRequest:
        """The same as a request of `POST /v1/chat/completions`. Raises ApiError (400)."""
        self._require_nothing_stored()
        messages = _messages(self.input)
        if self.instructions:
            messages.insert(0, ChatMessage(role="system", content=self.instructions))
        try:
            require_answerable(messages)
        except ApiError as error:
            raise bad_request(error.message, "input") from None
        return ChatRequest(
            model=self.model,
            messages=messages,
            stream=self.stream,
            stream_options=StreamOptions(include_usage=True) if self.stream else None,
            max_completion_tokens=self.max_output_tokens,
            temperature=self.temperature,
            top_p=self.top_p,
            tools=[_chat_tool(tool) for tool in self.tools] if self.tools else None,
            tool_choice=self._chat_choice(),
            parallel_tool_calls=self.parallel_tool_calls,
            retrieval=self.retrieval,
        )

    def _require_nothing_stored(self) -> None:
        for name in ("previous_response_id", "conversation"):
            if getattr(self, name) is not None:
                what = "responses are not stored here: send the conversation so far as `input`"
                raise bad_request(what, name, "unsupported_value")
        if self.background:
            raise bad_request("a response is given at once or not at all here", "background", "unsupported_value")

    def _chat_choice(self) -> str | dict[str, Any] | None:
        if isinstance(self.tool_choice, FunctionChoice):
            return {"type": "function", "function": {"name": self.tool_choice.name}}
        return self.tool_choice


def _messages(given: str | list[Any]) -> list[ChatMessage]:
    """The messages of a chat; calls that follow each other are of one message."""
    if isinstance(given, str):
        return [ChatMessage(role="user", content=given)]
    messages: list[dict[str, Any]] = []
    for item in given:
        if isinstance(item, FunctionOutput):
            messages.append({"role": "tool", "tool_call_id": item.call_id, "content": _text(item.output)})
        elif isinstance(item, InputMessage):
            messages.append({"role": item.role, "content": _text(item.content)})
        else:
            if not messages or messages[-1]["role"] != "assistant":
                messages.append({"role": "assistant", "content": None})
            function = {"name": item.name, "arguments": item.arguments}
            call = {"id": item.call_id, "type": "function", "function": function}
            messages[-1].setdefault("tool_calls", []).append(call)
    return [ChatMessage.model_validate(message) for message in messages]


def _text(content: str | list[InputText]) -> str:
    return content if isinstance(content, str) else "\n".join(part.text for part in content)


def _chat_tool(tool: FunctionTool) -> dict[str, Any]:
    return {"type": "function", "function": tool.model_dump(exclude={"type"}, exclude_unset=True)}
