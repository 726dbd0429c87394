"""Samples for the passages of a dataset: by rules, from an earlier version, and of questions that nothing answers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from twin_assets.datasets.assignment import family_order
from twin_assets.datasets.candidates import Passage
from twin_assets.datasets.contexts import FRAME_TOKENS, Context, Shelf
from twin_assets.datasets.drafts import Draft, Material
from twin_assets.datasets.families import FAMILIES, FAMILIES_VERSION, LAST_RESORT, RAG, UNANSWERABLE, Family
from twin_assets.datasets.passages import PASSAGES_VERSION, CountTokens
from twin_assets.datasets.questions import PROMPT_VERSION
from twin_assets.datasets.shingles import all_runs
from twin_assets.datasets.splits import split_of
from twin_assets.datasets.taken import Taken
from twin_assets.datasets.topics import Topics
from twin_assets.datasets.unanswerable import unanswered
from twin_assets.datasets.validation import rejection
from twin_assets.datasets.words import OVERLAP
from twin_assets.digests import digest
from twin_assets.prompts import NOT_WRITTEN
from twin_assets.records import Chunk, InstructionSample
from twin_assets.settings import DatasetSettings

RULES = "rules"
"""The `origin` of an instruction that no teacher wrote."""
_TRIES = 40
"""Drafts of a family that are looked at for one passage."""


class SampleBuilder:
    """Samples as they are made, and what is needed to make them; see `build_instructions` for the arguments."""

    def __init__(
        self,
        passages: Sequence[Passage],
        chunks: Sequence[Chunk],
        count_tokens: CountTokens,
        settings: DatasetSettings,
        known: Mapping[str, InstructionSample],
    ) -> None:
        self._passages, self._count, self._settings, self._known = passages, count_tokens, settings, known
        self._shares = {name: share for name, share in settings.shares.items() if name in FAMILIES and share > 0}
        self._topics = Topics(p.span.text for p in passages)
        splits = {p.document.document_id: p.split for p in passages}
        held_out = all_runs((p.span.text for p in passages if p.split != "train"), OVERLAP)
        self._shelf = Shelf(chunks, splits, held_out, count_tokens, settings.sample_tokens)
        self.samples: dict[str, InstructionSample] = {}
        """Samples by their ids."""
        self.fresh: dict[str, Material] = {}
        """What the samples that were not kept from before are made of."""
        self.taken = Taken()
        self.done: set[str] = set()
        """Ids of the passages that have all their samples."""

    def reuse(self, teacher: str) -> int:
        """Keep the known samples whose input is the same; how many there were."""
        for passage in self._passages:
            inputs = self._input(passage, teacher)
            for number in range(self._settings.samples_per_passage):
                sample = self._known.get(_sample_id(passage, number))
                if sample is None or sample.input_digest != inputs:
                    break
                if self._shelf.holds(sample.context_chunks, sample.split) and self.taken.keep(sample):
                    self.samples[sample.sample_id] = sample
                    self.done.add(passage.passage_id)
        return len(self.samples)

    def add(self, passage: Passage, teacher: str) -> str:
        """Make the samples of a passage; when it serves no family, why not."""
        shared = (passage.document, passage.span, passage.passage_id, passage.split, passage.chunk_ids, passage.place)
        material = Material(*shared, topics=self._topics)
        made = 0
        why: dict[str, None] = {}
        tried = [(name, FAMILIES[name]) for name in family_order(passage.passage_id, self._shares)]
        tried += [LAST_RESORT] if LAST_RESORT[0] in self._shares else []
        for family, make in tried:
            if made == self._settings.samples_per_passage or (made and make is LAST_RESORT[1]):
                break
            if (family == "code") != (passage.span.definition is not None):
                continue
            draft, context, reason = self._drafted(material, family, make)
            if draft is None:
                why |= dict.fromkeys([reason] if reason else [])
                continue
            sample = self._sample(passage, made, family, draft, context, self._input(passage, teacher))
            self.samples[sample.sample_id] = sample
            self.fresh[sample.sample_id] = material
            made += 1
        return "" if made else ", ".join(why) or "no draft"

    def add_unanswerable(self) -> None:
        """Add questions about what the author never wrote of, with passages that do not answer them."""
        share = self._settings.shares["unanswerable"]
        wanted = round(len(self.samples) * share / (1 - share))
        documents = {p.document.document_id: p.document for p in self._passages}
        settings = self._settings
        for identity, asked in unanswered(self._topics, wanted):
            split = split_of(identity, settings.seed, settings.validation, settings.test)
            sample_id = digest("sample", UNANSWERABLE, identity)
            inputs = digest("unanswerable", FAMILIES_VERSION, identity, split, settings.sample_tokens)
            before = self._known.get(sample_id)
            if before and before.input_digest == inputs and self._shelf.holds(before.context_chunks, split):
                if self.taken.keep(before):
                    self.samples[sample_id] = before
                continue
            context = self._shelf.context(identity, split, asked, NOT_WRITTEN, (), "")
            if context is None:
                continue
            first = documents[context.documents[0]]
            sample = InstructionSample(
                sample_id=sample_id,
                document_id=first.document_id,
                start=0,
                end=0,
                instruction=asked,
                answer=NOT_WRITTEN,
                origin=RULES,
                split=split,
                chunk_ids=(),
                title=first.title,
                url=first.url,
                kind=first.kind,
                input_digest=inputs,
                family=UNANSWERABLE,
                context=context.block,
                edits="",
                context_documents=context.documents,
                context_chunks=context.chunks,
            )
            if self.taken.keep(sample):
                self.samples[sample.sample_id] = sample

    def _drafted(self, material: Material, family: str, make: Family) -> tuple[Draft | None, Context | None, str]:
        """The first draft of a family that is good enough, with its context; else why the last one is not."""
        reason = ""
        for number, draft in enumerate(make(material)):
            if number == _TRIES:
                break
            context = None
            reason = self.taken.refusal(draft, material) or rejection(draft, material)
            if not reason and family == RAG:
                context = self.context(material, draft)
                if context is None:
                    self.taken.refused["no_context"] += 1
                    return None, None, "no_context"
            if not reason and self.too_long(draft, context):
                reason = "too_long"
            if not reason:
                self.taken.take(draft, material)
                self.taken.refused["accepted"] += 1
                return draft, context, ""
            self.taken.refused[reason] += 1
        return None, None, reason

    def context(self, material: Material, draft: Draft) -> Context | None:
        """Passages that hold a draft's answer, among others; None where they do not fit, or must not be shown."""
        answer = material.document.text[draft.start : draft.end]
        gold, document_id = material.chunk_ids, material.document.document_id
        return self._shelf.context(material.passage_id, material.split, draft.instruction, answer, gold, document_id)

    def too_long(self, draft: Draft, context: Context | None) -> bool:
        """Whether a sample would have too many tokens; with a context it has not: the shelf sees to it."""
        if context is not None:
            return False
        tokens = sum(self._count([draft.instruction])) + self._settings.passage_tokens + FRAME_TOKENS
        return tokens > self._settings.sample_tokens

    def _sample(
        self, passage: Passage, number: int, family: str, draft: Draft, context: Context | None, inputs: str
    ) -> InstructionSample:
        sample = InstructionSample(
            sample_id=_sample_id(passage, number),
            document_id=passage.document.document_id,
            start=draft.start,
            end=draft.end,
            instruction=draft.instruction,
            answer=passage.document.text[draft.start : draft.end],
            origin=RULES,
            split=passage.split,
            chunk_ids=passage.chunk_ids,
            title=passage.document.title,
            url=passage.document.url,
            kind=passage.document.kind,
            input_digest=inputs,
            family=family,
            context="",
            edits=draft.edits,
            context_documents=(),
            context_chunks=(),
        )
        return with_context(sample, context)

    def _input(self, passage: Passage, teacher: str) -> str:
        return digest(
            "instruction",
            (PASSAGES_VERSION, PROMPT_VERSION, FAMILIES_VERSION),
            passage.passage_id,
            (passage.document.kind, passage.document.title, passage.span.heading_path),
            (passage.place, passage.chunk_ids, passage.split),
            (self._shares, self._settings.samples_per_passage, self._settings.sample_tokens),
            teacher,
        )


def _sample_id(passage: Passage, number: int) -> str:
    return digest("sample", passage.passage_id, number)


def with_context(sample: InstructionSample, context: Context | None) -> InstructionSample:
    """The sample with a context, if there is one."""
    if context is None:
        return sample
    return replace(sample, context=context.block, context_documents=context.documents, context_chunks=context.chunks)
