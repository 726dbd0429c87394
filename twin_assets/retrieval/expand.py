"""Other wordings of a query, by the served model; a search without them is a search all the same."""

import logging
import re
from collections.abc import Callable, Sequence

import httpx

from twin_assets.deployment.protocol import answer_of, chat_body
from twin_assets.prompts import Message

Expand = Callable[[str], Sequence[str]]
"""Other wordings of a query; none when there are none to be had."""

_PROMPT = (
    "Write {n} other search queries that mean the same as this one, in other words. "
    "One on each line, and nothing else.\n\nQuery: {query}"
)
_TOKENS = 32
"""Of one wording."""
_QUERY_CHARACTERS = 1000
_WORDING_CHARACTERS = 200
_MARK = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.):])?\s*[\"“]?|[\"”]?\s*$")


class EngineExpander:
    """Asks the base model behind the twin's own SGLang server. Never raises, and never asks twice.

    Args:
        engine_url: the server's address, without `/v1`.
        n: how many wordings, at most.
        timeout_s: seconds to wait for the server, for each step of the exchange.
    """

    def __init__(self, engine_url: str, n: int, timeout_s: float) -> None:
        self._url, self._n, self._timeout = f"{engine_url.rstrip('/')}/v1/chat/completions", n, timeout_s

    def __call__(self, query: str) -> list[str]:
        """Wordings other than the query itself."""
        content = _PROMPT.format(n=self._n, query=query[:_QUERY_CHARACTERS])
        messages: list[Message] = [{"role": "user", "content": content}]
        try:
            body = chat_body(messages, None, _TOKENS * self._n, 0.0, None)
            response = httpx.post(self._url, json=body, timeout=self._timeout, trust_env=False)
            answer = answer_of(response.raise_for_status().json()).text
        except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
            # The query is left out: what people ask is nobody's business but theirs.
            logging.getLogger(__name__).warning("no query expansion: %s", type(error).__name__)
            return []
        return wordings(answer, query, self._n)


def wordings(answer: str, query: str, n: int) -> list[str]:
    """The first `n` lines of an answer that differ from the query and from each other, without list marks."""
    found: dict[str, str] = {}
    for line in answer.splitlines():
        wording = " ".join(_MARK.sub("", line).split())[:_WORDING_CHARACTERS]
        if any(character.isalnum() for character in wording):
            found.setdefault(wording.casefold(), wording)
    found.pop(" ".join(query.split()).casefold(), None)
    return list(found.values())[:n]
