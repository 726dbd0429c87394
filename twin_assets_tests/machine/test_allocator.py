"""Freed memory is handed back to the system."""

import platform
import subprocess
import sys

import pytest

PINNED = """
import ctypes, os, sys
import pyarrow
from twin_assets.machine.allocator import give_back_freed_memory
if sys.argv[1] == "set":
    assert give_back_freed_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
def block(size):
    place = libc.malloc(size)
    ctypes.memset(place, 1, size)
    return place
libc.free(block(2 << 20))  # Left alone, the allocator puts blocks up to this size on its heap from now on.
blocks, pins = [], []
for _ in range(100):
    blocks.append(block(1 << 20))
    pins.append(block(20_000))  # Stays in use between two blocks.
for one in blocks:
    libc.free(one)
print(int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20)
"""


def resident(how: str, program: str = PINNED) -> int:
    """Memory in MiB of a process that has freed 50 to 100 MiB in blocks between which something stays."""
    done = subprocess.run([sys.executable, "-c", program, how], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's allocator is what is set")
def test_freed_blocks_between_which_something_stays_go_back_to_the_system():
    assert resident("left alone") - resident("set") >= 90


def test_arrow_keeps_no_pool_of_freed_memory():
    asked = "import pyarrow as pa; from twin_assets.machine.allocator import give_back_freed_memory as give_back; "
    asked += "give_back(); print(pa.default_memory_pool().backend_name)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "system"


HOLES = """
import ctypes, os, sys
from twin_assets.machine.allocator import give_back_freed_memory, trim_heap
give_back_freed_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
def block(size):
    place = libc.malloc(size)
    ctypes.memset(place, 1, size)
    return place
# All of one size, too small to be mapped on their own: a smaller one would go into a hole that Python left before.
blocks = [block(100_000) for _ in range(1000)]
for one in blocks[::2]:
    libc.free(one)
if sys.argv[1] == "set":
    assert trim_heap()
print(int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's allocator is what is trimmed")
def test_holes_between_blocks_in_use_go_back_to_the_system_when_the_heap_is_trimmed():
    assert resident("left alone", HOLES) - resident("set", HOLES) >= 40
