"""The synchronous client of the SGLang server: adapters, chats and log probabilities."""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from twin_assets.deployment import protocol
from twin_assets.deployment.protocol import Answer
from twin_assets.errors import EngineError
from twin_assets.progress import Meter, Report, silent
from twin_assets.prompts import Message

T = TypeVar("T")
R = TypeVar("R")


class Engine:
    """A running SGLang server. Usable from several threads; to be closed, or used as a context manager."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        timeouts = httpx.Timeout(protocol.READ_TIMEOUT_S, connect=protocol.CONNECT_TIMEOUT_S)
        self._http = httpx.Client(base_url=self.base_url, timeout=timeouts, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ready(self) -> bool:
        """Whether the server has started and answered its own warm-up."""
        try:
            return self._http.get("/health", timeout=5.0).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def wait_ready(self, timeout_s: float, alive: Callable[[], bool] = lambda: True, poll_s: float = 0.5) -> float:
        """Wait until the server is ready and return the seconds waited.

        Raises EngineError: it was not ready in time, or `alive` (of its process) turned false.
        """
        started = time.monotonic()
        while not self.ready():
            waited = time.monotonic() - started
            if not alive():
                raise EngineError(f"the engine's process ended after {waited:.0f} s", "read the last lines of its log")
            if waited > timeout_s:
                raise EngineError(
                    f"the engine at {self.base_url} was not ready after {waited:.0f} s",
                    "read the last lines of its log; engine.start_timeout_s sets how long to wait",
                )
            time.sleep(poll_s)
        return time.monotonic() - started

    def context_tokens(self) -> int:
        """The longest prompt with its answer that the server takes, in tokens."""
        return int(self._json("GET", "/v1/models")["data"][0]["max_model_len"])

    def loaded_adapters(self) -> dict[str, str]:
        """Name and folder of each adapter on the server."""
        return protocol.adapters_of(self._json("GET", "/v1/models"))

    def load_adapter(self, name: str, folder: Path) -> bool:
        """Load an adapter while the server runs; false when it was there already from the same folder.

        One of the same name from elsewhere is replaced once its requests are finished. Raises EngineError: the
        server refused it (its message says why: rank, target modules, files).
        """
        loaded = self.loaded_adapters()
        if loaded.get(name) == str(folder):
            return False
        if not (folder / "adapter_config.json").is_file():
            raise EngineError(f"no adapter at {str(folder)!r}", "materialize the adapter's asset again")
        if name in loaded:
            self.unload_adapter(name)
        self._json("POST", "/load_lora_adapter", {"lora_name": name, "lora_path": str(folder)})
        return True

    def unload_adapter(self, name: str) -> bool:
        """Unload an adapter after the requests that use it; false when it was not there."""
        if name not in self.loaded_adapters():
            return False
        self._json("POST", "/unload_lora_adapter", {"lora_name": name})
        return True

    def tokenize(self, text: str) -> list[int]:
        """The tokens of a text, without any added around it."""
        return list(self._json("POST", "/tokenize", {"prompt": text, "add_special_tokens": False})["tokens"])

    def render(self, messages: Sequence[Message]) -> list[int]:
        """The tokens of a chat under the model's own template, up to where the answer begins."""
        return list(self._json("POST", "/tokenize", {"messages": list(messages)})["tokens"])

    def chat(
        self,
        messages: Sequence[Message],
        adapter: str | None = None,
        *,
        max_tokens: int = 256,
        temperature: float = 0.0,
        seed: int | None = None,
    ) -> Answer:
        """One answer, of an adapter or (with None) of the base model. Raises AdapterNotLoaded, EngineError."""
        self._require(adapter)
        return self._chat(protocol.chat_body(messages, adapter, max_tokens, temperature, seed))

    def generate_many(
        self,
        prompts: Sequence[Sequence[Message]],
        adapter: str | None = None,
        *,
        concurrency: int = 32,
        max_tokens: int = 256,
        temperature: float = 0.0,
        seed: int | None = None,
        report: Report = silent,
        arrived: Callable[[int, Answer], None] | None = None,
    ) -> list[Answer]:
        """An answer to each prompt, in their order; prompt `i` is sampled with `seed + i`.

        `arrived` is given the number of a prompt and its answer, as soon as there is one, in the caller's thread.

        Raises AdapterNotLoaded before anything is sent; EngineError when one request fails.
        """
        self._require(adapter)
        bodies = [
            protocol.chat_body(messages, adapter, max_tokens, temperature, None if seed is None else seed + number)
            for number, messages in enumerate(prompts)
        ]
        return self._many(self._chat, bodies, concurrency, "answers", report, arrived)

    def logprobs(
        self, prompt: str | Sequence[int], answer: str | Sequence[int], adapter: str | None = None
    ) -> list[float]:
        """Natural log probability of each token of `answer` after `prompt`, as texts or as token ids.

        Raises AdapterNotLoaded, EngineError.
        """
        self._require(adapter)
        return self._score((self._ids(prompt), self._ids(answer)), adapter)

    def logprobs_many(
        self,
        pairs: Sequence[tuple[Sequence[int], Sequence[int]]],
        adapter: str | None = None,
        *,
        concurrency: int = 4,
        report: Report = silent,
    ) -> list[list[float]]:
        """`logprobs` of many pairs of prompt and answer in token ids, in their order."""
        self._require(adapter)
        return self._many(lambda pair: self._score(pair, adapter), pairs, concurrency, "scored texts", report)

    def _score(self, pair: tuple[Sequence[int], Sequence[int]], adapter: str | None) -> list[float]:
        prompt, answer = pair
        if not answer:
            return []
        generated = self._json("POST", "/generate", protocol.logprobs_body(prompt, answer, adapter))
        return protocol.logprobs_of(generated, answer)

    def _chat(self, body: dict[str, Any]) -> Answer:
        return protocol.answer_of(self._json("POST", "/v1/chat/completions", body))

    def _ids(self, text: str | Sequence[int]) -> Sequence[int]:
        return self.tokenize(text) if isinstance(text, str) else text

    def _require(self, adapter: str | None) -> None:
        if adapter is not None:
            protocol.require_loaded(adapter, self.loaded_adapters())

    def _many(
        self,
        call: Callable[[T], R],
        items: Iterable[T],
        concurrency: int,
        what: str,
        report: Report,
        arrived: Callable[[int, R], None] | None = None,
    ) -> list[R]:
        waiting = list(items)
        meter = Meter(what, len(waiting), report)
        with ThreadPoolExecutor(concurrency, thread_name_prefix="engine") as pool:
            numbers = {pool.submit(call, item): number for number, item in enumerate(waiting)}
            try:
                for done in as_completed(numbers):
                    result = done.result()
                    if arrived is not None:
                        arrived(numbers[done], result)
                    meter.advance()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return [future.result() for future in numbers]

    def _json(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            response = self._http.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise protocol.unreachable(self.base_url, error) from error
        if response.is_error:
            raise protocol.refusal(path, response.status_code, response.text)
        answer: dict[str, Any] = response.json()
        return answer
