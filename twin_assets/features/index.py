"""The indexes of the feature store: full text and filters always, vectors from where exact search gets slow."""

from datetime import timedelta

from twin_assets.records import ChunkEmbedding
from twin_assets.storage import TableStore

TEXT_COLUMNS = ("text", "heading_path")
"""The heading path begins with the title; measured, an index of the title beside it found nothing more."""
FILTER_COLUMNS = {
    "chunk_id": "BTREE",
    "text_digest": "BTREE",
    "document_id": "BTREE",
    "published_at": "BTREE",
    "kind": "BITMAP",
    "scope": "BITMAP",
}
"""What searches and updates select rows by; a bitmap where there are few values."""
VECTOR_INDEX_ROWS = 100_000
"""Below, every vector is compared: 100,000 of 384 dimensions take some 50 ms, and nothing is missed."""


def build_indexes(
    store: TableStore,
    dimensions: int,
    vector_index_rows: int = VECTOR_INDEX_ROWS,
    record: type[ChunkEmbedding] = ChunkEmbedding,
) -> list[str]:
    """Make the indexes of a table of embeddings that are missing and add new rows to those that are there.

    Args:
        store: the tables.
        dimensions: length of a vector, for the table's schema.
        vector_index_rows: from this many rows on, vectors are searched approximately.
        record: the table.

    Returns:
        The names of the indexes. Nothing is written when all rows are indexed already.
    """
    from lancedb.index import FTS, Bitmap, BTree

    with store.writing(record):
        table = store.table(record, record.schema_for(dimensions))
        rows = table.count_rows()
        indexed = {column for index in table.list_indices() for column in index.columns}
        if rows:
            for column in TEXT_COLUMNS:
                if column not in indexed:
                    # Stop words stay: titles and headings are full of them, and "It works!" is nothing else.
                    table.create_index(column, config=FTS(remove_stop_words=False))
            for column, kind in FILTER_COLUMNS.items():
                if column not in indexed:
                    table.create_index(column, config=Bitmap() if kind == "BITMAP" else BTree())
            if rows >= vector_index_rows and "vector" not in indexed:
                table.create_index("vector", config=_vector_index(rows))
        names = sorted(index.name for index in table.list_indices())
        behind = [table.index_stats(name) for name in names]
        if any(stats is not None and stats.num_unindexed_rows for stats in behind):
            # Old versions are removed by maintenance alone, which knows how long they are kept.
            table.optimize(cleanup_older_than=timedelta(days=36_500))
        return names


def _vector_index(rows: int) -> object:
    from lancedb.index import IvfSq

    # sqrt(rows) lists, the usual compromise between the lists to look through and the vectors in each. Bytes for
    # numbers lose nothing: a search reads the exact vectors of twice as many as it wants (`refine_factor`).
    return IvfSq(distance_type="cosine", num_partitions=max(round(rows**0.5), 1))
