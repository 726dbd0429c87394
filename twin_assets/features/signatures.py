"""MinHash signatures in a file: folding needs some columns of all of them, or all columns of some, at a time."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO

import numpy as np
from numpy.typing import NDArray

from twin_assets.features.shingles import PERMUTATIONS, Signatures

_ROW = PERMUTATIONS * 4
"""Bytes of a signature."""
_BLOCK = 8192
"""Signatures in memory at a time."""
_MAPPED = 16_384
"""Signatures looked at through one mapping, whose pages count as the process's memory."""


class SignatureFile:
    """Signatures by the places of their documents; zeros where none was put. See `signature_file`."""

    def __init__(self, file: IO[bytes], count: int) -> None:
        self._file, self._count = file, count
        self._mapped: Signatures | None = None
        self._looked_at = 0
        file.truncate(count * _ROW)

    def put(self, places: Iterable[int], signatures: Signatures) -> None:
        """Keep signatures of shape `(places, PERMUTATIONS)`."""
        for place, signature in zip(places, signatures.astype("<u4"), strict=True):
            self._file.seek(place * _ROW)
            self._file.write(signature.tobytes())
        self._file.flush()

    def rows(self, places: NDArray[np.int64]) -> Signatures:
        """The signatures of these documents, of shape `(places, PERMUTATIONS)`."""
        # Candidates are asked for by the thousand, for which a call of `read` each would take most of folding's time.
        if self._mapped is None or self._looked_at > _MAPPED:
            self._mapped, self._looked_at = np.memmap(self._file, "<u4", "r", shape=(self._count, PERMUTATIONS)), 0
        self._looked_at += len(places)
        rows: Signatures = np.asarray(self._mapped[places])
        return rows

    def columns(self, start: int, stop: int) -> Signatures:
        """These columns of all signatures, of shape `(documents, stop - start)`."""
        columns = np.empty((self._count, stop - start), np.uint32)
        self._file.seek(0)
        for at in range(0, self._count, _BLOCK):
            block = np.frombuffer(self._file.read(_BLOCK * _ROW), "<u4").reshape(-1, PERMUTATIONS)
            columns[at : at + len(block)] = block[:, start:stop]
        return columns


@contextmanager
def signature_file(count: int) -> Iterator[SignatureFile]:
    """For so many documents, in a file without a name that is gone afterwards."""
    with tempfile.TemporaryFile() as file:
        yield SignatureFile(file, count)
