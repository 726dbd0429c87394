"""The teacher: a language model that is asked for instructions, through LiteLLM.

By default it is the base model behind the twin's own SGLang server; any model that LiteLLM knows takes its place by
a file of `config/models/`. Neither texts nor keys are ever logged.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from twin_assets.errors import ConfigError, EngineError
from twin_assets.progress import Meter, Report, silent
from twin_assets.settings import TeacherConfig

ENGINE = "engine"
"""The `api_base` that stands for the twin's own SGLang server."""

TIMEOUT_S = 60.0
ATTEMPTS = 3
BACKOFF_S = 1.0
GIVE_UP = 12
"""Questions running without an answer after which the rest is not asked."""

Sleep = Callable[[float], Awaitable[None]]


class Teacher:
    """Asks one model many questions at once.

    Args:
        config: which model, and how many requests at once.
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
        self._failing = 0
        self.failures: Counter[str] = Counter()
        """How many questions went without an answer, by reason."""

    def ask(self, prompts: Sequence[str]) -> list[str | None]:
        """`ask_many` for callers that are not asynchronous; closes the connections that it opened."""

        async def ask_and_close() -> list[str | None]:
            try:
                return await self.ask_many(list(prompts))
            finally:
                await _close_clients()

        return asyncio.run(ask_and_close())

    async def ask_many(self, prompts: list[str]) -> list[str | None]:
        """The answers to prompts, in their order; None where there is none, with its reason in `failures`.

        The first prompt is asked alone: a server that is down, hangs or refuses is found by one request.
        Raises EngineError in that case, and when the model goes away or fails `GIVE_UP` times running later on.
        """
        if not prompts:
            return []
        meter = Meter("asking the teacher", len(prompts), self._report)
        places = asyncio.Semaphore(self._config.concurrency)

        async def one(prompt: str) -> str | None:
            async with places:
                answer = await self._ask(prompt)
            meter.advance()
            return answer

        first = await one(prompts[0])
        if self.failures["refused"]:
            raise self._refused()
        if self.failures["timeout"]:
            raise self._away(f"did not answer within {self._timeout_s:g} s")
        try:
            async with asyncio.TaskGroup() as group:
                rest = [group.create_task(one(prompt)) for prompt in prompts[1:]]
        except* EngineError as errors:
            raise errors.exceptions[0] from None
        return [first, *(task.result() for task in rest)]

    async def _ask(self, prompt: str) -> str | None:
        reason = ""
        for attempt in range(self._attempts):
            if attempt:
                await self._sleep(self._backoff_s * 2 ** (attempt - 1))
            answer, reason = await self._try(prompt)
            if answer is not None:
                self._failing = 0
                return answer
            if reason == "refused":
                break
        if reason == "unreachable":
            raise self._away("cannot be reached")
        self.failures[reason] += 1
        self._failing += 1
        if self._failing >= GIVE_UP:
            raise self._away(f"failed {self._failing} times running (last: {reason})")
        return None

    async def _try(self, prompt: str) -> tuple[str | None, str]:
        """One request: the answer, or why there is none. Raises EngineError for what no further try can mend."""
        litellm = _litellm()
        from openai import OpenAIError

        try:
            async with asyncio.timeout(self._timeout_s):
                response = await litellm.acompletion(
                    model=self._config.model,
                    messages=[{"role": "user", "content": prompt}],
                    api_base=self._base,
                    api_key=self._key,
                    temperature=self._config.temperature,
                    max_tokens=self._config.max_tokens,
                    timeout=self._timeout_s,
                    max_retries=0,
                )
        except (TimeoutError, litellm.Timeout):
            return None, "timeout"
        except litellm.RateLimitError:
            return None, "rate limit"
        except (
            litellm.AuthenticationError,
            litellm.PermissionDeniedError,
            litellm.NotFoundError,
        ):
            raise self._refused() from None
        except litellm.BadRequestError:
            return None, "refused"
        except OpenAIError as error:
            return None, "unreachable" if _no_connection(error) else "server error"
        content = response.choices[0].message.content if response.choices else None
        return (content, "") if content else (None, "empty")

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


def _litellm() -> Any:
    """LiteLLM, kept from fetching a price map at import and from printing and logging what is asked."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    import litellm

    litellm.suppress_debug_info = True
    litellm.turn_off_message_logging = True
    return litellm


async def _close_clients() -> None:
    """LiteLLM keeps clients for good, though each is bound to an event loop that ends with `asyncio.run`."""
    litellm = _litellm()
    await litellm.close_litellm_async_clients()
    litellm.in_memory_llm_clients_cache.flush_cache()


def _no_connection(error: BaseException) -> bool:
    """Whether the request never reached a server, by the chain of causes: LiteLLM's own class does not say."""
    import httpx

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, httpx.ConnectError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
