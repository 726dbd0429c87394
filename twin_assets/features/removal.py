"""What cleaning took out of a document, told as exclusions."""

from collections.abc import Iterable
from typing import NamedTuple

from twin_assets.features.pii import PiiPolicy, mask
from twin_assets.records import Exclusion, RawDocument

STAGE = "cleaning"
_EXCERPTS = 3
_EXCERPT_LENGTH = 80


class Removal(NamedTuple):
    """A span that was taken out, whole, and why."""

    reason: str
    text: str


def exclusions(raw: RawDocument, removals: Iterable[Removal], policy: PiiPolicy) -> list[Exclusion]:
    """One exclusion for each reason: how many spans it took, and the beginnings of the first ones, masked too."""
    by_reason: dict[str, list[str]] = {}
    for removal in removals:
        by_reason.setdefault(removal.reason, []).append(removal.text)
    told = {
        reason: f"{len(spans)} x: {' | '.join(_excerpt(span, policy) for span in spans[:_EXCERPTS])}"
        for reason, spans in by_reason.items()
    }
    return [exclude(raw, reason, detail) for reason, detail in told.items()]


def exclude(raw: RawDocument, reason: str, detail: str) -> Exclusion:
    """An exclusion of this stage that leads back to the file and row of the raw document."""
    return Exclusion.of(STAGE, raw.source, reason, detail, file=raw.file, row=raw.row, document_id=raw.document_id)


def _excerpt(text: str, policy: PiiPolicy) -> str:
    # Masked before it is cut: half an address is still one.
    short = " ".join(mask(text[: 8 * _EXCERPT_LENGTH], policy)[0].split())
    return short if len(short) <= _EXCERPT_LENGTH else f"{short[: _EXCERPT_LENGTH - 1]}…"
