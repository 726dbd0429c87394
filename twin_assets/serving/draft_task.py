"""What a draft is written from, gathered for a request or for the revision of another draft."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from anyio import CapacityLimiter, move_on_after, to_thread
from fastapi.concurrency import run_in_threadpool

from twin_assets.drafting import materials
from twin_assets.drafting.fence import new_mark
from twin_assets.drafting.formats import RULES, Format, Length
from twin_assets.drafting.habits import Habits
from twin_assets.drafting.materials import Material
from twin_assets.drafting.prompt import request_of, revision_of, with_draft
from twin_assets.drafting.store import StoredDraft
from twin_assets.errors import TwinError
from twin_assets.records import Scope
from twin_assets.retrieval.filters import Filter
from twin_assets.serving.context import Found, Quotation
from twin_assets.serving.draft_request import DraftRequest, RevisionRequest
from twin_assets.serving.habit_reader import HabitReader
from twin_assets.serving.service import Service

READERS = 16
"""Materials that are read at once, of all drafts."""


@dataclass(frozen=True, slots=True)
class Task:
    """All that a draft is written from.

    `asked` is what the model is asked and later learns from, `shown` the same with the draft below it that is to be
    changed. `links` are texts with the links that may be in the draft. `extra` goes into the draft as it is, `note` is
    what there is to say about the search.
    """

    how: Format
    length: Length
    model: str
    instruction: str
    asked: str
    shown: str
    mark: str
    own: Sequence[Quotation]
    material: Sequence[Material]
    scope: Scope
    links: Sequence[str]
    habits: Habits
    variants: int = 1
    extra: dict[str, Any] = field(default_factory=dict)
    note: dict[str, Any] = field(default_factory=dict)


class Tasks:
    """Gathers what the drafts of one author are written from."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._habits = HabitReader(service.tables)
        # Pages that do not answer must not hold up the threads that searches run in.
        self._reading = CapacityLimiter(READERS)

    async def of_request(self, ask: DraftRequest) -> Task:
        """Material read and passages found, for a draft that is asked for."""
        habits = await self._habits_on(ask.format)
        material = await self._material(ask)
        titles = [one.title for one in material if one.text]
        own, note = await self._own(ask, "\n".join([ask.prompt, *titles]))
        asked = request_of(ask.format, ask.prompt, ask.length, ask.tone, habits)
        return Task(
            how=ask.format,
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
            habits=habits,
            variants=ask.variants,
            note=note,
        )

    async def of_revision(self, draft: StoredDraft, ask: RevisionRequest) -> Task:
        """What a draft was written from, for a change of one of its variants: nothing is fetched again."""
        kept, mark = draft.sources, new_mark()
        manner, asked = kept["manner"], revision_of(draft.asked, ask.instruction)
        text = ask.text or draft.variants[ask.variant]
        return Task(
            how=manner["format"],
            length=manner["length"],
            model=manner["model"],
            instruction=ask.instruction,
            asked=asked,
            shown=with_draft(asked, text, mark),
            mark=mark,
            own=[Quotation(**one) for one in kept["own"]],
            material=[Material(**one) for one in kept["material"]],
            scope=draft.scope,
            links=[*kept["links"], ask.instruction, ask.text or ""],
            habits=await self._habits_on(manner["format"]),
            extra={"revision_of": draft.draft_id, "revised_from": text},
            note={"enabled": bool(kept["own"])},
        )

    async def _habits_on(self, how: Format) -> Habits:
        return await run_in_threadpool(self._habits.of, RULES[how].habits_of)

    async def _material(self, ask: DraftRequest) -> list[Material]:
        """Links, texts and files, each read or with an error; all at once."""
        fetcher = materials.fetcher_for(self._service.settings.collection)
        home = self._service.settings.home
        late = materials.too_slow
        reading = [
            *(self._read(late("link", url, url), materials.read_link, url, fetcher) for url in ask.links),
            *(self._read(late("text", one.title), materials.read_text, one.title, one.text) for one in ask.texts),
            *(self._read(late("file", upload), materials.read_upload, home, upload) for upload in ask.files),
        ]
        return list(await asyncio.gather(*reading))

    async def _read(self, late: Material, read: Callable[..., Material], *given: Any) -> Material:
        """What is read, or `late` when that takes too long. The thread is left to end by its own limits of time."""
        with move_on_after(materials.READ_SECONDS):
            return await to_thread.run_sync(read, *given, abandon_on_cancel=True, limiter=self._reading)
        return late

    async def _own(self, ask: DraftRequest, query: str) -> tuple[Sequence[Found], dict[str, Any]]:
        """The author's own passages; without a search the twin writes all the same."""
        k = (ask.k or self._service.settings.retrieval.k) if ask.retrieval else 0
        note: dict[str, Any] = {"enabled": k > 0}
        found: Sequence[Found] = []
        if k:
            try:
                found = await run_in_threadpool(self._service.search, query, k, ask.filters.filter)
            except TwinError as error:
                note["error"] = error.what
        return found, note | {"found": len(found)}


def _scope_of(found: Sequence[Found], only: Filter) -> Scope:
    """Private as soon as one passage is, or may be."""
    private = any(getattr(one, "scope", only.scope) == "private" for one in found)
    return "private" if private else "public"
