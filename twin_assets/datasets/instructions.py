"""The instruction dataset: for every passage of the author's own text, an instruction that it answers.

Instruction back-translation (Li et al. 2024, "Self-alignment with instruction backtranslation"): the answer is the
author's, only the request is made, by rules and, where one is asked, by a teacher.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from twin_assets.datasets.assignment import family_order
from twin_assets.datasets.candidates import Passage, candidates
from twin_assets.datasets.contexts import Context, Shelf
from twin_assets.datasets.drafts import Draft, Material
from twin_assets.datasets.families import FAMILIES, FAMILIES_VERSION, LAST_RESORT, RAG, UNANSWERABLE, Family
from twin_assets.datasets.figures import sample_figures
from twin_assets.datasets.passages import PASSAGES_VERSION, CountTokens
from twin_assets.datasets.questions import PROMPT_VERSION, WISHES, Question, question
from twin_assets.datasets.shingles import all_runs
from twin_assets.datasets.sizes import require_enough
from twin_assets.datasets.splits import split_of
from twin_assets.datasets.taken import Taken
from twin_assets.datasets.topics import Topics
from twin_assets.datasets.unanswerable import unanswered
from twin_assets.datasets.validation import rejection, taught_rejection, tidied
from twin_assets.datasets.words import OVERLAP, word_count
from twin_assets.digests import digest
from twin_assets.progress import Report, silent, track
from twin_assets.prompts import NOT_WRITTEN
from twin_assets.records import Chunk, CorpusDocument, Exclusion, InstructionSample
from twin_assets.settings import DatasetSettings

Ask = Callable[[list[Question]], list[str | None]]
"""Instructions for questions in their order, None where there is none: `Teacher.ask`."""

RULES = "rules"
"""The `origin` of an instruction that no teacher wrote."""


@dataclass(frozen=True)
class InstructionDataset:
    """Samples in the order of their ids, what was left out, and figures a person wants to see."""

    samples: list[InstructionSample]
    exclusions: list[Exclusion]
    stats: dict[str, int]


def build_instructions(
    documents: Sequence[CorpusDocument],
    chunks: Sequence[Chunk],
    *,
    count_tokens: CountTokens,
    teacher: Ask | None,
    teacher_name: str,
    max_calls: int,
    settings: DatasetSettings,
    known: Mapping[str, InstructionSample],
    report: Report = silent,
) -> InstructionDataset:
    """Samples of the author's text verbatim, each with an instruction of the family that its passage serves.

    Rules make an instruction for every passage; one for which no family has a good one is left out (`no_instruction`).
    The teacher is asked for at most `max_calls` instructions, of passages spread over the documents, and what it writes
    takes the place of the rules' where it is good enough. A sample that is in `known` with the same input is kept as it
    is, and costs nothing.

    Args:
        documents: the corpus.
        chunks: its chunks; a sample names those that its answer overlaps, and retrieved context is made of them.
        count_tokens: counts tokens of the chat model.
        teacher: answers questions; None for none.
        teacher_name: which teacher, in words that change when its answers may.
        max_calls: the most questions of one call of this function.
        settings: shares of families and splits, sizes and the seed.
        known: the samples of the last version by `sample_id`.
        report: takes lines of progress.

    Raises InsufficientDataError when too little is there to train on or to test with.
    """
    passages, exclusions = candidates(documents, chunks, count_tokens, settings)
    require_enough([(p.split, word_count(p.span.text)) for p in passages], settings)
    builder = _Builder(passages, chunks, count_tokens, settings, known)
    asked = _spread(passages, max_calls) if teacher is not None else set()
    name = f"{teacher_name} {max_calls}" if asked else ""
    reused = builder.reuse(name)
    report(f"{len(passages)} passages of {len(documents)} documents, {reused} samples as they were")
    new = [p for p in passages if p.passage_id not in builder.done]
    for passage in track(new, "instructions", len(new), report):
        if why := builder.add(passage, name):
            exclusions.append(passage.left_out("no_instruction", f"no family suits it ({why})"))
    calls = builder.teach(teacher, teacher_name, asked) if teacher is not None else 0
    builder.add_unanswerable()
    samples = sorted(builder.samples.values(), key=lambda sample: sample.sample_id)
    figures = {"reused": reused, "teacher_calls": calls}
    figures |= {f"drafts_{reason}": n for reason, n in sorted(builder.taken.refused.items())}
    return InstructionDataset(samples, exclusions, sample_figures(samples) | figures)


def _spread(passages: Sequence[Passage], count: int) -> set[str]:
    """The ids of at most `count` passages: one of each document, then a second of each, by hash."""
    of_document: defaultdict[str, list[str]] = defaultdict(list)
    for passage in passages:
        of_document[passage.document.document_id].append(passage.passage_id)
    ranked = [
        (rank, digest("teacher", identity), identity)
        for ids in of_document.values()
        for rank, identity in enumerate(sorted(ids, key=lambda i: digest("teacher", i)))
    ]
    return {identity for _, _, identity in sorted(ranked)[:count]}


class _Builder:
    """Samples as they are made, and what is needed to make them."""

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
        self._fresh: dict[str, tuple[Material, Draft]] = {}
        self.samples: dict[str, InstructionSample] = {}
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
            self._fresh[sample.sample_id] = (material, draft)
            made += 1
        return "" if made else ", ".join(why) or "no draft"

    def teach(self, teacher: Ask, name: str, passages: set[str]) -> int:
        """Let the teacher write the instructions of new samples of those passages; how many it was asked for."""
        asked = [
            (sample_id, material)
            for sample_id, (material, _) in self._fresh.items()
            if material.passage_id in passages and self.samples[sample_id].family in WISHES and material.english
        ]
        asked = [(i, m) for i, m in asked if self.samples[i].answer == m.text]
        questions = [question(material, i, self.samples[i].family) for i, material in asked]
        outputs = teacher(questions) if questions else []
        for (sample_id, material), output in zip(asked, outputs, strict=True):
            before = self.samples[sample_id]
            instruction = tidied(output) if output is not None else ""
            reason = taught_rejection(instruction, material) if output is not None else "no_answer"
            draft = material.draft(instruction)
            context = None
            if not reason and before.context:
                context = self._context(material, draft)
                reason = "" if context else "no_context"
            if not reason and self._tokens(draft, context) > self._settings.sample_tokens:
                reason = "too_long"
            reason = reason or self.taken.exchange(before, draft, material)
            self.taken.refused[f"teacher_{reason or 'accepted'}"] += 1
            if not reason:
                changed = replace(before, instruction=instruction, origin=f"teacher:{name}")
                self.samples[sample_id] = _with_context(changed, context)
        return len(questions)

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
                context = self._context(material, draft)
                if context is None:
                    self.taken.refused["no_context"] += 1
                    return None, None, "no_context"
            if not reason and self._tokens(draft, context) > self._settings.sample_tokens:
                reason = "too_long"
            if not reason:
                self.taken.take(draft, material)
                self.taken.refused["accepted"] += 1
                return draft, context, ""
            self.taken.refused[reason] += 1
        return None, None, reason

    def _context(self, material: Material, draft: Draft) -> Context | None:
        answer = material.document.text[draft.start : draft.end]
        gold, document_id = material.chunk_ids, material.document.document_id
        return self._shelf.context(material.passage_id, material.split, draft.instruction, answer, gold, document_id)

    def _tokens(self, draft: Draft, context: Context | None) -> int:
        if context is not None:
            return 0  # the shelf has seen to it
        return sum(self._count([draft.instruction])) + self._settings.passage_tokens + _FRAME

    def _sample(
        self, passage: Passage, number: int, family: str, draft: Draft, context: Context | None, inputs: str
    ) -> InstructionSample:
        overlapping = passage.chunk_ids
        sample = InstructionSample(
            sample_id=_sample_id(passage, number),
            document_id=passage.document.document_id,
            start=draft.start,
            end=draft.end,
            instruction=draft.instruction,
            answer=passage.document.text[draft.start : draft.end],
            origin=RULES,
            split=passage.split,
            chunk_ids=overlapping,
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
        return _with_context(sample, context)

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


_TRIES = 40
"""Drafts of a family that are looked at for one passage."""
_FRAME = 48
"""Tokens reckoned for the system message and the chat template's marks."""


def _sample_id(passage: Passage, number: int) -> str:
    return digest("sample", passage.passage_id, number)


def _with_context(sample: InstructionSample, context: Context | None) -> InstructionSample:
    if context is None:
        return sample
    return replace(sample, context=context.block, context_documents=context.documents, context_chunks=context.chunks)
