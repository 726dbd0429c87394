"""Splits by hash, proof that nothing of one split is known in another, and what has to give way for it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from twin_assets.datasets.shingles import Hashes, all_runs, holds_any, run_hashes
from twin_assets.datasets.words import OVERLAP, same_wording, words
from twin_assets.digests import digest
from twin_assets.prompts import NOT_WRITTEN
from twin_assets.records import InstructionSample, Split

_DIGITS = 12


def split_of(name: str, seed: int, validation: float, test: float) -> Split:
    """A split by hash: the same whatever other documents there are.

    Args:
        name: the document, or the first of its group; all its passages are of one split.
        seed: another seed gives another split of the same shares.
        validation: expected share of documents in validation.
        test: expected share of documents in test.
    """
    position = position_of(seed, name)
    if position < test:
        return "test"
    return "validation" if position < test + validation else "train"


def position_of(seed: int, name: str) -> float:
    """Where a name lies between 0 and 1, by hash."""
    return int(digest("split", seed, name)[:_DIGITS], 16) / 16.0**_DIGITS


@dataclass(frozen=True)
class Leaks:
    """What is known in two splits: documents, wordings of instructions and answers, and runs of 13 words."""

    documents: tuple[str, ...]
    instructions: int
    answers: int
    overlap_share: float
    """Share of the test samples whose answer has a run of 13 words in common with anything in a train or validation
    sample, and of the validation samples whose answer has one with a train sample."""

    @property
    def any(self) -> bool:
        """Whether anything leaks."""
        return bool(self.documents or self.instructions or self.answers or self.overlap_share)


def leaks(samples: Sequence[InstructionSample]) -> Leaks:
    """What the splits of a dataset have in common; a sound dataset has nothing.

    The author's text is looked for in all that a sample trains with: instruction, retrieved context and answer. That
    something was not written about is said in the same words everywhere, and does not count.
    """
    own = [sample for sample in samples if sample.answer != NOT_WRITTEN]
    known: Hashes = all_runs((), OVERLAP)
    overlapping = held_out = 0
    for split in ("train", "validation", "test"):
        of_split = [sample for sample in samples if sample.split == split]
        if split != "train":
            tried = [sample for sample in of_split if sample.answer != NOT_WRITTEN]
            held_out += len(tried)
            overlapping += sum(holds_any(overlap_runs(sample.answer), known) for sample in tried)
        texts = (f"{sample.instruction}\n{sample.context}\n{sample.answer}" for sample in of_split)
        known = _merged([known, *(overlap_runs(text) for text in texts)])
    return Leaks(
        documents=tuple(sorted(_shared(own, lambda sample: sample.document_id))),
        instructions=len(_shared(samples, lambda sample: same_wording(sample.instruction))),
        answers=len(_shared(own, lambda sample: same_wording(sample.answer))),
        overlap_share=overlapping / held_out if held_out else 0.0,
    )


def overlap_runs(text: str) -> Hashes:
    """Hashes of the runs of 13 words of a text, sorted; none of a shorter one, which is too common to be traced."""
    tokens = words(text)
    return run_hashes(tokens, OVERLAP) if len(tokens) >= OVERLAP else all_runs((), OVERLAP)


def leaking(answers: Sequence[tuple[str, Split]]) -> list[Split | None]:
    """For each answer the split that holds wording of it and must not: training data gives way to held-out data.

    A train answer gives way when it shares a run of 13 words, or all its words, with a test or validation answer;
    a validation answer when it does with a test answer; test answers stay.
    """
    marks = [run_hashes(words(text), OVERLAP) for text, _ in answers]
    known = {
        split: _merged([found for found, (_, of) in zip(marks, answers, strict=True) if of == split])
        for split in ("validation", "test")
    }
    above: dict[Split, tuple[Split, ...]] = {"train": ("test", "validation"), "validation": ("test",), "test": ()}
    return [
        next((other for other in above[split] if holds_any(found, known[other])), None)
        for found, (_, split) in zip(marks, answers, strict=True)
    ]


def _merged(hashes: Sequence[Hashes]) -> Hashes:
    return np.unique(np.concatenate(hashes)) if hashes else all_runs((), OVERLAP)


def _shared(samples: Iterable[InstructionSample], key: Callable[[InstructionSample], str]) -> set[str]:
    """The keys that occur in more than one split."""
    seen: dict[str, set[Split]] = defaultdict(set)
    for sample in samples:
        seen[key(sample)].add(sample.split)
    return {value for value, splits in seen.items() if len(splits) > 1}
