"""MinHash signatures in a file, and a byte of each number in memory.

Folding needs some columns of all of them to find candidates, which are read from the file, and all columns of some to
estimate what two have in common, for which the lowest 8 bits of each number do: two different ones share them once in
256 times (Li and König 2010, "b-Bit Minwise Hashing").
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO

import numpy as np
from numpy.typing import NDArray

from twin_assets.features.shingles import PERMUTATIONS, Signatures

_ROW = PERMUTATIONS * 4
"""Bytes of a signature."""
_BLOCK = 8192
"""Signatures in memory at a time."""
LowBytes = NDArray[np.uint8]
"""The lowest byte of each number of signatures, of shape `(documents, PERMUTATIONS)`."""


class SignatureFile:
    """Signatures by the places of their documents; zeros where none was put. See `signature_file`."""

    def __init__(self, file: IO[bytes], count: int) -> None:
        self._file, self._count = file, count
        self._low: LowBytes = np.zeros((count, PERMUTATIONS), np.uint8)
        file.truncate(count * _ROW)

    def put(self, places: Sequence[int], signatures: Signatures) -> None:
        """Keep signatures of shape `(places, PERMUTATIONS)`."""
        self._low[places] = signatures.astype(np.uint8)
        for place, signature in zip(places, signatures.astype("<u4"), strict=True):
            self._file.seek(place * _ROW)
            self._file.write(signature.tobytes())
        self._file.flush()

    def low_bytes(self, places: NDArray[np.int64]) -> LowBytes:
        """Of the signatures of these documents."""
        low: LowBytes = self._low[places]
        return low

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
