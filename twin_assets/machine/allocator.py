"""What a long-lived process keeps of memory that it has freed."""

import ctypes
import sys
from functools import cache
from typing import Any

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
    set_option = _of_allocator("mallopt")
    return bool(set_option and set_option(M_TRIM_THRESHOLD, KEPT))


def trim_heap() -> bool:
    """Give back what lies free between blocks in use; returns whether there was any.

    By itself the allocator gives back only what is free at the end of each thread's heap. A loop over batches, in which
    the threads of Arrow and Lance allocate, leaves half a megabyte of holes a batch. It takes a few milliseconds
    (`malloc_trim(3)`).
    """
    trim = _of_allocator("malloc_trim")
    return bool(trim and trim(0))


@cache
def _of_allocator(name: str) -> Any:
    """A function of glibc's allocator; None with another one."""
    if sys.platform != "linux":
        return None
    # musl has neither function.
    return getattr(ctypes.CDLL(None), name, None)
