"""The instruction dataset: for every passage of the author's own text, an instruction that it answers."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from twin_assets.datasets.fallback import FALLBACK_VERSION, Topic, fallback_instruction
from twin_assets.datasets.passages import PASSAGES_VERSION, STAGE, CountTokens, PassageSpan, cut
from twin_assets.datasets.sizes import require_enough
from twin_assets.datasets.split_plan import plan_splits
from twin_assets.datasets.splits import leaking
from twin_assets.datasets.topics import Topics
from twin_assets.datasets.validation import copies, rejection, tidied
from twin_assets.datasets.words import same_wording, word_count
from twin_assets.digests import digest
from twin_assets.progress import Report, silent
from twin_assets.records import Chunk, CorpusDocument, Exclusion, InstructionSample, Split
from twin_assets.settings import DatasetSettings

Ask = Callable[[list[str]], list[str | None]]
"""Answers to prompts in their order, None where there is none: `Teacher.ask`."""

PROMPT_VERSION = 1
"""Raised when the prompt or the validation changes, so that the teacher is asked again."""

PROMPT = """{passage}

Write the one short question that a reader asked to get the answer above. Only the question."""

HEADING = "heading"
"""The `origin` of an instruction that no teacher wrote."""

_TOPIC_WORDS = 6
_OPENING_WORDS = 5


@dataclass(frozen=True)
class InstructionDataset:
    """Samples in the order of their ids, what was left out, and figures a person wants to see."""

    samples: list[InstructionSample]
    exclusions: list[Exclusion]
    stats: dict[str, int]


@dataclass(frozen=True)
class _Passage:
    document: CorpusDocument
    span: PassageSpan
    sample_id: str
    split: Split
    chunk_ids: tuple[str, ...]
    input_digest: str = ""


@dataclass
class _Instructions:
    """Instructions given so far, by sample id, each with its origin; no two have the same wording."""

    given: dict[str, tuple[str, str]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def give(self, sample_id: str, instruction: str, origin: str) -> None:
        self.given[sample_id] = (instruction, origin)
        self.taken.add(same_wording(instruction))


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
    """One sample a passage: the answer is the author's text verbatim, the instruction is derived from it.

    The teacher is asked for at most `max_calls` instructions, of passages spread over the documents. Where it is not
    asked, does not answer, or its answer fails validation, the instruction is made from title, heading and words.
    A sample that is in `known` with the same input keeps its instruction, and costs nothing.

    Args:
        documents: the corpus.
        chunks: its chunks; a sample names those that its answer overlaps.
        count_tokens: counts tokens of the chat model.
        teacher: answers prompts; None for none.
        teacher_name: which teacher, in words that change when its answers may.
        max_calls: the most prompts of one call of this function.
        settings: sizes, shares of the splits and the seed.
        known: the samples of the last version by `sample_id`.
        report: takes lines of progress.

    Raises InsufficientDataError when too little is there to train on or to test with.
    """
    passages, exclusions = _passages(documents, chunks, count_tokens, settings)
    kept, more = _sound(passages)
    exclusions += more
    require_enough([(p.split, word_count(p.span.text)) for p in kept], settings)
    asked = _spread(kept, max_calls) if teacher is not None else []
    kept = [_with_digest(p, teacher_name, max_calls if teacher is not None else 0) for p in kept]
    instructions = _Instructions()
    reused = 0
    for passage in kept:
        before = known.get(passage.sample_id)
        if before is None or before.input_digest != passage.input_digest:
            continue
        if same_wording(before.instruction) not in instructions.taken:
            instructions.give(passage.sample_id, before.instruction, before.origin)
            reused += 1
    report(f"{len(kept)} passages of {len(documents)} documents, {reused} of them with their instruction from before")
    new = [p for p in kept if p.sample_id in asked and p.sample_id not in instructions.given]
    outcomes = _taught(new, teacher, teacher_name, instructions) if teacher is not None else Counter()
    _fall_back(kept, instructions)
    samples = sorted((_sample(p, *instructions.given[p.sample_id]) for p in kept), key=lambda s: s.sample_id)
    return InstructionDataset(samples, exclusions, _stats(samples, reused, len(new), outcomes))


def _passages(
    documents: Sequence[CorpusDocument],
    chunks: Sequence[Chunk],
    count_tokens: CountTokens,
    settings: DatasetSettings,
) -> tuple[list[_Passage], list[Exclusion]]:
    of_document: defaultdict[str, list[Chunk]] = defaultdict(list)
    for chunk in chunks:
        of_document[chunk.document_id].append(chunk)
    passages: list[_Passage] = []
    exclusions: list[Exclusion] = []
    splits = plan_splits(documents, settings).splits
    for document in sorted(documents, key=lambda d: d.document_id):
        if document.scope == "private" and not settings.train_on_private:
            source = document.sources[0] if document.sources else ""
            why = "`datasets.train_on_private: true` in config/twin.yaml trains on it"
            exclusions.append(Exclusion.of(STAGE, source, "private", why, document_id=document.document_id))
            continue
        found, left_out = cut(document, count_tokens, settings.passage_tokens, settings.min_answer_words)
        exclusions += left_out
        split = splits[document.document_id]
        for span in found:
            sample_id = digest("sample", document.document_id, span.start, span.end, span.text)
            overlapping = (c for c in of_document[document.document_id] if c.start < span.end and span.start < c.end)
            chunk_ids = tuple(c.chunk_id for c in sorted(overlapping, key=lambda c: c.start))
            passages.append(_Passage(document, span, sample_id, split, chunk_ids))
    return passages, exclusions


def _sound(passages: Sequence[_Passage]) -> tuple[list[_Passage], list[Exclusion]]:
    """The passages without those that repeat another, or that would make a held-out one known in training."""
    exclusions = []
    leaks = leaking([(p.span.text, p.split) for p in passages])
    kept: dict[str, _Passage] = {}
    for passage, leak in zip(passages, leaks, strict=True):
        same = kept.get(same_wording(passage.span.text))
        if leak is not None:
            exclusions.append(_left_out(passage, "leak", f"shares wording with the {leak} split"))
        elif same is not None:
            exclusions.append(_left_out(passage, "duplicate", f"same words as in document {same.document.document_id}"))
        else:
            kept[same_wording(passage.span.text)] = passage
    return list(kept.values()), exclusions


def _left_out(passage: _Passage, reason: str, why: str) -> Exclusion:
    source = passage.document.sources[0] if passage.document.sources else ""
    detail = f"characters {passage.span.start} to {passage.span.end}: {why}"
    return Exclusion.of(STAGE, source, reason, detail, document_id=passage.document.document_id)


def _spread(passages: Sequence[_Passage], count: int) -> set[str]:
    """The sample ids of at most `count` passages: one of each document, then a second of each, by hash."""
    of_document: defaultdict[str, list[str]] = defaultdict(list)
    for passage in passages:
        of_document[passage.document.document_id].append(passage.sample_id)
    ranked = [
        (rank, digest("teacher", sample_id), sample_id)
        for ids in of_document.values()
        for rank, sample_id in enumerate(sorted(ids, key=lambda i: digest("teacher", i)))
    ]
    return {sample_id for _, _, sample_id in sorted(ranked)[:count]}


def _with_digest(passage: _Passage, teacher_name: str, max_calls: int) -> _Passage:
    inputs = digest(
        "instruction",
        (PASSAGES_VERSION, PROMPT_VERSION, FALLBACK_VERSION),
        passage.sample_id,
        passage.document.kind,
        passage.document.title,
        passage.span.heading_path,
        passage.split,
        teacher_name,
        max_calls,
    )
    return _Passage(passage.document, passage.span, passage.sample_id, passage.split, passage.chunk_ids, inputs)


def _taught(passages: Sequence[_Passage], teacher: Ask, name: str, instructions: _Instructions) -> Counter[str]:
    """Give the teacher's instructions that are good enough; how many were, and why others were not."""
    outcomes: Counter[str] = Counter()
    outputs = teacher([PROMPT.format(passage=p.span.text) for p in passages]) if passages else []
    for passage, output in zip(passages, outputs, strict=True):
        instruction = tidied(output) if output is not None else ""
        known = f"{passage.document.title} {passage.span.heading_path}"
        rejected = rejection(instruction, passage.span.text, known, instructions.taken)
        reason = rejected if output is not None else "no answer"
        if not reason:
            instructions.give(passage.sample_id, instruction, f"teacher:{name}")
        outcomes[reason or "accepted"] += 1
    return outcomes


def _fall_back(passages: Sequence[_Passage], instructions: _Instructions) -> None:
    """Give an instruction to every passage that has none yet."""
    missing = [p for p in passages if p.sample_id not in instructions.given]
    if not missing:
        return
    topics = Topics(p.span.text for p in passages)
    under = Counter((p.document.document_id, p.span.heading_path) for p in passages)
    for passage in missing:
        document, span = passage.document, passage.span
        topic = Topic(
            kind=document.kind,
            title=document.title,
            heading=span.heading_path[-1] if span.heading_path else "",
            words=tuple(topics.of(span.text, _TOPIC_WORDS, [document.title, *span.heading_path])),
            opening=" ".join(span.text.split()[:_OPENING_WORDS]),
            alone=under[document.document_id, span.heading_path] == 1,
        )
        answer = span.text

        def accept(instruction: str, answer: str = answer) -> bool:
            return same_wording(instruction) not in instructions.taken and not copies(instruction, answer)

        instructions.give(passage.sample_id, fallback_instruction(passage.sample_id, topic, accept), HEADING)


def _sample(passage: _Passage, instruction: str, origin: str) -> InstructionSample:
    return InstructionSample(
        sample_id=passage.sample_id,
        document_id=passage.document.document_id,
        start=passage.span.start,
        end=passage.span.end,
        instruction=instruction,
        answer=passage.span.text,
        origin=origin,
        split=passage.split,
        chunk_ids=passage.chunk_ids,
        title=passage.document.title,
        url=passage.document.url,
        kind=passage.document.kind,
        input_digest=passage.input_digest,
        family="",
        context="",
        edits="",
        context_documents=(),
        context_chunks=(),
    )


def _stats(
    samples: Sequence[InstructionSample], reused: int, asked: int, outcomes: Mapping[str, int]
) -> dict[str, int]:
    stats = {"samples": len(samples), "reused": reused, "teacher_calls": asked}
    stats |= {f"samples_{split}": n for split, n in sorted(Counter(s.split for s in samples).items())}
    words: Counter[str] = Counter()
    for sample in samples:
        words[sample.split] += word_count(sample.answer)
    stats |= {f"words_{split}": n for split, n in sorted(words.items())}
    stats["by_teacher"] = sum(sample.origin != HEADING for sample in samples)
    return stats | {f"teacher_{outcome.replace(' ', '_')}": n for outcome, n in sorted(outcomes.items())}
