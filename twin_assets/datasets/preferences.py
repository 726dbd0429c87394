"""The preference dataset: the author's text preferred over the base model's own answer to the same instruction.

For direct preference optimization (Rafailov et al. 2023).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from twin_assets.datasets.words import same_wording, word_count
from twin_assets.digests import digest
from twin_assets.errors import EngineError
from twin_assets.progress import Report, silent
from twin_assets.records import Exclusion, InstructionSample, PreferenceSample
from twin_assets.settings import DatasetSettings

STAGE = "preference_dataset"
PREFERENCES_VERSION = 1
"""Raised when pairs are chosen or filtered otherwise, so that datasets are built again."""

LONGEST_ANSWER = 220
"""Words of an author's text above which it is not paired: prompt and both answers must fit the trainer's window."""

LENGTH_RATIO = (0.25, 4.0)
"""Least and most words of the rejected answer for each word of the chosen one: else the pair teaches only length."""

_REFUSAL = re.compile(
    r"^\W*(?:i'?m sorry|i am sorry|sorry,|i apologi[sz]e"
    r"|i can(?:'t|not) (?:help|assist|answer|provide|fulfil|write|create)|i(?:'m| am) (?:unable|not able)"
    r"|as an? (?:ai|artificial|language model)|i do(?:n't| not) have (?:access|enough))",
    re.I,
)

Answer = Callable[[list[str]], list[str]]
"""The base model's answers to instructions, in their order, greedy or seeded so that they can be had again."""


@dataclass(frozen=True)
class PreferenceDataset:
    """Pairs in the order of their ids, what was left out, and figures a person wants to see."""

    samples: list[PreferenceSample]
    exclusions: list[Exclusion]
    stats: dict[str, int]


def build_preferences(
    samples: Sequence[InstructionSample],
    *,
    answer: Answer,
    base_name: str,
    settings: DatasetSettings,
    known: Mapping[str, PreferenceSample],
    report: Report = silent,
) -> PreferenceDataset:
    """Pair the author's text with the base model's answer, for at most `settings.preference_pairs` instructions.

    Only train and validation samples are used, chosen by hash and spread over the documents. A pair that is in
    `known` with the same input is kept as it is. A pair is left out, by reason: `empty`, `identical`, `refusal`,
    `length` (ratio outside `LENGTH_RATIO`); answers of such pairs are asked for again by the next call.

    Args:
        samples: the instruction dataset.
        answer: the base model's answers; may raise EngineError.
        base_name: which base model, in words that change when its answers may.
        settings: how many pairs.
        known: the pairs of the last version by `sample_id`.
        report: takes lines of progress.

    Raises EngineError when `answer` gives another number of answers than it was asked for.
    """
    chosen = _spread(samples, settings.preference_pairs)
    digests = {s.sample_id: digest("preference", PREFERENCES_VERSION, base_name, s.row_digest()) for s in chosen}
    kept = [
        known[s.sample_id]
        for s in chosen
        if s.sample_id in known and known[s.sample_id].input_digest == digests[s.sample_id]
    ]
    reused = {pair.sample_id for pair in kept}
    new = [s for s in chosen if s.sample_id not in reused]
    report(f"{len(chosen)} pairs wanted, {len(reused)} of them known; asking {base_name} for {len(new)} answers")
    exclusions = []
    reasons: Counter[str] = Counter()
    answers = answer([sample.instruction for sample in new]) if new else []
    if len(answers) != len(new):
        raise EngineError(
            f"{base_name!r} gave {len(answers)} answers to {len(new)} instructions", "report this as a bug"
        )
    for sample, rejected in zip(new, answers, strict=True):
        reason = _unusable(sample.answer, rejected)
        if reason:
            reasons[reason] += 1
            exclusions.append(_left_out(sample, rejected, reason))
        else:
            kept.append(_pair(sample, rejected.strip(), base_name, digests[sample.sample_id]))
    stats = {"pairs": len(kept), "reused": len(reused), "asked": len(new)}
    stats |= {f"pairs_{split}": n for split, n in sorted(Counter(pair.split for pair in kept).items())}
    stats |= {f"left_out_{reason}": n for reason, n in sorted(reasons.items())}
    return PreferenceDataset(sorted(kept, key=lambda pair: pair.sample_id), exclusions, stats)


def _spread(samples: Sequence[InstructionSample], count: int) -> list[InstructionSample]:
    """At most `count` samples that may be used: one of each document, then a second of each, by hash."""
    of_document: defaultdict[str, list[InstructionSample]] = defaultdict(list)
    for sample in samples:
        if sample.split != "test" and word_count(sample.answer) <= LONGEST_ANSWER:
            of_document[sample.document_id].append(sample)
    ranked = [
        (rank, _place(sample), sample)
        for members in of_document.values()
        for rank, sample in enumerate(sorted(members, key=_place))
    ]
    return [sample for _, _, sample in sorted(ranked, key=lambda entry: entry[:2])[:count]]


def _place(sample: InstructionSample) -> str:
    return digest("pair", sample.sample_id)


def _unusable(chosen: str, rejected: str) -> str:
    """Why a pair teaches nothing, or an empty string."""
    if not rejected.strip() or not word_count(rejected):
        return "empty"
    if same_wording(chosen) == same_wording(rejected):
        return "identical"
    if _REFUSAL.match(rejected.replace("’", "'")):
        return "refusal"
    ratio = word_count(rejected) / max(word_count(chosen), 1)
    return "" if LENGTH_RATIO[0] <= ratio <= LENGTH_RATIO[1] else "length"


def _left_out(sample: InstructionSample, rejected: str, reason: str) -> Exclusion:
    detail = f"sample {sample.sample_id}: {word_count(rejected)} words against {word_count(sample.answer)}"
    return Exclusion.of(STAGE, "", reason, detail, document_id=sample.document_id)


def _pair(sample: InstructionSample, rejected: str, base_name: str, input_digest: str) -> PreferenceSample:
    return PreferenceSample(
        sample_id=sample.sample_id,
        document_id=sample.document_id,
        start=sample.start,
        end=sample.end,
        instruction=sample.instruction,
        chosen=sample.answer,
        rejected=rejected,
        origin=f"base:{base_name}",
        split=sample.split,
        input_digest=input_digest,
    )
