"""The indexes of the feature store: full text always, vectors from the number of rows where exact search gets slow."""

from twin_assets.records import ChunkEmbedding
from twin_assets.storage import TableStore

TEXT_COLUMNS = ("text", "heading_path")
"""The heading path begins with the title; measured, an index of the title beside it found nothing more."""
VECTOR_INDEX_ROWS = 100_000
"""Below, every vector is compared: 100,000 of 384 dimensions take some 50 ms, and nothing is missed."""


def build_indexes(store: TableStore, dimensions: int, vector_index_rows: int = VECTOR_INDEX_ROWS) -> list[str]:
    """Make the indexes of `chunk_embeddings` that are missing and add new rows to those that are there.

    Args:
        store: the tables.
        dimensions: length of a vector, for the table's schema.
        vector_index_rows: from this many rows on, vectors are searched approximately.

    Returns:
        The names of the indexes. Nothing is written when all rows are indexed already.
    """
    from lancedb.index import FTS, IvfPq

    with store.writing(ChunkEmbedding):
        table = store.table(ChunkEmbedding, ChunkEmbedding.schema_for(dimensions))
        rows = table.count_rows()
        indexed = {column for index in table.list_indices() for column in index.columns}
        if rows:
            for column in TEXT_COLUMNS:
                if column not in indexed:
                    # Stop words stay: titles and headings are full of them, and "It works!" is nothing else.
                    table.create_index(column, config=FTS(remove_stop_words=False))
            if rows >= vector_index_rows and "vector" not in indexed:
                table.create_index("vector", config=IvfPq(distance_type="cosine"))
        names = sorted(index.name for index in table.list_indices())
        behind = [table.index_stats(name) for name in names]
        if any(stats is not None and stats.num_unindexed_rows for stats in behind):
            table.optimize()
        return names
