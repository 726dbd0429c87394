"""What must hold of a preference dataset before anything is tuned on it, and what should."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from twin_assets.datasets.checks import DatasetCheck, repeated
from twin_assets.datasets.feedback import PEOPLE
from twin_assets.datasets.pairs import FEWEST, MEAN_LOG_RATIO, SHARE_LONGER, length_bias
from twin_assets.datasets.preferences import ratios_of
from twin_assets.datasets.shingles import all_runs, holds_any
from twin_assets.datasets.splits import overlap_runs
from twin_assets.datasets.words import OVERLAP, same_wording
from twin_assets.prompts import NOT_WRITTEN
from twin_assets.records import CorpusDocument, InstructionSample, PreferenceSample

LARGEST_ORIGIN = 0.9


def pair_checks(
    pairs: Sequence[PreferenceSample], samples: Sequence[InstructionSample], documents: Iterable[CorpusDocument]
) -> list[DatasetCheck]:
    """All checks of a preference dataset that was made of `samples`."""
    return [
        check_pairs_grounded(pairs, documents),
        check_pairs_leakage(pairs, samples),
        check_pairs_duplicates(pairs),
        check_length_bias(pairs),
        check_origins(pairs),
    ]


def check_pairs_grounded(pairs: Sequence[PreferenceSample], documents: Iterable[CorpusDocument]) -> DatasetCheck:
    """Every chosen text is the author's at its span, or what a person wrote or liked."""
    texts = {document.document_id: document.text for document in documents}
    people = sum(pair.origin.startswith(PEOPLE) for pair in pairs)
    own = sum(
        pair.chosen == NOT_WRITTEN or texts.get(pair.document_id, "")[pair.start : pair.end] == pair.chosen
        for pair in pairs
        if not pair.origin.startswith(PEOPLE)
    )
    share = (people + own) / len(pairs) if pairs else 1.0
    line = (
        f"**{own}** chosen texts are the author's own at their span, **{people}** are people's choice, of {len(pairs)}"
    )
    return DatasetCheck("grounded", share == 1.0, {"grounded_share": share, "by_people": float(people)}, line)


def check_pairs_leakage(pairs: Sequence[PreferenceSample], samples: Sequence[InstructionSample]) -> DatasetCheck:
    """Nothing of the test split is in a pair: no document, instruction, or run of 13 words of an answer."""
    tested = [sample for sample in samples if sample.split == "test"]
    documents = {sample.document_id for sample in tested if sample.answer != NOT_WRITTEN}
    asked = {same_wording(sample.instruction) for sample in tested}
    runs = all_runs((s.answer for s in tested if s.answer != NOT_WRITTEN and len(overlap_runs(s.answer))), OVERLAP)
    figures = {
        "test_documents": float(sum(not documents.isdisjoint((p.document_id, *p.used_document_ids)) for p in pairs)),
        "test_instructions": float(sum(same_wording(pair.instruction) in asked for pair in pairs)),
        "test_answers": float(sum(holds_any(overlap_runs(_all_of(pair)), runs) for pair in pairs)),
        "not_trained_or_validated": float(sum(pair.split == "test" for pair in pairs)),
    }
    line = "pairs with: " + ", ".join(f"**{n:.0f}** {what.replace('_', ' ')}" for what, n in figures.items())
    return DatasetCheck("leakage", not any(figures.values()), figures, line)


def check_pairs_duplicates(pairs: Sequence[PreferenceSample]) -> DatasetCheck:
    """No pair occurs twice: no id, and no instruction with the same rejected answer."""
    figures = {
        "sample_ids": float(repeated(pair.sample_id for pair in pairs)),
        "pairs": float(repeated(f"{same_wording(p.instruction)}\n{same_wording(p.rejected)}" for p in pairs)),
    }
    line = f"repeated: **{figures['sample_ids']:.0f}** sample ids, **{figures['pairs']:.0f}** pairs"
    return DatasetCheck("duplicates", not any(figures.values()), figures, line)


def check_length_bias(pairs: Sequence[PreferenceSample]) -> DatasetCheck:
    """Rejected answers are about as long as chosen ones over all, so that length is not what is learned. Warns."""
    bias = length_bias(ratios_of(pairs))
    low, high = SHARE_LONGER
    line = (
        f"the rejected answer has **{math.exp(bias.mean_log_ratio):.2f}** words for each of the chosen one "
        f"(within {math.exp(-MEAN_LOG_RATIO):.2f} to {math.exp(MEAN_LOG_RATIO):.2f}), and is the longer one in "
        f"**{bias.share_longer:.0%}** of pairs (within {low:.0%} to {high:.0%})"
    )
    figures = {"mean_log_ratio": bias.mean_log_ratio, "share_longer": bias.share_longer}
    return DatasetCheck("length_bias", bias.bounded or len(pairs) < FEWEST, figures, line, False)


def check_origins(pairs: Sequence[PreferenceSample]) -> DatasetCheck:
    """Rejected answers are of several origins: of one alone, what tells that one is learned. Warns."""
    counts = Counter(pair.origin.partition(":")[0] for pair in pairs)
    shares = {origin: count / len(pairs) for origin, count in counts.most_common()}
    line = ", ".join(f"{origin} **{share:.0%}**" for origin, share in shares.items()) or "no pairs"
    passed = len(pairs) < FEWEST or max(shares.values()) <= LARGEST_ORIGIN
    return DatasetCheck("origins", passed, {f"share_{origin}": share for origin, share in shares.items()}, line, False)


def _all_of(pair: PreferenceSample) -> str:
    return "\n".join((pair.instruction, pair.context, pair.chosen, pair.rejected))
