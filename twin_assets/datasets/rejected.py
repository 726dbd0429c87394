"""What the author's text is preferred over where no model is asked: plain text, and passages of other documents."""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from twin_assets.datasets.pairs import MOST_ALIKE, fitted, grounding, log_ratio, similarity
from twin_assets.datasets.plain import PLAIN_VERSION, plain
from twin_assets.datasets.words import word_count
from twin_assets.digests import digest
from twin_assets.records import InstructionSample
from twin_assets.settings import DatasetSettings

PREFERENCES_VERSION = 2
"""Raised when pairs are chosen or filtered otherwise, so that datasets are built again."""

UNSUPPORTED = 0.2
"""Grounding in the retrieved passages above which another text is no ungrounded answer."""
_LOOKED_AT = 24
"""Passages of other documents that an ungrounded answer is chosen from."""

Origin = Literal["base", "champion", "plain", "ungrounded"]


class Rejected(NamedTuple):
    """An answer with its origin, and the other documents that it is from."""

    origin: str
    text: str
    documents: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """A sample with the origin its rejected answer shall have; `key` names all that decides on the answer."""

    sample: InstructionSample
    origin: Origin
    key: str

    @classmethod
    def of(cls, sample: InstructionSample, settings: DatasetSettings, base_name: str) -> "Wanted":
        """What a sample shall be paired with; `base_name` names the base model."""
        origin = _origin(sample, settings)
        turn = settings.preference_round if origin == "champion" else 0
        versions = (PREFERENCES_VERSION, PLAIN_VERSION if origin == "plain" else 0)
        return cls(sample, origin, digest("preference", versions, origin, turn, base_name, sample.row_digest()))


def _origin(sample: InstructionSample, settings: DatasetSettings) -> Origin:
    """One origin of those that suit a sample, by a digest: further samples change nothing about it."""
    weights: dict[Origin, float] = settings.preference_origins.model_dump()  # type: ignore[assignment]
    if not sample.context:
        del weights["ungrounded"]
    place = int(digest("origin", settings.seed, sample.sample_id)[:12], 16) / 16.0**12 * sum(weights.values())
    for origin, weight in weights.items():
        place -= weight
        if place < 0:
            return origin
    return "base"


class Shelf:
    """Answers that no model is asked for: plain ones, and passages of other documents."""

    def __init__(self, samples: Sequence[InstructionSample]) -> None:
        self._ring = sorted((place_of(s), s.sample_id, s) for s in samples if s.split != "test" and s.start < s.end)
        self._places = [place for place, _, _ in self._ring]

    def answer(self, want: Wanted) -> Rejected | None:
        """Origin, text and its documents; None where a model has to be asked."""
        if want.origin == "plain":
            text = plain(want.sample.answer)
            differs = word_count(text) and similarity(want.sample.answer, text) < MOST_ALIKE
            return Rejected(f"plain:rules-{PLAIN_VERSION}", text) if differs else None
        return self._ungrounded(want.sample) if want.origin == "ungrounded" else None

    def _ungrounded(self, sample: InstructionSample) -> Rejected | None:
        """The passage of another document of the same split that is nearest in length, of a few by hash."""
        first = bisect.bisect_left(self._places, place_of(sample))
        shown = {sample.document_id, *sample.context_documents}
        found: list[tuple[float, str, InstructionSample, str]] = []
        for at in range(min(_LOOKED_AT, len(self._ring))):
            other = self._ring[(first + at) % len(self._ring)][2]
            if other.split != sample.split or other.document_id in shown:
                continue
            text = fitted(other.answer, word_count(sample.answer))
            if word_count(text) and grounding(text, sample.context) <= UNSUPPORTED:
                found.append((abs(log_ratio(sample.answer, text)), other.sample_id, other, text))
        if not found:
            return None
        _, _, other, text = min(found, key=lambda entry: entry[:2])
        return Rejected(f"ungrounded:{other.document_id}", text, (other.document_id,))


def place_of(sample: InstructionSample) -> str:
    """Where a sample stands among all, by hash."""
    return digest("pair", sample.sample_id)
