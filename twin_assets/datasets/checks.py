"""What must hold of a dataset before anything is trained on it. Each check passes or fails, with its figures."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from twin_assets.datasets.families import UNANSWERABLE
from twin_assets.datasets.splits import leaks
from twin_assets.datasets.words import same_wording, word_count
from twin_assets.records import CorpusDocument, InstructionSample
from twin_assets.settings import DatasetSettings


@dataclass(frozen=True)
class DatasetCheck:
    """The outcome of one check; `line` says it to a person, in Markdown."""

    name: str
    passed: bool
    figures: Mapping[str, float]
    line: str


def check_grounded(samples: Sequence[InstructionSample], documents: Iterable[CorpusDocument]) -> DatasetCheck:
    """Every answer is the author's text: found in its corpus document, at its span, verbatim or with listed edits.

    The fixed answer to what cannot be answered is nobody's text.
    """
    samples = [sample for sample in samples if sample.family != UNANSWERABLE]
    texts = {document.document_id: document.text for document in documents}
    grounded = sum(
        1
        for sample in samples
        if (span := texts.get(sample.document_id, "")[sample.start : sample.end])
        and (span == sample.answer or (sample.edits and sample.answer))
    )
    share = grounded / len(samples) if samples else 0.0
    line = f"**{grounded} of {len(samples)}** answers are the author's own text, found verbatim at their span"
    return DatasetCheck("grounded", share == 1.0, {"grounded_share": share, "samples": len(samples)}, line)


def check_leakage(samples: Sequence[InstructionSample]) -> DatasetCheck:
    """Nothing of one split is known in another: no document, instruction, answer, or run of 13 words."""
    found = leaks(samples)
    figures = {
        "documents_in_two_splits": float(len(found.documents)),
        "instructions_in_two_splits": float(found.instructions),
        "answers_in_two_splits": float(found.answers),
        "overlap_share": found.overlap_share,
    }
    line = (
        f"in two splits: **{len(found.documents)}** documents, **{found.instructions}** instructions, "
        f"**{found.answers}** answers; **{found.overlap_share:.1%}** of held-out answers share 13 words running "
        "with training text"
    )
    return DatasetCheck("leakage", not found.any, figures, line)


def check_duplicates(samples: Sequence[InstructionSample]) -> DatasetCheck:
    """No id, instruction or answer occurs twice, whatever its case and punctuation."""
    repeated = {
        "sample_ids": _repeated(sample.sample_id for sample in samples),
        "instructions": _repeated(same_wording(sample.instruction) for sample in samples),
        "answers": _repeated(same_wording(sample.answer) for sample in samples if sample.family != UNANSWERABLE),
    }
    line = "repeated: " + ", ".join(f"**{count}** {what.replace('_', ' ')}" for what, count in repeated.items())
    return DatasetCheck("duplicates", not any(repeated.values()), {k: float(v) for k, v in repeated.items()}, line)


def check_size(samples: Sequence[InstructionSample], settings: DatasetSettings) -> DatasetCheck:
    """There is enough to train on, and enough to test with."""
    train = sum(sample.split == "train" for sample in samples)
    test_words = sum(word_count(sample.answer) for sample in samples if sample.split == "test")
    passed = train >= settings.min_train_samples and test_words >= settings.min_test_words
    line = (
        f"**{train}** train samples (at least {settings.min_train_samples}), "
        f"**{test_words:,}** test words (at least {settings.min_test_words:,})"
    )
    return DatasetCheck("size", passed, {"train_samples": float(train), "test_words": float(test_words)}, line)


def dataset_checks(
    samples: Sequence[InstructionSample], documents: Iterable[CorpusDocument], settings: DatasetSettings
) -> list[DatasetCheck]:
    """All checks of an instruction dataset."""
    return [
        check_grounded(samples, documents),
        check_leakage(samples),
        check_duplicates(samples),
        check_size(samples, settings),
    ]


def _repeated(values: Iterable[str]) -> int:
    """How many values are there beyond the first of each."""
    return sum(count - 1 for count in Counter(values).values())
