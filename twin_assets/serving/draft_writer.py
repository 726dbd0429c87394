"""Writing a draft: material read, passages found, the prompt made, variants written side by side, the draft kept.

All that happens is told as events, in the order of the API's stream; who wants the draft as a whole takes the last.
Leaving the generator early ends the generation on the engine, too.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from fastapi.concurrency import run_in_threadpool

from twin_assets.deployment.records import Deployment
from twin_assets.drafting import materials
from twin_assets.drafting.fence import harmless, new_mark
from twin_assets.drafting.finish import finish
from twin_assets.drafting.formats import RULES, Format, Length
from twin_assets.drafting.habits import Habits
from twin_assets.drafting.materials import Material
from twin_assets.drafting.prompt import Composed, Source, TooLong, compose, request_of, revision_of, with_draft
from twin_assets.drafting.store import StoredDraft
from twin_assets.errors import TwinError
from twin_assets.monitoring.traces import Trace, cited, new_id
from twin_assets.prompts import Message
from twin_assets.records import Scope
from twin_assets.retrieval.filters import Filter
from twin_assets.serving.context import Found, Quotation
from twin_assets.serving.draft_request import DraftRequest, RevisionRequest
from twin_assets.serving.habit_reader import HabitReader
from twin_assets.serving.openai_errors import bad_request
from twin_assets.serving.provenance import provenance
from twin_assets.serving.service import Service

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Task:
    """All that a draft is written from."""

    how: Format
    length: Length
    model: str
    instruction: str
    asked: str
    shown: str
    """What the model is asked: `asked`, with the draft below it that is to be changed."""
    mark: str
    own: Sequence[Quotation]
    material: Sequence[Material]
    scope: Scope
    links: Sequence[str]
    variants: int = 1
    extra: Event = field(default_factory=dict)
    note: Event = field(default_factory=dict)


class DraftWriter:
    """Writes the drafts of one author."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._habits = HabitReader(service.tables)

    async def write(self, ask: DraftRequest) -> AsyncIterator[Event]:
        """A draft as events, the last of them `draft`. Raises ApiError, TwinError."""
        how, habits = ask.format, await self._habits_on(ask.format)
        material = await self._material(ask)
        titles = [one.title for one in material if one.text]
        own, note = await self._own(ask, "\n".join([ask.prompt, *titles]))
        asked = request_of(how, ask.prompt, ask.length, ask.tone, habits)
        task = _Task(
            how=how,
            length=ask.length,
            model=ask.model,
            instruction=ask.prompt,
            asked=asked,
            shown=asked,
            mark=new_mark(),
            own=[Quotation.of(one) for one in own],
            material=material,
            scope=_scope_of(own, ask.filters.filter),
            links=[ask.prompt, *ask.links, *(one.text for one in ask.texts)],
            variants=ask.variants,
            note=note,
        )
        async for event in self._written(task, habits):
            yield event

    async def revise(self, draft: StoredDraft, ask: RevisionRequest) -> AsyncIterator[Event]:
        """A new draft: a variant of another one, changed as is asked. Raises ApiError, TwinError."""
        kept, mark = draft.sources, new_mark()
        text = ask.text or draft.variants[ask.variant]
        asked = revision_of(draft.asked, ask.instruction)
        task = _Task(
            how=kept["manner"]["format"],
            length=kept["manner"]["length"],
            model=kept["manner"]["model"],
            instruction=ask.instruction,
            asked=asked,
            shown=with_draft(asked, text, mark),
            mark=mark,
            own=[Quotation(**one) for one in kept["own"]],
            material=[Material(**one) for one in kept["material"]],
            scope=draft.scope,
            links=[*kept["links"], ask.instruction, ask.text or ""],
            extra={"revision_of": draft.draft_id},
            note={"enabled": bool(kept["own"])},
        )
        async for event in self._written(task, await self._habits_on(task.how)):
            yield event

    async def _habits_on(self, how: Format) -> Habits:
        return await run_in_threadpool(self._habits.of, RULES[how].habits_of)

    async def _material(self, ask: DraftRequest) -> list[Material]:
        """Links, texts and files, each read or with an error; the links at once."""
        fetcher = materials.fetcher_for(self._service.settings.collection)
        home = self._service.settings.home
        reading = [
            *(run_in_threadpool(materials.read_link, url, fetcher) for url in ask.links),
            *(run_in_threadpool(materials.read_text, one.title, one.text) for one in ask.texts),
            *(run_in_threadpool(materials.read_upload, home, upload) for upload in ask.files),
        ]
        return list(await asyncio.gather(*reading))

    async def _own(self, ask: DraftRequest, query: str) -> tuple[Sequence[Found], Event]:
        """The author's own passages, and what there is to say about the search."""
        k = (ask.k or self._service.settings.retrieval.k) if ask.retrieval else 0
        note: Event = {"enabled": k > 0}
        found: Sequence[Found] = []
        if k:
            try:
                found = await run_in_threadpool(self._service.search, query, k, ask.filters.filter)
            except TwinError as error:
                note["error"] = error.what
        return found, note | {"found": len(found)}

    async def _written(self, task: _Task, habits: Habits) -> AsyncIterator[Event]:
        composed, tokens = await self._composed(task)
        used = await self._count(composed.excerpts)
        shown = [
            {
                "kind": one.kind,
                "title": one.title,
                "url": one.url,
                "tokens": tokens[n],
                "used_tokens": used[n],
                "error": one.error or None,
            }
            for n, one in enumerate(task.material)
        ]
        for one in shown:
            yield {"type": "material", "material": one}
        quotations = [_kept(q, n) for q, n in zip(task.own, composed.passages, strict=True) if n]
        citations = [one.citation(number) for number, one in enumerate(quotations, 1)]
        yield {"type": "sources", "citations": citations}
        texts, cut_off = [""] * task.variants, [False] * task.variants
        answered: list[Deployment | None] = []
        async for number, text, finish_reason in self._generated(task, composed, answered):
            texts[number] += text
            cut_off[number] |= finish_reason == "length"
            if text:
                yield {"type": "delta", "variant": number, "text": text}
        deployment = answered[0] if answered else None
        links = "\n".join([*task.links, *(one.url for one in task.own)])
        finished = [
            finish(text, task.how, task.length, habits, links, cut) for text, cut in zip(texts, cut_off, strict=True)
        ]
        body: Event = {
            "draft_id": new_id("draft"),
            "created_at": datetime.now(UTC).isoformat(timespec="microseconds"),
            "format": task.how,
            "instruction": task.instruction,
            "variants": [
                {
                    "variant": number,
                    "text": one.text,
                    "parts": list(one.parts),
                    "characters": one.characters,
                    "warnings": list(one.warnings),
                }
                for number, one in enumerate(finished)
            ],
            "citations": citations,
            "materials": shown,
            "twin": provenance(task.model, deployment, retrieval=task.note | {"used": len(citations)}),
            "status": "draft",
            "accepted_text": None,
            **task.extra,
        }
        await run_in_threadpool(self._keep, task, body, quotations, composed.excerpts, deployment)
        yield {"type": "draft", "draft": body}

    async def _composed(self, task: _Task) -> tuple[Composed, list[int]]:
        """The prompt, and the tokens of each material. Raises ApiError (400): there is no room for a draft."""
        service = self._service
        own = [harmless(one.text) for one in task.own]
        material = [harmless(one.text) for one in task.material]
        tokens = await self._count([*own, *material])
        sources = [
            Source(title, text, count)
            for title, text, count in zip(
                [*(one.title for one in task.own), *(_title(one) for one in task.material)],
                [*own, *material],
                tokens,
                strict=True,
            )
        ]
        try:
            composed = await compose(
                service.settings.author,
                task.shown,
                sources[: len(own)],
                sources[len(own) :],
                task.mark,
                RULES[task.how].max_tokens(task.length),
                service.settings.service.context_tokens,
                service.engine.count_tokens,
            )
        except TooLong as error:
            context = service.settings.service.context_tokens
            raise bad_request(
                f"the prompt needs {error.tokens} tokens, and the context of {context} holds the draft, too",
                "prompt",
                "context_length_exceeded",
            ) from error
        return composed, tokens[len(own) :]

    async def _count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without those that the chat's template adds."""

        async def of(text: str) -> int:
            messages: list[Message] = [{"role": "user", "content": text}]
            return await self._service.engine.count_tokens(messages)

        if not any(texts):
            return [0] * len(texts)
        template, *counts = await asyncio.gather(*(of(text) for text in ["", *texts]))
        return [max(count - template, 0) for count in counts]

    async def _generated(
        self, task: _Task, composed: Composed, answered: list[Deployment | None]
    ) -> AsyncIterator[tuple[int, str, str | None]]:
        """Variant, text and reason to end of each piece, as they come from all variants."""
        queue: asyncio.Queue[tuple[int, str, str | None] | BaseException | None] = asyncio.Queue()

        async def run(number: int) -> None:
            try:
                async for text, reason in self._variant(task, composed, answered):
                    await queue.put((number, text, reason))
            except Exception as error:
                await queue.put(error)
            else:
                await queue.put(None)

        running = [asyncio.create_task(run(number)) for number in range(task.variants)]
        try:
            left = task.variants
            while left:
                piece = await queue.get()
                if isinstance(piece, BaseException):
                    raise piece
                if piece is None:
                    left -= 1
                else:
                    yield piece
        finally:
            for one in running:
                one.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*running, return_exceptions=True)

    async def _variant(
        self, task: _Task, composed: Composed, answered: list[Deployment | None]
    ) -> AsyncIterator[tuple[str, str | None]]:
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
        task: _Task,
        body: Event,
        quotations: Sequence[Quotation],
        excerpts: Sequence[str],
        deployment: Deployment | None,
    ) -> None:
        """The draft with what a revision needs, and its trace."""
        service, identity, created = self._service, body["draft_id"], body["created_at"]
        kept = [replace(one, text=text) for one, text in zip(task.material, excerpts, strict=True) if text]
        sources: Event = {
            "manner": {"format": task.how, "length": task.length, "model": task.model},
            "own": [_fields(one) for one in quotations],
            "material": [_fields(one) for one in kept],
            "links": list(task.links),
        }
        documents = tuple(dict.fromkeys(one.document_id for one in quotations))
        service.drafts.put(StoredDraft(identity, created, task.scope, task.asked, documents, body, sources))
        texts = tuple(variant["text"] for variant in body["variants"])
        citations = cited(body["citations"])
        service.traces.add(
            Trace(identity, "draft", created, task.model, task.scope, task.asked, texts, citations, deployment)
        )


def _scope_of(found: Sequence[Found], only: Filter) -> Scope:
    """Private as soon as one passage is, or may be."""
    private = any(getattr(one, "scope", only.scope) == "private" for one in found)
    return "private" if private else "public"


def _title(material: Material) -> str:
    return f"{material.title} ({material.url})" if material.url not in ("", material.title) else material.title


def _kept(quotation: Quotation, characters: int) -> Quotation:
    """The quotation as the model was shown it."""
    if characters >= len(harmless(quotation.text)):
        return quotation
    return replace(quotation, text=quotation.text[:characters], end=min(quotation.end, quotation.start + characters))


def _fields(one: Quotation | Material) -> Event:
    return {name: getattr(one, name) for name in one.__slots__}
