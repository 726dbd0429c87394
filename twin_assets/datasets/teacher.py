"""The teacher: a language model that is asked for instructions, through LiteLLM.

By default it is the base model behind the twin's own SGLang server; any model that LiteLLM knows takes its place by
a file of `config/models/`. Neither texts nor keys are ever logged.
"""

import asyncio
import os
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

from pydantic import ValidationError

from twin_assets.datasets.consent import ENGINE, is_local
from twin_assets.datasets.litellm_client import close_clients, import_litellm, never_connected, price, usage
from twin_assets.datasets.questions import Question, Reply, response_key
from twin_assets.datasets.responses import Response, ResponseCache, Spent
from twin_assets.errors import ConfigError, EngineError
from twin_assets.progress import Meter, Report, silent
from twin_assets.settings import TeacherConfig

TIMEOUT_S = 60.0
ATTEMPTS = 3
BACKOFF_S = 1.0
GIVE_UP = 12
"""Questions running without an answer after which the rest is not asked."""

_RETRY_TEMPERATURE = 0.4
_FENCE = re.compile(r"^```(?:json)?\s*(.*?)\s*```$", re.S)
_SCHEMA = {
    "type": "json_schema",
    "json_schema": {"name": "instruction", "schema": Reply.model_json_schema(), "strict": True},
}

Sleep = Callable[[float], Awaitable[None]]


class Teacher:
    """Asks one model many questions at once; its answers have the JSON schema of `Reply`.

    Servers that constrain decoding by a schema (SGLang, vLLM, OpenAI) cannot answer otherwise; what another answers is
    validated, and asked for again when it is not of that form. An answer that is in the cache is not asked for.

    Args:
        config: which model, and how many requests at once.
        cache: the answers that are known; each further one is put there as it arrives.
        identity: which model, in words that change when its answers may.
        engine_url: the address of the twin's own server, without `/v1`; used when `api_base` is `engine`.
        timeout_s: seconds for one answer as a whole, however slowly it drips.
        attempts: tries of one question; answers of 429 and 5xx and timeouts are tried again.
        backoff_s: seconds before the second try; doubled for each further one.
        sleep: waits that long; replaced in tests.
        report: takes a line of progress now and then.

    Raises ConfigError when the environment variable of `api_key_env` is not set.
    """

    def __init__(
        self,
        config: TeacherConfig,
        engine_url: str,
        cache: ResponseCache,
        identity: str,
        *,
        timeout_s: float = TIMEOUT_S,
        attempts: int = ATTEMPTS,
        backoff_s: float = BACKOFF_S,
        sleep: Sleep = asyncio.sleep,
        report: Report = silent,
    ) -> None:
        self._config = config
        self._base = f"{engine_url.rstrip('/')}/v1" if config.api_base == ENGINE else config.api_base
        self._key = _key(config)
        self._timeout_s, self._attempts, self._backoff_s, self._sleep = timeout_s, attempts, backoff_s, sleep
        self._report = report
        self._cache, self._identity = cache, identity
        self._failing = 0
        self.spent = Spent(0, 0, 0, 0.0)
        """What the calls of this teacher have taken; an answer from the cache takes nothing."""
        self.failures: Counter[str] = Counter()
        """How many questions went without an answer, by reason."""

    def ask(self, questions: Sequence[Question]) -> list[str | None]:
        """`ask_many` for callers that are not asynchronous; closes the connections that it opened."""

        async def ask_and_close() -> list[str | None]:
            try:
                return await self.ask_many(list(questions))
            finally:
                await close_clients()

        return asyncio.run(ask_and_close())

    async def ask_many(self, questions: list[Question]) -> list[str | None]:
        """The instructions that are asked for, in order; None where there is none, with its reason in `failures`.

        The first question that is not in the cache is asked alone: a server that is down, hangs or refuses is found by
        one request. Raises EngineError in that case, and when the model goes away or fails `GIVE_UP` times running.
        """
        keys = [
            response_key(self._identity, q.prompt, self._config.temperature, self._config.max_tokens) for q in questions
        ]
        missing = {key: q for key, q in zip(keys, questions, strict=True) if self._cache.get(key) is None}
        await self._fill(missing)
        replies = [self._cache.get(key) for key in keys]
        return [Reply.model_validate_json(reply).instruction if reply else None for reply in replies]

    async def _fill(self, missing: dict[str, Question]) -> None:
        """Ask what is not in the cache."""
        if not missing:
            return
        meter = Meter("asking the teacher", len(missing), self._report)
        places = asyncio.Semaphore(self._config.concurrency)

        async def one(key: str, question: Question) -> None:
            async with places:
                await self._ask(key, question)
            meter.advance()

        (first, *rest) = missing.items()
        await one(*first)
        if self.failures["refused"]:
            raise self._refused()
        if self.failures["timeout"]:
            raise self._away(f"did not answer within {self._timeout_s:g} s")
        try:
            async with asyncio.TaskGroup() as group:
                for item in rest:
                    group.create_task(one(*item))
        except* EngineError as errors:
            raise errors.exceptions[0] from None

    async def _ask(self, key: str, question: Question) -> None:
        reason = ""
        for attempt in range(self._attempts):
            if attempt:
                await self._sleep(self._backoff_s * 2 ** (attempt - 1))
            reply, reason = await self._try(question, key, attempt)
            if reply is not None:
                self._failing = 0
                self._cache.put(reply)
                return
            if reason == "refused":
                break
        if reason == "unreachable":
            raise self._away("cannot be reached")
        self.failures[reason] += 1
        if reason == "invalid":
            return  # the server answers, the model only does not know how
        self._failing += 1
        if self._failing >= GIVE_UP:
            raise self._away(f"failed {self._failing} times running (last: {reason})")

    async def _try(self, question: Question, key: str, attempt: int) -> tuple[Response | None, str]:
        """One request: the answer, or why there is none. Raises EngineError for what no further try can mend."""
        litellm = import_litellm()
        from openai import OpenAIError

        try:
            async with asyncio.timeout(self._timeout_s):
                response = await litellm.acompletion(
                    model=self._config.model,
                    messages=[{"role": "user", "content": question.prompt}],
                    response_format=_SCHEMA,
                    api_base=self._base,
                    api_key=self._key,
                    # The same answer would be of the wrong form again.
                    temperature=max(self._config.temperature, _RETRY_TEMPERATURE if attempt else 0.0),
                    max_tokens=self._config.max_tokens,
                    drop_params=True,
                    timeout=self._timeout_s,
                    max_retries=0,
                )
        except (TimeoutError, litellm.Timeout):
            return None, "timeout"
        except litellm.RateLimitError:
            return None, "rate limit"
        except (litellm.AuthenticationError, litellm.PermissionDeniedError, litellm.NotFoundError):
            raise self._refused() from None
        except litellm.BadRequestError:
            return None, "refused"
        except OpenAIError as error:
            return None, "unreachable" if never_connected(error) else "server error"
        asked, answered = usage(response)
        cost = 0.0 if is_local(self._config) else price(response)
        calls = self.spent
        self.spent = Spent(calls.calls + 1, calls[1] + asked, calls[2] + answered, calls[3] + cost)
        content = response.choices[0].message.content if response.choices else None
        if not content:
            return None, "empty"
        try:
            reply = Reply.model_validate_json(_FENCE.sub(r"\1", content.strip()))
        except ValidationError:
            return None, "invalid"
        identity = question.sample_id, question.document_id, self._config.model
        return Response(key, *identity, reply.model_dump_json(), asked, answered, cost), ""

    def _away(self, what: str) -> EngineError:
        where = f" at {self._base}" if self._base else ""
        remedy = (
            "start the twin's own server (`twin up`), or name another teacher as datasets.teacher in config/twin.yaml"
        )
        if self._config.api_base != ENGINE:
            remedy = "check the network and `api_base` in the teacher's file of config/models/"
        return EngineError(f"the teacher {self._config.model!r}{where} {what}", remedy)

    def _refused(self) -> EngineError:
        return EngineError(
            f"the teacher {self._config.model!r} refused the request",
            "check `model` and `api_key_env` in the teacher's file of config/models/",
        )


def _key(config: TeacherConfig) -> str | None:
    if config.api_key_env is None:
        return "none" if config.api_base is not None else None  # a local server takes any key, but LiteLLM wants one
    key = os.environ.get(config.api_key_env)
    if not key:
        raise ConfigError(
            f"the teacher {config.model!r} needs the environment variable {config.api_key_env!r}, which is not set",
            f"set {config.api_key_env} to the key, or set datasets.teacher to 'local' in config/twin.yaml",
        )
    return key
