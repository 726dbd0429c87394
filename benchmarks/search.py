"""Search in a large feature store: recall against exact search, and latency against LanceDB's own bare queries.

    python benchmarks/search.py [--rows 1000000] [--queries 200] [--rounds 5] [--index default] [--keep FOLDER]

Rows of clustered vectors and of words with a natural distribution come from a fixed seed and are streamed to Lance; the
exact nearest ones are found while they pass. Then the same queries go, taking turns, through our search, through the
same vector and full-text queries written with LanceDB's own API, one after the other, and through these at once.
Embedding the query is no part of it: the vectors are given. `--index` tries another vector index than the project's own
choice: ivf_pq, ivf_pq_96, ivf_sq, ivf_rq, ivf_flat, ivf_hnsw_sq or none.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from benchmarks.synthetic import BATCH, DIMENSIONS, GIVEN, NEVER, Synthetic  # noqa: E402
from twin_assets.features.active import activate, active_table  # noqa: E402
from twin_assets.features.index import TEXT_COLUMNS, build_indexes  # noqa: E402
from twin_assets.features.words import words  # noqa: E402
from twin_assets.progress import Report, silent  # noqa: E402
from twin_assets.retrieval import Searcher  # noqa: E402
from twin_assets.retrieval.queries import COLUMNS  # noqa: E402
from twin_assets.settings import RetrievalSettings  # noqa: E402
from twin_assets.storage import TableStore  # noqa: E402

NEAREST = 10


class Given:
    """Stands in for the embedder."""

    name = GIVEN

    def __init__(self, vectors: dict[str, list[float]]) -> None:
        self._vectors = vectors

    def embed(self, texts: Sequence[str], report: Report = silent) -> list[Any]:
        """The vectors as they are."""
        return [self._vectors[text] for text in texts]

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """A token for each word."""
        return [len(text.split()) for text in texts]


def write(store: TableStore, made: Synthetic, rows: int, queries: np.ndarray) -> list[set[str]]:
    """Stream the rows to the table; returns the ids of the exact nearest rows of each query."""
    schema = made.record.schema_for(DIMENSIONS)
    best = np.full((len(queries), NEAREST), -2.0, np.float32)
    ids = np.zeros((len(queries), NEAREST), np.int64)

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal best, ids
        for number in range(-(-rows // BATCH)):
            vectors, batch = made.batch(number, min(BATCH, rows - number * BATCH), schema)
            similar = np.concatenate([best, queries @ vectors.T], axis=1)
            known = np.broadcast_to(np.arange(len(vectors)) + number * BATCH, (len(queries), len(vectors)))
            known = np.concatenate([ids, known], axis=1)
            top = np.argpartition(-similar, NEAREST - 1, axis=1)[:, :NEAREST]
            best, ids = np.take_along_axis(similar, top, 1), np.take_along_axis(known, top, 1)
            yield batch

    store.table(made.record, schema).add(pa.RecordBatchReader.from_batches(schema, batches()))
    return [{f"{row:012d}" for row in nearest} for nearest in ids]


def build_index(store: TableStore, made: Synthetic, kind: str) -> None:
    """The project's own indexes, or its full-text index beside another one of vectors; searches find the table then."""
    from lancedb.index import HnswSq, IvfFlat, IvfPq, IvfRq, IvfSq

    others: dict[str, Callable[[], Any]] = {
        "ivf_pq": lambda: IvfPq(distance_type="cosine"),
        "ivf_pq_96": lambda: IvfPq(distance_type="cosine", num_sub_vectors=96),
        "ivf_sq": lambda: IvfSq(distance_type="cosine"),
        "ivf_rq": lambda: IvfRq(distance_type="cosine"),
        "ivf_flat": lambda: IvfFlat(distance_type="cosine"),
        "ivf_hnsw_sq": lambda: HnswSq(distance_type="cosine"),
    }
    started = time.perf_counter()
    build_indexes(store, DIMENSIONS, 1 if kind == "default" else NEVER, record=made.record)
    text = time.perf_counter() - started
    if kind in others:
        store.open(made.record).create_index("vector", config=others[kind]())
    activate(store, made.embedder, made.embedder)
    passed = time.perf_counter() - started
    sys.stdout.write(f"indexes built in {passed:.0f} s ({passed - text:.0f} s of it {kind} beside the project's)\n")


def bare(store: TableStore, how: RetrievalSettings) -> tuple[Callable[..., Any], Callable[..., Any], Callable[[], Any]]:
    """The vector query, the full-text query and the look for a newer version of our search in LanceDB's own API."""
    from lancedb.query import MatchQuery, MultiMatchQuery

    table = store.open(active_table(store))

    def by_vector(vector: list[float]) -> Any:
        search = table.search(vector, vector_column_name="vector").distance_type("cosine").nprobes(how.nprobes)
        return _limited(search.refine_factor(how.refine_factor).select([*COLUMNS, "_distance"]), how)

    def by_text(text: str, column: str | None) -> Any:
        terms = " ".join(words(text))
        match = MatchQuery(terms, column) if column else MultiMatchQuery(terms, list(TEXT_COLUMNS))
        return _limited(table.search(match).select([*COLUMNS, "vector", "_score"]), how)

    def newest() -> Any:
        table.checkout_latest()
        return table.version

    return by_vector, by_text, newest


def _limited(search: Any, how: RetrievalSettings) -> Any:
    return search.where("scope = 'public'", prefilter=True).limit(how.candidates).to_arrow()


def compare(searcher: Searcher, store: TableStore, asked: dict[str, list[float]], rounds: int) -> None:
    """Print median and 99th percentile of each way, and of the parts of ours."""
    by_vector, by_text, newest = bare(store, RetrievalSettings())
    threads = ThreadPoolExecutor(len(TEXT_COLUMNS))

    def in_turn(text: str) -> None:
        by_vector(asked[text])
        for column in TEXT_COLUMNS:
            by_text(text, column)

    def at_once(text: str) -> None:
        found = [threads.submit(by_text, text, column) for column in TEXT_COLUMNS]
        by_vector(asked[text])
        for one in found:
            one.result()

    ways: dict[str, Callable[[str], Any]] = {
        "our search": lambda text: searcher.search(text, 5),
        "LanceDB, the same queries in turn": in_turn,
        "LanceDB, the same queries at once": at_once,
        "LanceDB, the vector query": lambda text: by_vector(asked[text]),
        "LanceDB, all words in one query": lambda text: by_text(text, None),
        "LanceDB, the newest version": lambda _: newest(),
    }
    taken: dict[str, list[float]] = {way: [] for way in ways}
    for text in asked:
        for run in ways.values():
            run(text)
    for turn in range(rounds):
        for number, text in enumerate(asked):
            # Each way comes first as often as last: whatever is asked first pays for the caches.
            shift = (turn + number) % len(ways)
            for way in [*ways][shift:] + [*ways][:shift]:
                started = time.perf_counter()
                ways[way](text)
                taken[way].append((time.perf_counter() - started) * 1000)
    for way, times in taken.items():
        last = statistics.quantiles(times, n=100)[98]
        sys.stdout.write(f"  {way:34} p50 {statistics.median(times):8.2f} ms   p99 {last:8.2f} ms\n")
    ours = taken["our search"]
    for way in ("LanceDB, the same queries in turn", "LanceDB, the same queries at once"):
        over = statistics.median(a - b for a, b in zip(ours, taken[way], strict=True))
        sys.stdout.write(f"  our search takes {over:+.2f} ms (p50) against {way}\n")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--index", default="default")
    parser.add_argument("--keep", type=Path, help="a folder for the store, which stays there")
    arguments = parser.parse_args()
    made = Synthetic()
    vectors = made.vectors(NEVER // 2, arguments.queries)
    texts = made.texts(NEVER // 2, arguments.queries, 4)
    asked = dict(zip(texts, vectors.tolist(), strict=True))
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.keep or Path(scratch)
        store = TableStore(str(folder))
        started = time.perf_counter()
        nearest = write(store, made, arguments.rows, vectors)
        sys.stdout.write(f"{arguments.rows} rows written in {time.perf_counter() - started:.0f} s\n")
        build_index(store, made, arguments.index)
        size = sum(file.stat().st_size for file in folder.rglob("_indices/**/*") if file.is_file())
        sys.stdout.write(f"indexes take {size / 2**20:.0f} MiB\n")
        by_vector = Searcher(store, Given(asked), RetrievalSettings(text_weight=0, candidates=NEAREST))
        found = [{passage.chunk_id for passage in by_vector.search(text, NEAREST)} for text in asked]
        recall = statistics.mean(len(a & b) / NEAREST for a, b in zip(found, nearest, strict=True))
        sys.stdout.write(f"recall@{NEAREST} of the vector search against exact search: {recall:.3f}\n")
        compare(Searcher(store, Given(asked)), store, asked, arguments.rounds)


if __name__ == "__main__":
    main()
