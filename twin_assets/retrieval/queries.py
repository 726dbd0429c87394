"""The queries of a hybrid search in LanceDB, and what they say of each chunk together."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from twin_assets.features.words import words
from twin_assets.retrieval.fusion import hybrid_score
from twin_assets.retrieval.passages import Hit, Scores
from twin_assets.settings import RetrievalSettings

if TYPE_CHECKING:
    import pyarrow as pa
    from lancedb.table import Table

QUERY_WORDS = 200
"""Different words of a query that are looked for; a longer one is cut."""
COLUMNS = tuple(field.name for field in fields(Hit))


class Found(NamedTuple):
    """What one query found, best first: rows as Arrow, their chunk ids, and the distance or BM25 of each."""

    rows: "pa.Table | None"
    chunk_ids: list[str]
    values: list[float]


NOTHING = Found(None, [], [])


def terms_of(query: str) -> list[str]:
    """The different words of a query, in its order."""
    return list(dict.fromkeys(words(query)))[:QUERY_WORDS]


def by_vector(table: "Table", vector: Sequence[float], where: str | None, how: RetrievalSettings, limit: int) -> Found:
    """The chunks whose vectors are nearest by cosine."""
    search = table.search(list(vector), vector_column_name="vector").distance_type("cosine")
    search = search.nprobes(how.nprobes).refine_factor(how.refine_factor)
    return _found(search, "_distance", COLUMNS, where, limit)


def by_text(table: "Table", terms: Sequence[str], column: str, where: str | None, limit: int) -> Found:
    """The chunks with the highest BM25 in one indexed column, with their vectors."""
    from lancedb.query import MatchQuery

    if not terms:
        return NOTHING
    match = MatchQuery(" ".join(terms), column)
    return _found(table.search(match), "_score", (*COLUMNS, "vector"), where, limit)


def summed(worded: Sequence[Found], limit: int) -> dict[str, float]:
    """BM25 of each chunk over all columns, highest first.

    LanceDB sums columns by itself, but reads every chunk with any of the words for it: 40 times as long in a million of
    them. So each column gives its best chunks. What a full list of them leaves out has some score between 0 and its
    lowest in that column, and is taken for half of that.
    """
    lowest = [found.values[-1] if len(found.values) >= limit else 0.0 for found in worded]
    columns = [dict(zip(found.chunk_ids, found.values, strict=True)) for found in worded]
    scores = {
        chunk: sum(column.get(chunk, least / 2) for column, least in zip(columns, lowest, strict=True))
        for chunk in dict.fromkeys(chunk for column in columns for chunk in column)
    }
    return dict(sorted(scores.items(), key=lambda entry: (-entry[1], entry[0])))


def _found(search: Any, value: str, columns: Sequence[str], where: str | None, limit: int) -> Found:
    if where:
        search = search.where(where, prefilter=True)
    rows = search.select([*columns, value]).limit(limit).to_arrow().combine_chunks()
    return Found(rows, rows["chunk_id"].to_pylist(), rows[value].to_pylist())


def scored(
    near: Found,
    worded: Sequence[Found],
    vector: Sequence[float] | None,
    terms: int,
    rows: int,
    limit: int,
    how: RetrievalSettings,
) -> dict[str, Scores]:
    """What all queries say of each chunk that any found, the best chunk first.

    The similarity of what only the words found is computed, not taken for the lowest: it is what tells the chunks apart
    that have the same words.

    Args:
        near: what `by_vector` found.
        worded: what `by_text` found in each column.
        vector: the query's, None when vectors count for nothing.
        terms: different words of the query.
        rows: chunks that are searched.
        limit: how many each query was to find.
        how: the weights.
    """
    similar = {} if vector is None else _cosines(worded, vector)
    similar |= {chunk: 1 - distance for chunk, distance in zip(near.chunk_ids, near.values, strict=True)}
    bm25 = summed(worded, limit)
    ranks = [{chunk: rank for rank, chunk in enumerate(found, 1)} for found in (near.chunk_ids, bm25)]
    scores = {
        chunk: Scores(
            vector_distance=1 - similar[chunk] if chunk in similar else None,
            vector_rank=ranks[0].get(chunk),
            text_score=bm25.get(chunk),
            text_rank=ranks[1].get(chunk),
            fused=hybrid_score(similar.get(chunk, 0.0), bm25.get(chunk, 0.0), terms, rows, how),
        )
        for chunk in dict.fromkeys((*near.chunk_ids, *bm25))
    }
    return dict(sorted(scores.items(), key=lambda entry: (-entry[1].fused, entry[0])))


def _cosines(worded: Sequence[Found], vector: Sequence[float]) -> dict[str, float]:
    query = np.asarray(vector, dtype=np.float32)
    columns = [found.rows["vector"].chunk(0) for found in worded if found.rows is not None and found.chunk_ids]
    if not columns:
        return {}
    vectors = np.concatenate([np.asarray(column.flatten()) for column in columns]).reshape(-1, len(query))
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors) * (query @ query))
    cosines = vectors @ query / np.maximum(lengths, np.finfo(np.float32).tiny)
    return dict(zip((chunk for found in worded for chunk in found.chunk_ids), cosines.tolist(), strict=True))


def hits_of(found: Sequence[Found], chunks: Iterable[str]) -> Iterator[Hit]:
    """The chunks in the given order, each read from Arrow when it is its turn: mostly the first few are wanted."""
    places: dict[str, tuple[list[pa.Array], int]] = {}
    for one in found:
        if one.rows is not None and one.chunk_ids:
            columns = [one.rows[name].chunk(0) for name in COLUMNS]
            places |= {chunk: (columns, row) for row, chunk in enumerate(one.chunk_ids)}
    for columns, row in (places[chunk] for chunk in chunks):
        yield Hit(*(column[row].as_py() for column in columns))
