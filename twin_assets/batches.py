"""Work in parts, so that memory does not grow with the whole."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from twin_assets.machine.allocator import trim_heap

T = TypeVar("T")


def batches(members: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The members in order, `size` at a time; the last part may have fewer."""
    return one_by_one(members[at : at + size] for at in range(0, len(members), size))


def one_by_one(parts: Iterable[T]) -> Iterator[T]:
    """The parts in order; before the next one, what was freed since the last one goes back to the system."""
    for part in parts:
        yield part
        del part
        trim_heap()
