"""What the routes share: the engine, the record of what is deployed, the search, and the prompt that is made of it.

Which adapter answers is read anew for each request, so that a deployment takes effect with the next one. Requests in
flight end on the adapter they began with: the one before the current stays loaded.
"""

import os
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi.concurrency import run_in_threadpool

from twin_assets.deployment.async_engine import AsyncEngine
from twin_assets.deployment.deploy import Fetch
from twin_assets.deployment.records import Deployment, DeploymentStore
from twin_assets.drafting.store import DraftStore
from twin_assets.errors import AdapterNotLoaded, TwinError
from twin_assets.monitoring.traces import TraceStore
from twin_assets.serving.access import exposed
from twin_assets.serving.chat_request import ChatRequest
from twin_assets.serving.context import Found, Prompt, compose
from twin_assets.serving.dagster import Dagster
from twin_assets.serving.keys import KeyStore
from twin_assets.serving.measured_engine import MeasuredEngine
from twin_assets.serving.metrics import Metrics
from twin_assets.serving.openai_errors import no_such_model, nothing_deployed
from twin_assets.serving.provenance import BASE, TWIN, named_models
from twin_assets.serving.search import Search
from twin_assets.serving.sessions import Sessions
from twin_assets.settings import Settings
from twin_assets.storage import TableStore

T = TypeVar("T")
__all__ = ["BASE", "TWIN", "Service"]


class Service:
    """What the routes share: the engine, the record of what is deployed, and the search."""

    def __init__(self, settings: Settings, search: Search, fetch: Fetch) -> None:
        self.settings, self.search, self.fetch = settings, search, fetch
        self.metrics = Metrics()
        self.engine: AsyncEngine = MeasuredEngine(settings.url("engine"), self.metrics)
        self.deployments = DeploymentStore(settings.home)
        self.tables = TableStore.of(settings)
        self.traces, self.drafts = TraceStore(settings.home), DraftStore(settings.home)
        self.dagster = Dagster(settings.url("dagster"))
        self.keys = KeyStore.of(settings)
        self.sessions = Sessions(settings.home / "sessions.json", self.keys, settings.service.session_hours)
        self.exposed = exposed(settings.service)
        """Whether the service can be reached from elsewhere, and asks for keys."""
        # More searches at once than processors take longer each, and hold up the streams that are being written.
        self._searching = CapacityLimiter(os.cpu_count() or 1)
        self._seen: Deployment | None = None
        self.draining = False
        """Set once the service is asked to stop: what is in flight ends, nothing new begins."""

    async def close(self) -> None:
        """Close connections and files."""
        await self.engine.close()
        await self.dagster.close()
        self.traces.close()
        self.drafts.close()

    def deployed(self, model: str) -> Deployment | None:
        """What answers under a model's name; None stands for the base model. Raises ApiError (404, 503).

        Once something else was deployed, the engine is asked anew what it has: a deployment loads and unloads adapters.
        """
        current = self.deployments.current()
        if current is not self._seen:
            self._seen = current
            self.engine.forget_adapters()
        names = {BASE: None} if model == BASE else named_models(self.deployments)
        if model not in names:
            raise nothing_deployed() if model == TWIN else no_such_model(model, list(names))
        return names[model]

    async def prompt(self, request: ChatRequest) -> tuple[Prompt, dict[str, Any]]:
        """The prompt, and what there is to say about its retrieval; without a search the twin answers all the same."""
        settings = self.settings.service
        k = request.passages_wanted(self.settings.retrieval.k)
        found: list[Found] = []
        note: dict[str, Any] = {"enabled": k > 0}
        if k > 0:
            try:
                search = partial(self.search, request.question, k, request.searched)
                found = list(await to_thread.run_sync(search, limiter=self._searching))
            except TwinError as error:
                note["error"] = error.what
        prompt = await compose(
            request.chat(self.settings.author),
            found,
            request.wanted_tokens(settings.max_tokens),
            settings.context_tokens,
            partial(self.engine.count_tokens, tools=request.tooling),
        )
        return prompt, note | {"found": len(found), "used": len(prompt.quotations)}

    async def through_adapter(
        self, model: str, call: Callable[[str | None], Awaitable[T]]
    ) -> tuple[T, Deployment | None]:
        """Call with the adapter that answers now; one that a restarted engine has not got is loaded first."""
        deployment = self.deployed(model)
        try:
            return await call(deployment.adapter_name if deployment else None), deployment
        except AdapterNotLoaded:
            deployment = self.deployed(model)
            if deployment is None:
                raise
            folder = await run_in_threadpool(self.fetch, deployment.adapter_uri)
            if deployment.adapter_name not in await self.engine.loaded_adapters():
                await self.engine.load_adapter(deployment.adapter_name, str(folder))
            return await call(deployment.adapter_name), deployment
