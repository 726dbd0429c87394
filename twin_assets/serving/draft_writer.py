"""Writing a draft: the prompt made, variants written side by side, made to fit their platform, and kept.

All that happens is told as events, in the order of the API's stream; who wants the draft as a whole takes the last.
Closing the generator early ends the generation on the engine, too.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from fastapi.concurrency import run_in_threadpool

from twin_assets.deployment.records import Deployment
from twin_assets.drafting.fence import harmless
from twin_assets.drafting.finish import Finished, finish
from twin_assets.drafting.formats import RULES
from twin_assets.drafting.materials import Material
from twin_assets.drafting.prompt import Composed, Source, TooLong, compose
from twin_assets.drafting.store import StoredDraft
from twin_assets.errors import EngineError, RequestRefused
from twin_assets.monitoring.traces import AWAY, Trace, cited, new_id
from twin_assets.prompts import Message
from twin_assets.serving.context import Quotation
from twin_assets.serving.draft_request import DraftRequest, RevisionRequest
from twin_assets.serving.draft_task import Task, Tasks
from twin_assets.serving.openai_errors import bad_request
from twin_assets.serving.provenance import provenance
from twin_assets.serving.service import Service
from twin_assets.serving.side_by_side import side_by_side
from twin_assets.serving.stopwatch import Stopwatch

Event = dict[str, Any]


class DraftWriter:
    """Writes the drafts of one author."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._tasks = Tasks(service)

    async def write(self, ask: DraftRequest) -> AsyncGenerator[Event, None]:
        """A draft as events, the last of them `draft`. Raises ApiError, TwinError."""
        watch = Stopwatch()
        async with aclosing(self._watched(await self._tasks.of_request(ask), watch)) as events:
            async for event in events:
                yield event

    async def revise(self, draft: StoredDraft, ask: RevisionRequest) -> AsyncGenerator[Event, None]:
        """A new draft: a variant of another one, changed as is asked. Raises ApiError, TwinError."""
        watch = Stopwatch()
        async with aclosing(self._watched(await self._tasks.of_revision(draft, ask), watch)) as events:
            async for event in events:
                yield event

    async def _watched(self, task: Task, watch: Stopwatch) -> AsyncGenerator[Event, None]:
        """The events of a draft; one that the engine did not write to its end leaves a trace, too."""
        try:
            async with aclosing(self._written(task, watch)) as events:
                async for event in events:
                    yield event
        except RequestRefused:
            raise
        except EngineError:
            now = datetime.now(UTC).isoformat(timespec="microseconds")
            trace = Trace(new_id("draft"), "draft", now, task.model, task.scope, task.asked, (), (), None)
            kept = replace(trace, seconds=watch.seconds, first_token_s=watch.first_token_s, error=AWAY)
            await run_in_threadpool(self._service.traces.add, kept)
            raise

    async def _written(self, task: Task, watch: Stopwatch) -> AsyncGenerator[Event, None]:
        composed, tokens = await self._composed(task)
        used = await self._count(composed.excerpts)
        materials = [_material(*one) for one in zip(task.material, tokens, used, strict=True)]
        for read in materials:
            yield {"type": "material", "material": read}
        quotations = [_kept(q, n) for q, n in zip(task.own, composed.passages, strict=True) if n]
        citations = [one.citation(number) for number, one in enumerate(quotations, 1)]
        yield {"type": "sources", "citations": citations}
        texts, cut_off = [""] * task.variants, [False] * task.variants
        answered: list[Deployment | None] = []
        streams = [self._variant(task, composed, answered) for _ in texts]
        async with aclosing(side_by_side(streams)) as pieces:
            async for number, (text, reason) in pieces:
                texts[number] += text
                cut_off[number] |= reason == "length"
                if text:
                    watch.token()
                    yield {"type": "delta", "variant": number, "text": text}
        known = "\n".join([*task.links, *(one.url for one in task.own)])
        finished = [
            finish(text, task.how, task.length, task.habits, known, cut)
            for text, cut in zip(texts, cut_off, strict=True)
        ]
        body: Event = {
            "draft_id": new_id("draft"),
            "created_at": datetime.now(UTC).isoformat(timespec="microseconds"),
            "format": task.how,
            "instruction": task.instruction,
            "variants": [_shown(number, one) for number, one in enumerate(finished)],
            "citations": citations,
            "materials": materials,
            "twin": provenance(task.model, answered[0], retrieval=task.note | {"used": len(citations)}),
            "status": "draft",
            "accepted_text": None,
            **task.extra,
        }
        await run_in_threadpool(self._keep, task, body, quotations, composed.excerpts, answered[0], watch)
        yield {"type": "draft", "draft": body}

    async def _composed(self, task: Task) -> tuple[Composed, list[int]]:
        """The prompt, and the tokens of each material. Raises ApiError (400): there is no room for a draft."""
        service, context = self._service, self._service.settings.service.context_tokens
        titles = [*(one.title for one in task.own), *map(_title, task.material)]
        given: list[Quotation | Material] = [*task.own, *task.material]
        texts = [harmless(one.text) for one in given]
        tokens = await self._count(texts)
        sources = [Source(*one) for one in zip(titles, texts, tokens, strict=True)]
        own = len(task.own)
        try:
            composed = await compose(
                service.settings.author,
                task.shown,
                sources[:own],
                sources[own:],
                task.mark,
                RULES[task.how].max_tokens(task.length),
                context,
                service.engine.count_tokens,
            )
        except TooLong as error:
            message = f"the prompt needs {error.tokens} tokens, and the context of {context} holds the draft, too"
            raise bad_request(message, "prompt", "context_length_exceeded") from error
        return composed, tokens[own:]

    async def _count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without those that the chat's template adds."""

        async def of(text: str) -> int:
            messages: list[Message] = [{"role": "user", "content": text}]
            return await self._service.engine.count_tokens(messages)

        if not any(texts):
            return [0] * len(texts)
        template, *counts = await asyncio.gather(*(of(text) for text in ["", *texts]))
        return [max(count - template, 0) for count in counts]

    async def _variant(
        self, task: Task, composed: Composed, answered: list[Deployment | None]
    ) -> AsyncIterator[tuple[str, str | None]]:
        """Text and reason to end, piece by piece; what answers is added to `answered`."""
        service = self._service
        body = {
            "messages": composed.messages,
            "max_tokens": composed.max_tokens,
            "temperature": service.settings.service.temperature,
        }
        async with AsyncExitStack() as stack:

            async def opened(name: str | None) -> AsyncIterator[dict[str, Any]]:
                return await stack.enter_async_context(service.engine.stream(body, name))

            chunks, deployment = await service.through_adapter(task.model, opened)
            answered.append(deployment)
            async for chunk in chunks:
                for choice in chunk["choices"]:
                    yield choice["delta"].get("content") or "", choice.get("finish_reason")

    def _keep(
        self,
        task: Task,
        body: Event,
        quotations: Sequence[Quotation],
        excerpts: Sequence[str],
        deployment: Deployment | None,
        watch: Stopwatch,
    ) -> None:
        """The draft with what a revision needs, and its trace."""
        service, identity, created = self._service, body["draft_id"], body["created_at"]
        material = [replace(one, text=text) for one, text in zip(task.material, excerpts, strict=True) if text]
        sources: Event = {
            "manner": {"format": task.how, "length": task.length, "model": task.model},
            "own": [asdict(one) for one in quotations],
            "material": [asdict(one) for one in material],
            "links": list(task.links),
        }
        documents = tuple(dict.fromkeys(one.document_id for one in quotations))
        service.drafts.put(StoredDraft(identity, created, task.scope, task.asked, documents, body, sources))
        texts, citations = tuple(variant["text"] for variant in body["variants"]), cited(body["citations"])
        trace = Trace(identity, "draft", created, task.model, task.scope, task.asked, texts, citations, deployment)
        service.traces.add(replace(trace, seconds=watch.seconds, first_token_s=watch.first_token_s))


def _title(material: Material) -> str:
    return f"{material.title} ({material.url})" if material.url not in ("", material.title) else material.title


def _material(one: Material, tokens: int, used: int) -> Event:
    return {
        "kind": one.kind,
        "title": one.title,
        "url": one.url,
        "tokens": tokens,
        "used_tokens": used,
        "error": one.error or None,
    }


def _shown(number: int, one: Finished) -> Event:
    return {
        "variant": number,
        "text": one.text,
        "parts": list(one.parts),
        "characters": one.characters,
        "warnings": list(one.warnings),
    }


def _kept(quotation: Quotation, characters: int) -> Quotation:
    """The quotation as the model was shown it."""
    if characters >= len(harmless(quotation.text)):
        return quotation
    end = min(quotation.end, quotation.start + characters)
    return replace(quotation, text=quotation.text[:characters], end=end)
