"""The voice score, in two families: 0 is the base model's own outputs, 1 the author's held-out text.

A family is **valid** only when other people's text lies at or below 0 on its scale: else it measures something that
any person's text has and the base model's has not. An invalid family gives no value. Nothing is clipped.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from twin_assets.evaluation import delta, discriminator
from twin_assets.evaluation.delta import Scores
from twin_assets.evaluation.folds import MIN_BLOCK_WORDS, MIN_BLOCKS, Fold, Parting, VoiceTexts, folds
from twin_assets.evaluation.measured import Measured
from twin_assets.evaluation.text import count_blocks, words_by_person
from twin_assets.progress import Report, silent

MAX_TOLERANCE = 0.1
RESAMPLES = 1000

Family = Literal["cosine_delta", "masked_ngrams"]
Interval = tuple[float, float]


class VoiceScore(Measured):
    """One family's score. `value`, with its 95 % interval, is None when the family is not valid; `why` says why.

    `others` is where other people's held-out text lies on the scale; `author_raw` and `base_raw` are the anchors 1
    and 0 in the family's own unit (a cosine, a logit).
    """

    family: Family
    valid: bool
    why: str
    value: float | None = None
    interval: Interval | None = None
    others: float | None = None
    others_tolerance: float | None = None
    others_parted_by: Parting = "document"
    author_raw: float | None = None
    base_raw: float | None = None
    block_words: int = 0
    blocks: dict[str, int] = Field(default_factory=dict)


def voice_scores(texts: VoiceTexts, seed: int = 42, report: Report = silent) -> list[VoiceScore]:
    """Both families' scores of the twin's answers."""
    parting, parts = folds(texts)
    size = delta.block_words(parts)
    report(f"voice: cosine Delta in blocks of {size} words")
    scores = [_score("cosine_delta", parts, parting, size, lambda fold: delta.delta_scores(fold, size, seed), seed)]
    report("voice: character n-grams with content words masked")
    scores.append(
        _score(
            "masked_ngrams",
            parts,
            parting,
            MIN_BLOCK_WORDS,
            lambda fold: discriminator.discriminator_scores(fold, seed),
            seed,
        )
    )
    return scores


def _score(
    family: Family, parts: Sequence[Fold], parting: Parting, size: int, measure: Callable[[Fold], Scores], seed: int
) -> VoiceScore:
    missing = _too_little(parts)
    if missing:
        return VoiceScore(family=family, valid=False, why=missing, others_parted_by=parting, block_words=size)
    return judge(family, [measure(fold) for fold in parts], parting, size, seed)


def _too_little(parts: Sequence[Fold]) -> str:
    """What there is too little of, or nothing."""
    if not any(fold.others_held_out for fold in parts):
        return "there is no other people's text to compare with: set evaluation.others to a folder of it"
    for fold in parts:
        needed = {
            "the author's training text": fold.author_train,
            "the author's held-out text": fold.author_held_out,
            "other people's text": fold.others_held_out,
            "each fold's part of the base model's answers": fold.base_held_out,
            "the twin's answers": fold.twin,
        }
        for name, pieces in needed.items():
            found = count_blocks(words_by_person(pieces), MIN_BLOCK_WORDS)
            if found < MIN_BLOCKS:
                return (
                    f"too little text: {name} makes {found} blocks of {MIN_BLOCK_WORDS} words, {MIN_BLOCKS} are needed"
                )
    return ""


def judge(family: Family, scores: Sequence[Scores], parting: Parting, size: int, seed: int = 42) -> VoiceScore:
    """Put raw block scores of the folds on the scale, and decide whether the family is valid.

    On the scale a group is `sum over folds (group - base) / sum over folds (author - base)`, of means over blocks. The
    intervals are percentile bootstraps over blocks. Other people's text may lie above 0 by its own half interval
    (its blocks resampled alone), and by no more than 0.1.
    """
    author_raw, base_raw = (float(np.mean([fold[name].mean() for fold in scores])) for name in ("author", "base"))
    facts = VoiceScore(
        family=family,
        valid=False,
        why="",
        others_parted_by=parting,
        author_raw=author_raw,
        base_raw=base_raw,
        block_words=size,
        blocks={name: min(len(fold[name]) for fold in scores) for name in ("author", "base", "others", "twin")},
    )
    generator = np.random.default_rng(seed)
    means = {name: _resampled_means(scores, name, generator) for name in ("author", "base", "others", "twin")}
    gaps = means["author"] - means["base"]
    if author_raw <= base_raw or np.quantile(gaps, 0.025) <= 0:
        why = "the author's held-out text does not stand out from the base model's answers"
        return facts.model_copy(update={"why": why})
    gap = author_raw - base_raw
    others, twin = ((float(np.mean([f[name].mean() for f in scores])) - base_raw) / gap for name in ("others", "twin"))
    spread = means["others"] / gap
    half_interval = float(np.quantile(spread, 0.975) - np.quantile(spread, 0.025)) / 2
    tolerance = min(MAX_TOLERANCE, half_interval)
    facts = facts.model_copy(update={"others": others, "others_tolerance": tolerance})
    if others > tolerance:
        why = f"other people's text lies at {others:.2f}, above 0: what is measured is not this author's voice alone"
        return facts.model_copy(update={"why": why})
    scaled = (means["twin"] - means["base"]) / np.where(gaps > 0, gaps, np.nan)
    interval = (float(np.nanquantile(scaled, 0.025)), float(np.nanquantile(scaled, 0.975)))
    whom = "people it had not seen" if parting == "person" else "unseen documents of the people it had seen"
    why = f"other people's text lies at {others:.2f} (tried on {whom})"
    return facts.model_copy(update={"valid": True, "why": why, "value": twin, "interval": interval})


def _resampled_means(scores: Sequence[Scores], name: str, generator: np.random.Generator) -> NDArray[np.float64]:
    """Bootstrap means of one group, averaged over the folds; what all folds score is drawn alike in all."""
    most = max(len(fold[name]) for fold in scores)
    drawn = generator.random(size=(RESAMPLES, most))
    resampled = []
    for fold in scores:
        count = len(fold[name])
        resampled.append(fold[name][(drawn[:, :count] * count).astype(np.int64)].mean(axis=1))
    return np.asarray(np.mean(resampled, axis=0), dtype=np.float64)
