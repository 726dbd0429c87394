"""Recall and time of LanceDB's vector indexes on clustered vectors, against comparing every vector.

    python benchmarks/vector_index.py [--rows 100000] [--queries 100]

384-dimensional unit vectors around centers (one for each hundred rows), as texts of like topics have them; the queries
lie as near to a center as the rows. Recall@10 is the share of the ten nearest vectors by exact search that an index
finds. Each index is asked as its users would ask it: with Lance's own defaults, and with more lists.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import lancedb
import numpy as np
import pyarrow as pa
from lancedb.index import HnswSq, IvfFlat, IvfPq, IvfSq

SEED, DIMENSIONS, K, PER_CENTER, NOISE = 7, 384, 10, 100, 0.8

Ask = Callable[[Any], Any]
WAYS: list[tuple[str, Callable[[int], Any], list[tuple[str, Ask]]]] = [
    (
        "IVF_PQ",
        lambda rows: IvfPq(distance_type="cosine", num_partitions=round(rows**0.5)),
        [("defaults", lambda q: q), ("refine 10", lambda q: q.refine_factor(10))],
    ),
    (
        "IVF_FLAT",
        lambda rows: IvfFlat(distance_type="cosine", num_partitions=round(rows**0.5)),
        [("defaults", lambda q: q), ("40 lists", lambda q: q.nprobes(40))],
    ),
    (
        "IVF_SQ",
        lambda rows: IvfSq(distance_type="cosine", num_partitions=round(rows**0.5)),
        [("defaults", lambda q: q), ("refine 2", lambda q: q.refine_factor(2))],
    ),
    (
        "IVF_HNSW_SQ",
        lambda _: HnswSq(distance_type="cosine"),
        [("defaults", lambda q: q), ("ef 100", lambda q: q.ef(100)), ("refine 4", lambda q: q.refine_factor(4))],
    ),
]


def clustered(rows: int, queries: int) -> tuple[np.ndarray, np.ndarray]:
    """Vectors and queries, each of length 1."""
    chance = np.random.default_rng(SEED)
    centers = chance.standard_normal((max(rows // PER_CENTER, 1), DIMENSIONS), dtype=np.float32)
    chosen = centers[chance.integers(len(centers), size=rows + queries)]
    vectors = chosen + NOISE * chance.standard_normal(chosen.shape, dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors[:rows], vectors[rows:]


def measured(table: Any, queries: np.ndarray, exact: list[set[int]], ask: Ask) -> str:
    """Recall@10 and median time of a query."""
    seconds, recalls = [], []
    for query, wanted in zip(queries, exact, strict=True):
        search = ask(table.search(query).distance_type("cosine")).select(["number", "_distance"]).limit(K)
        started = time.perf_counter()
        found = search.to_arrow()["number"].to_pylist()
        seconds.append(time.perf_counter() - started)
        recalls.append(len(wanted.intersection(found)) / K)
    return f"recall@{K} {statistics.mean(recalls):.3f}  {1000 * statistics.median(seconds):6.2f} ms"


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=100)
    arguments = parser.parse_args()
    vectors, queries = clustered(arguments.rows, arguments.queries)
    nearest = np.argsort(-(queries @ vectors.T), axis=1)[:, :K]
    exact = [set(row.tolist()) for row in nearest]
    rows = pa.table(
        {
            "number": pa.array(range(len(vectors))),
            "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), DIMENSIONS),
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        table = lancedb.connect(folder).create_table("vectors", rows)
        sys.stdout.write(f"exact        {'':10} {measured(table, queries, exact, lambda query: query)}\n")
        for name, config, asks in WAYS:
            started = time.perf_counter()
            table.create_index("vector", config=config(arguments.rows))
            sys.stdout.write(f"{name}: built in {time.perf_counter() - started:.1f} s\n")
            for label, ask in asks:
                sys.stdout.write(f"  {name:11}{label:10} {measured(table, queries, exact, ask)}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
