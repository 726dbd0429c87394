"""Processes killed while they write, disks that are full, and tables on a real S3 API."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from twin_assets.errors import StorageError
from twin_assets.records import Exclusion
from twin_assets.storage import TableStore

ROWS = 200

WRITER = """
import sys
from twin_assets.records import Exclusion
from twin_assets.storage import TableStore
store, generation = TableStore(sys.argv[1]), 0
while True:
    generation += 1
    print(generation, flush=True)
    rows = range(generation % 7, 200)
    store.sync(Exclusion, [Exclusion(f"k{n}", "s", "x", "f", n, "r", str(generation), "d") for n in rows])
"""


def environment():
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def test_a_writer_killed_at_any_moment_leaves_the_last_version_whole(tmp_path):
    seed = random.Random(0)
    store = TableStore(str(tmp_path))
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], env=environment(), stdout=subprocess.PIPE, text=True
        ) as writer:
            for _ in range(seed.randint(3, 9)):
                assert writer.stdout.readline()
            time.sleep(seed.uniform(0, 0.03))
            writer.send_signal(signal.SIGKILL)
        found = store.read(Exclusion)
        generations = {row.detail for row in found}
        assert len(generations) == 1
        assert sorted(row.row for row in found) == list(range(int(generations.pop()) % 7, ROWS))
        assert store.sync(Exclusion, found).unchanged == len(found)


FULL = """
import resource, sys
from twin_assets.errors import StorageError
from twin_assets.records import Exclusion
from twin_assets.storage import TableStore
store = TableStore(sys.argv[1])
rows = [Exclusion(f"k{n}", "s", "x", "f", n, "r", "old", "d") for n in range(10)]
store.sync(Exclusion, rows)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
import random
big = [Exclusion(f"k{n}", "s", "x", "f", n, "r", random.randbytes(500).hex(), "d") for n in range(2000)]
try:
    store.sync(Exclusion, big)
except StorageError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert store.read(Exclusion) == sorted(rows, key=lambda row: row.exclusion_id)
assert store.sync(Exclusion, big).total == 2000
"""


def test_a_disk_that_takes_no_more_is_a_clear_error_and_loses_nothing(tmp_path):
    """A limit on the size of a file makes a write fail in its middle, as a full disk does."""
    run = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], env=environment(), capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert "table 'exclusions'" in run.stdout
    assert "cannot be written" in run.stdout
    assert "-> free disk space" in run.stdout


def test_tables_work_on_s3_as_on_a_disk(tmp_path, row, s3):
    store = TableStore(f"s3://twin/{tmp_path.name}/lance", s3)
    assert store.read(Exclusion) == []
    first = store.sync(Exclusion, [row("a"), row("b")])
    store.tag(Exclusion, "release")
    second = store.sync(Exclusion, [row("b", "changed"), row("c")])
    assert (first.added, second.added, second.updated, second.removed) == (2, 1, 1, 1)
    again = TableStore(f"s3://twin/{tmp_path.name}/lance", s3)
    assert again.read(Exclusion) == [row("b", "changed"), row("c")]
    assert again.read(Exclusion, version="release") == [row("a"), row("b")]
    assert again.sync(Exclusion, [row("b", "changed"), row("c")]).data_version == second.data_version


def test_a_bucket_that_is_not_there_is_a_storage_error(row, s3):
    with pytest.raises(StorageError, match="no-such-bucket"):
        TableStore("s3://no-such-bucket/lance", s3).sync(Exclusion, [row("a")])
