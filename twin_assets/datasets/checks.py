"""What must hold of a dataset before anything is trained on it. Each check passes or fails, with its figures."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from twin_assets.datasets.groups import near_duplicate_groups, parted
from twin_assets.datasets.split_plan import plan_splits
from twin_assets.datasets.splits import leaks
from twin_assets.datasets.style import StyleRange, style_ranges
from twin_assets.datasets.words import same_wording, word_count
from twin_assets.evaluation.text import Piece
from twin_assets.prompts import NOT_WRITTEN
from twin_assets.records import CorpusDocument, InstructionSample
from twin_assets.settings import DatasetSettings

LARGEST_FAMILY = 0.6
"""Share of the training samples from which one family is most of what is learned."""
FEWEST_LEARNED = 10
"""Samples of a family below which it need not be in the test set: a small corpus has two of some."""
INSIDE = 0.9
"""Least share of answers, in blocks, within the author's own range of style."""
FEWEST_BLOCKS = 10
"""Blocks below which such a share is chance."""


@dataclass(frozen=True)
class DatasetCheck:
    """The outcome of one check; `line` says it to a person, in Markdown. Some only warn."""

    name: str
    passed: bool
    figures: Mapping[str, float]
    line: str
    blocking: bool = True


def check_grounded(samples: Sequence[InstructionSample], documents: Iterable[CorpusDocument]) -> DatasetCheck:
    """Every answer is the author's text: found in its corpus document, at its span, verbatim or with listed edits.

    That something was not written about is grounded where passages are shown which do not answer the question.
    """
    texts = {document.document_id: document.text for document in documents}
    grounded = sum(_is_grounded(sample, texts.get(sample.document_id, "")) for sample in samples)
    share = grounded / len(samples) if samples else 0.0
    line = f"**{grounded} of {len(samples)}** answers are the author's own text, found verbatim at their span"
    return DatasetCheck("grounded", share == 1.0, {"grounded_share": share, "samples": len(samples)}, line)


def _is_grounded(sample: InstructionSample, text: str) -> bool:
    if sample.answer == NOT_WRITTEN:
        return bool(sample.context) and sample.start == sample.end
    span = text[sample.start : sample.end]
    return bool(span and sample.answer) and (span == sample.answer or bool(sample.edits))


def check_leakage(
    samples: Sequence[InstructionSample], documents: Sequence[CorpusDocument], settings: DatasetSettings
) -> DatasetCheck:
    """Nothing of one split is known in another: no document, near-duplicate, instruction, answer, or run of 13 words.

    Split by time, nothing that is trained or validated on was first written after anything that is tested with.
    """
    found = leaks(samples)
    splits = {sample.document_id: sample.split for sample in samples if sample.answer != NOT_WRITTEN}
    groups = near_duplicate_groups([d for d in documents if d.document_id in splits])
    apart = len(parted(groups, splits))
    by_time = plan_splits(documents, settings).method == "time"
    late = _out_of_order(groups, splits, documents) if by_time else 0
    figures = {
        "documents_in_two_splits": float(len(found.documents)),
        "instructions_in_two_splits": float(found.instructions),
        "answers_in_two_splits": float(found.answers),
        "overlap_share": found.overlap_share,
        "near_duplicates_in_two_splits": float(apart),
        "documents_out_of_time_order": float(late),
    }
    line = (
        f"in two splits: **{len(found.documents)}** documents, **{found.instructions}** instructions, "
        f"**{found.answers}** answers; **{found.overlap_share:.1%}** of held-out answers share 13 words running "
        f"with training text; **{apart}** groups of near-duplicates are parted; "
        + (f"**{late}** documents are newer than what is tested with" if by_time else "not split by time")
    )
    return DatasetCheck("leakage", not (found.any or apart or late), figures, line)


def _out_of_order(
    groups: Iterable[Sequence[str]], splits: Mapping[str, str], documents: Iterable[CorpusDocument]
) -> int:
    """Documents trained or validated on that were first written at or after the first one of test."""
    dates = {document.document_id: document.published_at for document in documents}
    first: dict[str, datetime] = {}
    for group in groups:
        dated = [date for i in group if (date := dates[i])]
        first |= {i: min(dated) for i in group if dated}
    tested = [first[i] for i, split in splits.items() if split == "test" and i in first]
    cut = min(tested, default=None)
    return sum(split != "test" and i in first and cut is not None and first[i] >= cut for i, split in splits.items())


def check_duplicates(samples: Sequence[InstructionSample]) -> DatasetCheck:
    """No id, instruction or answer occurs twice, whatever its case and punctuation."""
    counts = {
        "sample_ids": repeated(sample.sample_id for sample in samples),
        "instructions": repeated(same_wording(sample.instruction) for sample in samples),
        "answers": repeated(same_wording(sample.answer) for sample in samples if sample.answer != NOT_WRITTEN),
    }
    line = "repeated: " + ", ".join(f"**{count}** {what.replace('_', ' ')}" for what, count in counts.items())
    return DatasetCheck("duplicates", not any(counts.values()), {k: float(v) for k, v in counts.items()}, line)


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


def check_family_shares(samples: Sequence[InstructionSample]) -> DatasetCheck:
    """No family is most of what is learned, and each of `FEWEST_LEARNED` samples or more is tested, too. Warns.

    Samples of which none names a family are not judged.
    """
    if not any(sample.family for sample in samples):
        return DatasetCheck("family_shares", True, {}, "no sample names its family", False)
    train = Counter(sample.family for sample in samples if sample.split == "train")
    tested = {sample.family for sample in samples if sample.split == "test"}
    shares = {family or "none": count / train.total() for family, count in train.most_common()}
    untested = sorted(
        (name or "none") for name, count in train.items() if count >= FEWEST_LEARNED and name not in tested
    )
    line = ", ".join(f"{family} **{share:.0%}**" for family, share in shares.items()) or "no samples"
    line += f"; not tested: {', '.join(untested)}" if untested else ""
    passed = bool(shares) and max(shares.values()) <= LARGEST_FAMILY and not untested
    return DatasetCheck("family_shares", passed, {f"share_{name}": s for name, s in shares.items()}, line, False)


def check_style(samples: Sequence[InstructionSample], documents: Iterable[CorpusDocument]) -> DatasetCheck:
    """Answers of each split lie within the range of style that the author's documents span. Warns."""
    groups = {
        split: [Piece(s.document_id, s.answer) for s in samples if s.split == split and s.answer != NOT_WRITTEN]
        for split in ("train", "validation", "test")
    }
    found = style_ranges((Piece(d.document_id, d.text) for d in documents), groups)
    passed = all(style.inside >= INSIDE for style in found.values() if style.blocks >= FEWEST_BLOCKS)
    return DatasetCheck("style", passed, *_style_said(found), False)


def _style_said(found: Mapping[str, StyleRange]) -> tuple[dict[str, float], str]:
    """Figures and a line about groups of texts in the author's range of style."""
    if not found:
        return {}, "too little text to say anything about style"
    own = next(iter(found.values()))
    figures = {"author_bound": own.bound, "author_median": own.median}
    figures |= {f"{name}_inside": style.inside for name, style in found.items()}
    figures |= {f"{name}_median": style.group_median for name, style in found.items()}
    groups = ", ".join(f"{name} **{style.inside:.0%}** ({style.blocks} blocks)" for name, style in found.items())
    return figures, f"within the author's own range of style (distance up to {own.bound:.3f}): {groups}"


def dataset_checks(
    samples: Sequence[InstructionSample], documents: Sequence[CorpusDocument], settings: DatasetSettings
) -> list[DatasetCheck]:
    """All checks of an instruction dataset."""
    return [
        check_grounded(samples, documents),
        check_leakage(samples, documents, settings),
        check_duplicates(samples),
        check_size(samples, settings),
        check_family_shares(samples),
        check_style(samples, documents),
    ]


def repeated(values: Iterable[str]) -> int:
    """How many values are there beyond the first of each."""
    return sum(count - 1 for count in Counter(values).values())
