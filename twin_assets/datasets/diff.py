"""What differs between two versions of a dataset, sample by sample."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Generic, TypeVar

from twin_assets.records import InstructionSample, PreferenceSample

S = TypeVar("S", InstructionSample, PreferenceSample)


@dataclass(frozen=True)
class Changed(Generic[S]):
    """A sample of one id in both versions, and the fields that differ."""

    before: S
    after: S
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Difference(Generic[S]):
    """Samples that are only in the new version, only in the old one, in both with other content; how many the same."""

    added: list[S]
    removed: list[S]
    changed: list[Changed[S]]
    unchanged: int


def difference(before: Sequence[S], after: Sequence[S]) -> Difference[S]:
    """Compare two versions; lists are in the order of ids."""
    old = {sample.sample_id: sample for sample in before}
    new = {sample.sample_id: sample for sample in after}
    both = sorted(old.keys() & new.keys())
    changed = [_changed(old[i], new[i]) for i in both if old[i] != new[i]]
    return Difference(
        added=[new[i] for i in sorted(new.keys() - old.keys())],
        removed=[old[i] for i in sorted(old.keys() - new.keys())],
        changed=changed,
        unchanged=len(both) - len(changed),
    )


def _changed(before: S, after: S) -> Changed[S]:
    names = tuple(f.name for f in fields(before) if getattr(before, f.name) != getattr(after, f.name))
    return Changed(before, after, names)
