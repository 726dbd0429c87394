"""Work in parts, so that memory does not grow with the whole."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def batches(members: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The members in order, `size` at a time; the last part may have fewer."""
    return (members[at : at + size] for at in range(0, len(members), size))
