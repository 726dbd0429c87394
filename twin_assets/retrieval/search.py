"""Hybrid search: nearest vectors and BM25 as one score, optionally reranked; chunks become passages."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

from twin_assets.errors import StorageError, TwinError
from twin_assets.features.active import Following
from twin_assets.features.embed import EmbeddingModel
from twin_assets.features.embedders import configured_embedder, embedder_of
from twin_assets.features.index import TEXT_COLUMNS
from twin_assets.records import ChunkEmbedding
from twin_assets.retrieval.expand import EngineExpander, Expand
from twin_assets.retrieval.filters import Filter, condition
from twin_assets.retrieval.fusion import reciprocal_rank_fusion
from twin_assets.retrieval.passages import Hit, Passage, Run, Scores, choose, extend, passage, within
from twin_assets.retrieval.queries import COLUMNS, NOTHING, by_text, by_vector, hits_of, scored, terms_of
from twin_assets.retrieval.rerank import CrossEncoderReranker, Rerank, reranked
from twin_assets.settings import RetrievalSettings, Settings
from twin_assets.storage import TableStore
from twin_assets.storage.sql import quoted

if TYPE_CHECKING:
    from lancedb.table import Table

EXPANDED_WEIGHT = 0.5
"""Of another wording's ranking against that of the query as it was asked."""


class QueryModel(EmbeddingModel, Protocol):
    """What searching needs of the model that embedded the chunks."""

    @property
    def window(self) -> int:
        """How many tokens the model reads."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text."""


class Opened(NamedTuple):
    """A version of the table to search, and the model that its vectors are of."""

    record: type[ChunkEmbedding]
    table: "Table"
    embedder: QueryModel
    version: int
    rows: int


class Searcher:
    """Searches `chunk_embeddings`. It sees what was written since the last search, without being made anew.

    Safe to use from several threads; to be closed, or kept for as long as the process lives.

    Args:
        store: the tables.
        embedder: the model that embedded the chunks.
        settings: how to search; the same for the service and the evaluation.
        rerank: scores chunks against a query; None leaves the fused order.
        expand: gives other wordings of a query; None searches for the query alone.
        other_embedder: gives the embedder of a name when the chunks were embedded by another one; without it that is
            an error.
    """

    def __init__(
        self,
        store: TableStore,
        embedder: QueryModel,
        settings: RetrievalSettings | None = None,
        *,
        rerank: Rerank | None = None,
        expand: Expand | None = None,
        other_embedder: Callable[[str], QueryModel] | None = None,
    ) -> None:
        self._store, self._embedder, self._settings = store, embedder, settings or RetrievalSettings()
        self._rerank, self._expand, self._other_embedder = rerank, expand, other_embedder
        self._following = Following(store)
        self._opened: Opened | None = None
        """What was searched last."""
        self._threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="search")

    @classmethod
    def of(cls, settings: Settings, store: TableStore | None = None, embedder: QueryModel | None = None) -> Self:
        """The searcher that the settings describe. Raises ConfigError, ModelError."""
        from twin_assets.models import reranker_folder

        how = settings.retrieval
        rerank, expand = None, None
        if how.reranker:
            rerank = CrossEncoderReranker(reranker_folder(settings.model(how.reranker), settings.models_dir))
        if how.expansions:
            expand = EngineExpander(settings.url("engine"), how.expansions, how.expansion_timeout_s)
        return cls(
            store or TableStore.of(settings),
            embedder or configured_embedder(settings),
            how,
            rerank=rerank,
            expand=expand,
            other_embedder=embedder_of(settings),
        )

    def search(
        self, query: str, k: int = 5, only: Filter | None = None, *, max_tokens: int | None = None
    ) -> list[Passage]:
        """The `k` best passages, best first; fewer where there are not as many, none for an empty query.

        Args:
            query: words in any form; there is no query language in which a quote or an operator could be wrong.
            k: how many passages.
            only: what to search; all that is public when it is left out.
            max_tokens: of all passages together, by the embedder's tokenizer; None for no bound.

        Raises:
            StorageError: nothing was embedded yet, or by another model.
            ModelError: a model cannot be loaded.
        """
        if not query.strip() or k < 1:
            return []
        asked = [query, *(self._expand(query) if self._expand else ())]
        return self._newest(lambda opened: self._passages(opened, asked, k, only or Filter(), max_tokens))

    def _newest(self, find: Callable[[Opened], list[Passage]]) -> list[Passage]:
        """What is found in the newest version. That it is the one searched last is looked up while that is searched:
        nearly always it is, and otherwise the search is done again."""
        last = self._opened
        if last is not None:
            newest = self._threads.submit(self._current)
            try:
                found = find(last)
            except TwinError:
                # What was searched last may be gone by now.
                if newest.result() == last:
                    raise
            else:
                if newest.result() == last:
                    return found
        return find(self._current())

    def _passages(
        self, opened: Opened, asked: Sequence[str], k: int, only: Filter, max_tokens: int | None
    ) -> list[Passage]:
        """The passages of one version. `asked` are the query and other wordings of it."""
        if not opened.rows:
            return []
        how, where = self._settings, condition(only, self._store)
        hits, scores = self._ranked(opened, asked, where, max(how.candidates, k))
        runs = choose(hits, k, how.per_document, how.passage_chunks)
        if how.neighbours:
            runs = extend(runs, self._neighbours(opened.table, runs, where), how.neighbours)
        if max_tokens is not None:
            runs = within(runs, max_tokens, opened.embedder.count_tokens)
        return [passage(run, scores[run.best.chunk_id]) for run in runs]

    @property
    def embedder(self) -> QueryModel:
        """The model that the chunks which are searched now were embedded by; before there are any, the one it was
        made with. Raises ModelError."""
        try:
            return self._current().embedder
        except StorageError:
            return self._embedder

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()

    def _ranked(
        self, opened: Opened, asked: Sequence[str], where: str | None, limit: int
    ) -> tuple[Iterable[Hit], Mapping[str, Scores]]:
        """The chunks that any query found, best first, and what each stage said of them."""
        how, table = self._settings, opened.table
        terms = [terms_of(one) for one in asked]
        # Words are looked for while the query is embedded.
        columns = TEXT_COLUMNS if how.text_weight else ()
        searches = [
            [self._threads.submit(by_text, table, one, column, where, limit) for column in columns] for one in terms
        ]
        vectors: list[Sequence[float] | None] = [None] * len(asked)
        if how.vector_weight:
            vectors = list(opened.embedder.embed(asked))
        with self._store.reading(ChunkEmbedding):
            near = [NOTHING if one is None else by_vector(table, one, where, how, limit) for one in vectors]
            worded = [[search.result() for search in of_one] for of_one in searches]
        wordings = [
            scored(near[i], worded[i], vectors[i], len(terms[i]), opened.rows, limit, how) for i in range(len(asked))
        ]
        scores = wordings[0] if len(wordings) == 1 else _of_all(wordings)
        hits = hits_of([*near, *(found for of_one in worded for found in of_one)], scores)
        if self._rerank is None:
            return hits, scores
        return reranked(asked[0], list(islice(hits, how.rerank_candidates)), scores, self._rerank, how.rerank_threshold)

    def _neighbours(self, table: "Table", runs: Sequence[Run], where: str | None) -> dict[tuple[str, int], Hit]:
        """The chunks before and after each run, under the same filter as what was found."""
        n = self._settings.neighbours
        beside = " OR ".join(
            f"(document_id = {quoted(run.document_id)}"
            f" AND position BETWEEN {run.hits[0].position - n} AND {run.hits[-1].position + n})"
            for run in runs
        )
        if not beside:
            return {}
        search = table.search().where(f"({beside}) AND {where}" if where else beside).select(list(COLUMNS))
        most = sum(len(run.hits) + 2 * n for run in runs)
        with self._store.reading(ChunkEmbedding):
            rows = search.limit(most).to_arrow().to_pylist()
        return {(row["document_id"], row["position"]): Hit(**row) for row in rows}

    def _current(self) -> Opened:
        """The active table at its newest version, checked once for each version to hold vectors of this embedder."""
        record, last = self._following.record(), self._opened
        same = last if last is not None and last.record is record else None
        table = same.table if same else self._store.open(record)
        with self._store.reading(record):
            table.checkout_latest()
            version = int(table.version)
            if same and same.version == version:
                return same
            stored = table.search().select(["embedder"]).limit(1).to_list()
            other = next((str(row["embedder"]) for row in stored if row["embedder"] != self._embedder.name), None)
            if other is not None:
                self._embedder = self._other(other)
            self._opened = opened = Opened(record, table, self._embedder, version, table.count_rows())
        return opened

    def _other(self, name: str) -> QueryModel:
        if self._other_embedder is None:
            raise StorageError(
                f"the chunks were embedded by {name!r}, not by {self._embedder.name!r}",
                "materialize `chunk_embeddings` again, or set features.embedder back",
            )
        return self._other_embedder(name)


def _of_all(wordings: Sequence[Mapping[str, Scores]]) -> dict[str, Scores]:
    """One ranking of several wordings' rankings; of a chunk that several found, what the first of them said."""
    weights = [1.0, *[EXPANDED_WEIGHT] * (len(wordings) - 1)]
    fused = reciprocal_rank_fusion(
        ({chunk: rank for rank, chunk in enumerate(wording, 1)}, weight)
        for wording, weight in zip(wordings, weights, strict=True)
    )
    first = {chunk: scores for wording in reversed(wordings) for chunk, scores in wording.items()}
    return {chunk: replace(first[chunk], fused=score) for chunk, score in fused.items()}
