"""What SGLang's HTTP API is asked and answers, for the synchronous client and the asynchronous one alike.

Two traps of the server are closed here. A request for model `a` is answered by the **base** model when `a` is the
name of an adapter, or of nothing at all: an adapter is therefore always addressed as `base:a` (chat) or by
`lora_path` (generate). And a request for an adapter that was unloaded loads it again without a word: the name is
therefore looked up among the loaded adapters before anything is sent.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from twin_assets.deployment.engine_process import BASE
from twin_assets.errors import AdapterNotLoaded, EngineError, RequestRefused
from twin_assets.prompts import Message

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 600.0
"""An answer waits behind others in the server's queue, and a CPU makes tens of tokens in a second."""

_ASKED = ("/v1/chat/completions", "/tokenize")
"""Paths that take what a client of the twin says."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A chat answer; `finish_reason` is `stop`, or `length` when it was cut off."""

    text: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int


def model_name(adapter: str | None) -> str:
    """The `model` of a chat request such that the base cannot answer in the adapter's place."""
    return BASE if adapter is None else f"{BASE}:{adapter}"


def chat_body(
    messages: Sequence[Message], adapter: str | None, max_tokens: int, temperature: float, seed: int | None
) -> dict[str, Any]:
    """The body of `POST /v1/chat/completions`; a seed takes effect where the server was started deterministic."""
    body: dict[str, Any] = {"messages": list(messages), "max_tokens": max_tokens, "temperature": temperature}
    return body | {"model": model_name(adapter)} | ({} if seed is None else {"seed": seed})


def answer_of(completion: dict[str, Any]) -> Answer:
    """The first choice of a chat completion."""
    choice, usage = completion["choices"][0], completion["usage"]
    text = choice["message"]["content"] or ""
    return Answer(text, choice["finish_reason"], usage["prompt_tokens"], usage["completion_tokens"])


def logprobs_body(prompt: Sequence[int], answer: Sequence[int], adapter: str | None) -> dict[str, Any]:
    """The body of `POST /generate` that scores the answer's tokens and generates none.

    The server scores no token at the position where it starts, so it starts at the prompt's last one.
    Raises EngineError: the prompt is empty, so that the answer's first token could not be scored.
    """
    if not prompt:
        raise EngineError("the prompt of a text to be scored is empty", "give at least one token before the answer")
    body: dict[str, Any] = {
        "input_ids": [*prompt, *answer],
        "sampling_params": {"max_new_tokens": 0, "temperature": 0},
        "return_logprob": True,
        "logprob_start_len": len(prompt) - 1,
    }
    return body | ({} if adapter is None else {"lora_path": adapter})


def logprobs_of(generated: dict[str, Any], answer: Sequence[int]) -> list[float]:
    """Natural log probabilities of the answer's tokens. Raises EngineError: not these tokens were scored."""
    scored = generated["meta_info"]["input_token_logprobs"][1:]
    if [token for _, token, *_ in scored] != list(answer) or any(value is None for value, *_ in scored):
        raise EngineError(
            f"the engine scored {len(scored)} tokens, not the {len(answer)} that were asked for, or not as numbers",
            "an adapter with weights that are not finite does this; train it again",
        )
    return [float(value) for value, *_ in scored]


def adapters_of(models: dict[str, Any]) -> dict[str, str]:
    """Name and folder of each loaded adapter, from `GET /v1/models`."""
    return {card["id"]: card["root"] for card in models["data"] if card.get("parent")}


def require_loaded(adapter: str | None, loaded: Collection[str]) -> None:
    """Raises AdapterNotLoaded: the base model must not answer in an adapter's place."""
    if adapter is not None and adapter not in loaded:
        raise AdapterNotLoaded(
            f"adapter {adapter!r} is not loaded on the engine (loaded: {', '.join(sorted(loaded)) or 'none'})",
            "load it first, or materialize `deployed_twin` to deploy one",
        )


def refusal(path: str, status: int, body: str) -> EngineError:
    """The server's own words on why it refused; they hold no prompt."""
    faulty = status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY) and path in _ASKED
    kind = RequestRefused if faulty else EngineError
    return kind(f"the engine refused {path!r} ({status}): {words(body)}")


def words(body: str) -> str:
    """The message in the body of an error response, in whichever of SGLang's shapes it comes."""
    try:
        return message_of(json.loads(body))
    except ValueError:
        return body[:300]


def message_of(body: Any) -> str:
    """The message in an error's body: `{"error": {"message": ...}}`, `{"message": ...}` or `{"error_message": ...}`."""
    if isinstance(body, dict):
        error = body.get("error")
        body = error if isinstance(error, dict) else body
        body = body.get("message") or body.get("error_message") or body
    return " ".join(str(body).split())[:300]


def unreachable(base_url: str, error: Exception) -> EngineError:
    """The server is away, or too slow."""
    reason = str(error) or type(error).__name__
    return EngineError(f"no answer from the engine at {base_url}: {reason}", "see `twin status`; `twin up` starts it")
