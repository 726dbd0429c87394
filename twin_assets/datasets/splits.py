"""Splitting by document, and proof that nothing of one split is known in another."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import get_args

from twin_assets.datasets.words import OVERLAP, ngrams, same_wording, words
from twin_assets.digests import digest
from twin_assets.records import InstructionSample, Split

_DIGITS = 12


def split_of(document_id: str, seed: int, validation: float, test: float) -> Split:
    """The split of a document, by hash: the same whatever other documents there are.

    Args:
        document_id: the document; all its passages are of one split.
        seed: another seed gives another split of the same shares.
        validation: expected share of documents in validation.
        test: expected share of documents in test.
    """
    position = int(digest("split", seed, document_id)[:_DIGITS], 16) / 16**_DIGITS
    if position < test:
        return "test"
    return "validation" if position < test + validation else "train"


@dataclass(frozen=True)
class Leaks:
    """What is known in two splits: documents, wordings of instructions and answers, and runs of 13 words."""

    documents: tuple[str, ...]
    instructions: int
    answers: int
    overlap_share: float
    """Share of validation and test samples whose answer has a run of 13 words in common with a train answer."""

    @property
    def any(self) -> bool:
        """Whether anything leaks."""
        return bool(self.documents or self.instructions or self.answers or self.overlap_share)


def leaks(samples: Sequence[InstructionSample]) -> Leaks:
    """What the splits of a dataset have in common; a sound dataset has nothing."""
    # The fixed answer to what cannot be answered stands in every split.
    own = [sample for sample in samples if sample.start < sample.end]
    shared_documents = _shared(samples, lambda sample: sample.document_id)
    train_runs = overlap_runs(sample.answer for sample in samples if sample.split == "train")
    held_out = [sample for sample in samples if sample.split != "train"]
    overlapping = sum(1 for sample in held_out if not train_runs.isdisjoint(overlap_runs([sample.answer])))
    return Leaks(
        documents=tuple(sorted(shared_documents)),
        instructions=len(_shared(samples, lambda sample: same_wording(sample.instruction))),
        answers=len(_shared(own, lambda sample: same_wording(sample.answer))),
        overlap_share=overlapping / len(held_out) if held_out else 0.0,
    )


def overlap_runs(texts: Iterable[str]) -> set[tuple[str, ...]]:
    """All runs of 13 words of the texts: what a model trained on one text would know of another."""
    return {run for text in texts for run in ngrams(words(text), OVERLAP)}


def leaking(answers: Sequence[tuple[str, Split]]) -> list[Split | None]:
    """For each answer the split that holds wording of it and must not: training data gives way to held-out data.

    A train answer gives way when it shares a run of 13 words, or all its words, with a test or validation answer;
    a validation answer when it does with a test answer; test answers stay.
    """
    known: dict[Split, set[tuple[str, ...]]] = {split: set() for split in get_args(Split)}
    marks = [{*overlap_runs([text]), (same_wording(text),)} for text, _ in answers]
    for found, (_, split) in zip(marks, answers, strict=True):
        known[split] |= found
    above: dict[Split, tuple[Split, ...]] = {"train": ("test", "validation"), "validation": ("test",), "test": ()}
    return [
        next((other for other in above[split] if not known[other].isdisjoint(found)), None)
        for found, (_, split) in zip(marks, answers, strict=True)
    ]


def _shared(samples: Iterable[InstructionSample], key: Callable[[InstructionSample], str]) -> set[str]:
    """The keys that occur in more than one split."""
    seen: dict[str, set[Split]] = defaultdict(set)
    for sample in samples:
        seen[key(sample)].add(sample.split)
    return {value for value, splits in seen.items() if len(splits) > 1}
