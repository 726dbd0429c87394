"""Preferences of people: an edit is preferred to its draft, a draft that was liked to one that was not."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from twin_assets.datasets.pairs import similarity
from twin_assets.datasets.shingles import holds_any
from twin_assets.datasets.splits import overlap_runs
from twin_assets.datasets.words import same_wording, word_count
from twin_assets.digests import digest
from twin_assets.records import Exclusion, FeedbackEvent, InstructionSample, PreferenceSample, Split

FAMILY = "feedback"
"""The family of pairs that people made."""
PEOPLE = ("edit", "thumb")
"""The origins of pairs that people made."""
_STAGE = "preference_dataset"


class FeedbackPairs(NamedTuple):
    """Pairs of people's feedback, and what of it was left out and why."""

    pairs: list[PreferenceSample]
    exclusions: list[Exclusion]


def feedback_pairs(
    events: Iterable[FeedbackEvent], samples: Sequence[InstructionSample], longest: int
) -> FeedbackPairs:
    """Pairs of edits and thumbs.

    Of several events of one kind about one draft the last counts. A draft with a thumb down is paired with, in this
    order: a draft of the same instruction with a thumb up, the last edit of one, the author's passage for it. Left out
    are, by reason: `unpaired` (a thumb with nothing to set it against), `identical`, `empty`, `too_long` (more than
    `longest` words), and `held_out` (it would make text known that the twin is tested with).
    """
    latest: dict[tuple[str, str], FeedbackEvent] = {}
    for event in sorted(events, key=lambda e: (e.created_at, e.event_id)):
        latest[event.draft_id, event.kind] = event
    found = sorted(latest.values(), key=lambda e: e.event_id)
    better = _Better(found, samples)
    sides = _Sides(samples)
    pairs, exclusions = [], []
    used: set[str] = set()
    for event in found:
        if event.kind == "thumb_up":
            continue
        chosen, source = (event.edited, event) if event.kind == "edit" else better.than(event)
        split, reason = sides.of(event, chosen, source, longest)
        if reason:
            exclusions.append(_left_out(event, reason))
            continue
        used.add(source.event_id if isinstance(source, FeedbackEvent) else "")
        pairs.append(_pair(event, chosen, source, split))
    exclusions += [_left_out(e, "unpaired") for e in found if e.kind == "thumb_up" and e.event_id not in used]
    return FeedbackPairs(pairs, exclusions)


class _Better:
    """What is preferred to a draft with a thumb down, by the wording of its instruction."""

    def __init__(self, events: Sequence[FeedbackEvent], samples: Sequence[InstructionSample]) -> None:
        self._known: dict[str, tuple[str, FeedbackEvent | InstructionSample]] = {}
        for sample in samples:
            if sample.split != "test":
                self._known[same_wording(sample.instruction)] = (sample.answer, sample)
        for kind in ("edit", "thumb_up"):
            for event in sorted((e for e in events if e.kind == kind), key=lambda e: (e.created_at, e.event_id)):
                self._known[same_wording(event.instruction)] = (event.edited or event.draft, event)

    def than(self, event: FeedbackEvent) -> tuple[str, FeedbackEvent | InstructionSample | None]:
        return self._known.get(same_wording(event.instruction), ("", None))


class _Sides:
    """Which split a pair belongs to."""

    def __init__(self, samples: Sequence[InstructionSample]) -> None:
        self._splits: Mapping[str, Split] = {s.document_id: s.split for s in samples}
        tested = [sample for sample in samples if sample.split == "test"]
        self._asked = {same_wording(sample.instruction) for sample in tested}
        self._runs = [overlap_runs(sample.answer) for sample in tested]

    def of(
        self, event: FeedbackEvent, chosen: str, source: FeedbackEvent | InstructionSample | None, longest: int
    ) -> tuple[Split, str]:
        """The split, and why the pair is left out or an empty string."""
        if source is None:
            return "train", "unpaired"
        if not word_count(chosen) or not word_count(event.draft):
            return "train", "empty"
        if similarity(chosen, event.draft) == 1.0:
            return "train", "identical"
        if max(word_count(chosen), word_count(event.draft)) > longest:
            return "train", "too_long"
        runs = overlap_runs(f"{event.instruction}\n{chosen}\n{event.draft}")
        splits = {self._splits[i] for i in _documents(event, source) if i in self._splits}
        known = same_wording(event.instruction) in self._asked or any(holds_any(runs, tested) for tested in self._runs)
        if known or "test" in splits:
            return "test", "held_out"
        return ("validation" if "validation" in splits else "train"), ""


def _documents(event: FeedbackEvent, source: FeedbackEvent | InstructionSample | None) -> tuple[str, ...]:
    """The documents of a pair, that of the author's own passage first."""
    if isinstance(source, InstructionSample):
        return tuple(dict.fromkeys((source.document_id, *event.used_document_ids)))
    return tuple(dict.fromkeys((*event.used_document_ids, *(source.used_document_ids if source else ()))))


def _pair(
    event: FeedbackEvent, chosen: str, source: FeedbackEvent | InstructionSample | None, split: Split
) -> PreferenceSample:
    documents = _documents(event, source)
    kind = "edit" if event.kind == "edit" else "thumb"
    span = (source.start, source.end) if isinstance(source, InstructionSample) else (0, 0)
    return PreferenceSample(
        sample_id=digest("feedback pair", event.event_id),
        document_id=documents[0] if documents else "",
        start=span[0],
        end=span[1],
        instruction=event.instruction,
        chosen=chosen,
        rejected=event.draft,
        origin=f"{kind}:{event.event_id}",
        split=split,
        input_digest=digest("feedback pair", event.row_digest(), chosen),
        family=FAMILY,
        context="",
        used_document_ids=documents[1:],
    )


def _left_out(event: FeedbackEvent, reason: str) -> Exclusion:
    documents = event.used_document_ids
    detail = f"feedback {event.event_id} ({event.kind}) on draft {event.draft_id}"
    return Exclusion.of(_STAGE, "", reason, detail, document_id=documents[0] if documents else "")
