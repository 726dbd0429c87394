"""What a long-lived process keeps of memory that it has freed."""

import ctypes
import sys

M_TRIM_THRESHOLD = -1
KEPT = 64 * 1024
"""Bytes at the heap's top that stay with the process."""


def give_back_freed_memory() -> bool:
    """Make what Python, Arrow and Lance free go back to the system; returns whether the allocator took the setting.

    Arrow has a pool of its own, which keeps what was freed in it; it takes the system's allocator instead. glibc's,
    left alone, raises its thresholds to the largest block that was ever freed, and the process keeps what it has
    freed in pieces: thousands of searches, or batches of documents, seem to leak. Setting the threshold ends that
    adaptation (`mallopt(3)`); Dask does so for its workers, too. Other allocators stay as they are.
    """
    import pyarrow as pa

    pa.set_memory_pool(pa.system_memory_pool())
    if sys.platform != "linux":
        return False
    try:
        return bool(ctypes.CDLL(None).mallopt(M_TRIM_THRESHOLD, KEPT))
    except (OSError, AttributeError):
        # musl has no such function.
        return False
