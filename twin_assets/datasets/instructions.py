"""The instruction dataset: for every passage of the author's own text, an instruction that it answers.

Instruction back-translation (Li et al. 2024, "Self-alignment with instruction backtranslation"): the answer is the
author's, only the request is made, by rules and, where one is asked, by a teacher.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from twin_assets.datasets.candidates import Passage, candidates
from twin_assets.datasets.figures import sample_figures
from twin_assets.datasets.passages import CountTokens
from twin_assets.datasets.sample_builder import SampleBuilder
from twin_assets.datasets.sizes import require_enough
from twin_assets.datasets.teaching import Ask, teach
from twin_assets.datasets.words import word_count
from twin_assets.digests import digest
from twin_assets.progress import Report, silent, track
from twin_assets.records import Chunk, CorpusDocument, Exclusion, InstructionSample
from twin_assets.settings import DatasetSettings


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
    builder = SampleBuilder(passages, chunks, count_tokens, settings, known)
    asked = _spread(passages, max_calls) if teacher is not None else set()
    name = f"{teacher_name} {max_calls}" if asked else ""
    reused = builder.reuse(name)
    report(f"{len(passages)} passages of {len(documents)} documents, {reused} samples as they were")
    new = [p for p in passages if p.passage_id not in builder.done]
    for passage in track(new, "instructions", len(new), report):
        if why := builder.add(passage, name):
            exclusions.append(passage.left_out("no_instruction", f"no family suits it ({why})"))
    calls = teach(builder, teacher, teacher_name, asked) if teacher is not None else 0
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
