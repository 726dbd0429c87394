"""The preference dataset: the author's text preferred over another answer to the same request.

For direct preference optimization (Rafailov et al. 2023, arXiv:2305.18290). Answers of the deployed twin among the
rejected are self-play (Chen et al. 2024, "Self-play fine-tuning converts weak language models to strong language
models", arXiv:2401.01335).
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from twin_assets.datasets.feedback import PEOPLE, feedback_pairs
from twin_assets.datasets.pairs import (
    fitted,
    length_bias,
    log_ratio,
    unbalanced,
    unusable,
)
from twin_assets.datasets.rejected import Origin, Rejected, Shelf, Wanted, place_of
from twin_assets.datasets.style import style_ranges
from twin_assets.datasets.words import word_count
from twin_assets.errors import EngineError
from twin_assets.evaluation.text import Piece
from twin_assets.progress import Report, silent
from twin_assets.records import CorpusDocument, Exclusion, FeedbackEvent, InstructionSample, PreferenceSample
from twin_assets.settings import DatasetSettings

STAGE = "preference_dataset"
LONGEST_ANSWER = 220
"""Words of an author's text above which it is not paired: prompt and both answers must fit the trainer's window."""
Arrived = Callable[[int, str], None]
"""Takes the number of a request and its answer, as soon as there is one."""
Answer = Callable[[list[InstructionSample], Arrived], list[str]]
"""A model's answers to samples' requests, in their order; greedy or seeded, so that they can be had again."""


class Kept(Protocol):
    """Answers that models gave before, by what they were asked; each with the origin it is recorded under."""

    def find(self, key: str) -> tuple[str, str] | None:
        """Origin and answer."""

    def keep(self, key: str, sample: InstructionSample, origin: str, answer: str) -> None:
        """Keep an answer, safe against a crash when this returns."""


@dataclass(frozen=True)
class Model:
    """A model that is asked: its name, in words that change when its answers may, and its answers."""

    name: str
    answer: Answer


@dataclass(frozen=True)
class PreferenceDataset:
    """Pairs in the order of their ids, what was left out, and figures a person wants to see."""

    samples: list[PreferenceSample]
    exclusions: list[Exclusion]
    stats: dict[str, float]


def build_preferences(
    samples: Sequence[InstructionSample],
    *,
    base: Model,
    champion: Model | None,
    settings: DatasetSettings,
    known: Mapping[str, PreferenceSample],
    kept: Kept,
    feedback: Iterable[FeedbackEvent] = (),
    report: Report = silent,
) -> PreferenceDataset:
    """Pair the author's text with another answer, for at most `settings.preference_pairs` instructions, and with what
    people said of drafts besides.

    Only train and validation samples are used, chosen by hash and spread over the documents. A digest gives each one an
    origin by `settings.preference_origins`. A pair that is in `known` with the same input is kept as it is, and an
    answer in `kept` is not asked for again; both hold whichever twin is deployed by now, so that the same input gives
    the same dataset. Left out are pairs for the reasons of `pairs.unusable` and `feedback_pairs`, and `length_bias`:
    the most one-sided ones, until rejected answers are about as long as chosen ones over all.

    Args:
        samples: the instruction dataset.
        base: the base model; its answers may raise EngineError.
        champion: the twin that is deployed, if any.
        settings: how many pairs, and of what.
        known: the pairs of the last version by `sample_id`.
        kept: the models' answers so far.
        feedback: what people said of drafts.
        report: takes lines of progress.

    Raises EngineError when a model gives another number of answers than it was asked for.
    """
    wanted = [Wanted.of(s, settings, base.name) for s in _spread(samples, settings.preference_pairs)]
    pairs: dict[str, PreferenceSample] = {}
    for want in wanted:
        before = known.get(want.sample.sample_id)
        if before is not None and before.input_digest == want.key:
            pairs[before.sample_id] = before
    reused = len(pairs)
    shelf = Shelf(samples)
    rejected: dict[str, Rejected] = {}
    asked: defaultdict[Origin, list[Wanted]] = defaultdict(list)
    for want in wanted:
        sample = want.sample
        if sample.sample_id in pairs:
            continue
        found = shelf.answer(want)
        if found is None and (answered := kept.find(want.key)):
            found = Rejected(*answered)
        if found is None:
            asked["champion" if want.origin == "champion" and champion else "base"].append(want)
        else:
            rejected[sample.sample_id] = found
    new = sum(len(wants) for wants in asked.values())
    report(f"{len(wanted)} pairs wanted, {reused} of them known, {len(rejected)} answers at hand; asking for {new}")
    models: dict[Origin, Model] = {"base": base}
    if champion is not None:
        models["champion"] = champion
    for origin, wants in asked.items():
        rejected |= _answers(models[origin], origin, wants, kept)
    exclusions: list[Exclusion] = []
    for want in wanted:
        if want.sample.sample_id in rejected:
            pair = _pair(want, rejected[want.sample.sample_id])
            if reason := unusable(pair.chosen, pair.rejected, pair.context):
                exclusions.append(_left_out(pair, reason))
            else:
                pairs[pair.sample_id] = pair
    people = feedback_pairs(feedback, samples, LONGEST_ANSWER)
    balanced, biased = _balanced(list(pairs.values()), people.pairs)
    exclusions += [*people.exclusions, *(_left_out(pair, "length_bias") for pair in biased)]
    found_pairs = sorted([*balanced, *people.pairs], key=lambda pair: pair.sample_id)
    return PreferenceDataset(found_pairs, exclusions, _stats(found_pairs, exclusions, reused, new))


def _answers(model: Model, origin: str, asked: list[Wanted], kept: Kept) -> dict[str, Rejected]:
    name = f"{origin}:{model.name}"

    def arrived(number: int, answer: str) -> None:
        kept.keep(asked[number].key, asked[number].sample, name, answer)

    answers = model.answer([want.sample for want in asked], arrived)
    if len(answers) != len(asked):
        raise EngineError(
            f"{model.name!r} gave {len(answers)} answers to {len(asked)} instructions", "report this as a bug"
        )
    return {want.sample.sample_id: Rejected(name, text) for want, text in zip(asked, answers, strict=True)}


def _spread(samples: Sequence[InstructionSample], count: int) -> list[InstructionSample]:
    """At most `count` samples that may be used: one of each document, then a second of each, by hash."""
    of_document: defaultdict[str, list[InstructionSample]] = defaultdict(list)
    for sample in samples:
        if sample.split != "test" and word_count(sample.answer) <= LONGEST_ANSWER:
            of_document[sample.document_id].append(sample)
    ranked = [
        (rank, place_of(sample), sample)
        for members in of_document.values()
        for rank, sample in enumerate(sorted(members, key=place_of))
    ]
    return [sample for _, _, sample in sorted(ranked, key=lambda entry: entry[:2])[:count]]


def _pair(want: Wanted, found: Rejected) -> PreferenceSample:
    sample = want.sample
    return PreferenceSample(
        sample_id=sample.sample_id,
        document_id=sample.document_id,
        start=sample.start,
        end=sample.end,
        instruction=sample.instruction,
        chosen=sample.answer,
        rejected=fitted(found.text, word_count(sample.answer)),
        origin=found.origin,
        split=sample.split,
        input_digest=want.key,
        family=sample.family,
        context=sample.context,
        used_document_ids=tuple(dict.fromkeys((*sample.context_documents, *found.documents))),
    )


def _balanced(
    pairs: list[PreferenceSample], people: Sequence[PreferenceSample]
) -> tuple[list[PreferenceSample], list[PreferenceSample]]:
    """The pairs that are kept, and those left out for the bias in length; what people said always stays."""
    pairs = sorted(pairs, key=lambda pair: pair.sample_id)
    out = unbalanced(ratios_of(pairs), ratios_of(people))
    return [p for at, p in enumerate(pairs) if at not in out], [pairs[at] for at in sorted(out)]


def ratios_of(pairs: Iterable[PreferenceSample]) -> list[float]:
    """The `log_ratio` of each pair."""
    return [log_ratio(pair.chosen, pair.rejected) for pair in pairs]


def pairs_style(pairs: Sequence[PreferenceSample], documents: Iterable[CorpusDocument]) -> dict[str, float]:
    """How much of the chosen texts, and of the rejected ones of each origin, is within the author's range of style."""
    groups: defaultdict[str, list[Piece]] = defaultdict(list)
    for pair in pairs:
        groups["chosen"].append(Piece(pair.document_id, pair.chosen))
        groups[f"rejected_{pair.origin.partition(':')[0]}"].append(Piece(pair.sample_id, pair.rejected))
    found = style_ranges((Piece(d.document_id, d.text) for d in documents), groups)
    return {f"{name}_inside": style.inside for name, style in found.items()}


def _left_out(pair: PreferenceSample, reason: str) -> Exclusion:
    words = f"{word_count(pair.rejected)} words against {word_count(pair.chosen)}"
    detail = f"sample {pair.sample_id}, {pair.origin}: {words}"
    return Exclusion.of(STAGE, "", reason, detail, document_id=pair.document_id)


def _stats(
    pairs: Sequence[PreferenceSample], exclusions: Sequence[Exclusion], reused: int, asked: int
) -> dict[str, float]:
    stats: dict[str, float] = {"pairs": len(pairs), "reused": reused, "asked": asked}
    stats["by_people"] = sum(pair.origin.startswith(PEOPLE) for pair in pairs)
    stats |= {f"pairs_{split}": n for split, n in sorted(Counter(pair.split for pair in pairs).items())}
    stats |= {f"left_out_{reason}": n for reason, n in sorted(Counter(e.reason for e in exclusions).items())}
    bias = length_bias(ratios_of(pairs))
    return stats | {
        "mean_length_ratio": round(math.exp(bias.mean_log_ratio), 3),
        "share_rejected_longer": round(bias.share_longer, 3),
    }
