"""Whether hybrid search finds more than either of its parts, on questions that a real corpus asks of itself.

    python benchmarks/retrieval.py [FOLDER ...] [--author NAME] [--questions 300] [--reranker FOLDER] [--keep FOLDER]

Each FOLDER is a source or a folder of sources (the sample author when there is none); together they are one corpus,
made by the project's own stages. A question is the heading of a section, to be answered by a passage of the section, or
the title of a document, to be answered by any passage of it: as they stand, and the chunks as they are embedded, title
and headings included. Only headings and titles that occur once are asked. All ways of searching run through the service's
own function; a part alone is the same function with the other part's weight at 0.
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from twin_assets.collection import collect  # noqa: E402
from twin_assets.features.chunk import chunk_documents  # noqa: E402
from twin_assets.features.clean import clean_documents  # noqa: E402
from twin_assets.features.embed import Embedder, embed_chunks  # noqa: E402
from twin_assets.features.fold import fold  # noqa: E402
from twin_assets.features.index import build_indexes  # noqa: E402
from twin_assets.features.markdown_blocks import blocks  # noqa: E402
from twin_assets.features.words import word_count, words  # noqa: E402
from twin_assets.models import embedding_model_folder  # noqa: E402
from twin_assets.records import ChunkEmbedding, CorpusDocument  # noqa: E402
from twin_assets.retrieval import Filter, Passage, Searcher  # noqa: E402
from twin_assets.retrieval.rerank import CrossEncoderReranker  # noqa: E402
from twin_assets.settings import ROOT, FeatureSettings, ModelConfig, RetrievalSettings, load_sources  # noqa: E402
from twin_assets.config_files import check, load_yaml  # noqa: E402
from twin_assets.storage import TableStore  # noqa: E402

SEED = 7
RECALL_AT, MRR_AT = 5, 10
RESAMPLES = 2000
SECTION_WORDS = 20
"""Of a section that a heading may ask for."""
OWNER = Filter(scope="private")


class Question(NamedTuple):
    """What is asked, and the span that answers it."""

    kind: str
    text: str
    document_id: str
    start: int
    end: int

    def answered_by(self, passage: Passage) -> bool:
        """Whether a passage overlaps the span."""
        return passage.document_id == self.document_id and passage.start < self.end and self.start < passage.end


def questions(documents: Sequence[CorpusDocument], most: int) -> list[Question]:
    """Up to `most` of each kind, the same ones each time."""
    asked = [Question("title", d.title, d.document_id, 0, len(d.text)) for d in documents if word_count(d.title) > 1]
    for document in documents:
        headings = [block for block in blocks(document.text) if block.kind == "heading"]
        for number, heading in enumerate(headings):
            after = (other.start for other in headings[number + 1 :] if other.level <= heading.level)
            end = next(after, len(document.text))
            if word_count(heading.title) > 1 and word_count(document.text[heading.end : end]) >= SECTION_WORDS:
                asked.append(Question("heading", heading.title, document.document_id, heading.start, end))
    known = [tuple(words(question.text)) for question in asked]
    once = [question for question, spelled in zip(asked, known, strict=True) if known.count(spelled) == 1]
    chance = random.Random(SEED)  # noqa: S311
    found = []
    for kind in ("heading", "title"):
        of_kind = sorted(question for question in once if question.kind == kind)
        found += chance.sample(of_kind, min(most, len(of_kind)))
    return found


def build(store: TableStore, folders: Sequence[Path], author: str, embedder: Embedder) -> None:
    """Corpus and feature store of what lies in the folders."""
    raws = []
    for folder in folders:
        config = load_sources(folder)
        for source in config.sources:
            raws += collect(source, author or config.author).documents
    documents = fold(clean_documents(raws, {}).documents, FeatureSettings().near_duplicate).documents
    chunks = chunk_documents(documents, embedder.count_tokens, embedder.window, {})
    rows = embed_chunks(chunks, embedder, {}, lambda line: print(line, file=sys.stderr))  # noqa: T201
    store.sync(CorpusDocument, documents)
    store.sync(ChunkEmbedding, rows, schema=ChunkEmbedding.schema_for(embedder.dimensions))
    build_indexes(store, embedder.dimensions)


class Figures(NamedTuple):
    """Of each question whether a passage among the first five answered it, and the reciprocal rank of the first."""

    hits: list[float]
    reciprocals: list[float]


def measure(searcher: Searcher, asked: Sequence[Question]) -> Figures:
    """Ask them all."""
    hits, reciprocals = [], []
    for question in asked:
        found = searcher.search(question.text, MRR_AT, OWNER)
        rank = next((rank for rank, passage in enumerate(found, 1) if question.answered_by(passage)), 0)
        hits.append(float(0 < rank <= RECALL_AT))
        reciprocals.append(1 / rank if rank else 0.0)
    return Figures(hits, reciprocals)


def mean(values: Sequence[float]) -> float:
    """0 for none."""
    return sum(values) / len(values) if values else 0.0


def gain(of: Sequence[float], over: Sequence[float]) -> str:
    """The mean difference by question, with the 95 % interval of resampled questions."""
    differences = [a - b for a, b in zip(of, over, strict=True)]
    chance = random.Random(SEED)  # noqa: S311
    means = sorted(mean(chance.choices(differences, k=len(differences))) for _ in range(RESAMPLES))
    return f"{mean(differences):+.3f} [{means[int(RESAMPLES * 0.025)]:+.3f}, {means[int(RESAMPLES * 0.975)]:+.3f}]"


def report(asked: Sequence[Question], ways: dict[str, Figures]) -> None:
    """A line for each way of searching, and what hybrid has over its parts."""
    kinds = {kind: [i for i, q in enumerate(asked) if kind in ("all", q.kind)] for kind in ("heading", "title", "all")}
    sys.stdout.write(f"{'':16}" + "".join(f"{kind + f' ({len(at)})':>20}" for kind, at in kinds.items()) + "\n")
    sys.stdout.write(f"{'':16}" + f"{'recall@5  MRR@10':>20}" * len(kinds) + "\n")
    for way, figures in ways.items():
        cells = [
            (mean([figures.hits[i] for i in at]), mean([figures.reciprocals[i] for i in at])) for at in kinds.values()
        ]
        sys.stdout.write(f"{way:16}" + "".join(f"{recall:12.3f}{mrr:8.3f}" for recall, mrr in cells) + "\n")
    for part in ("vector only", "BM25 only"):
        recall = gain(ways["hybrid"].hits, ways[part].hits)
        mrr = gain(ways["hybrid"].reciprocals, ways[part].reciprocals)
        sys.stdout.write(f"hybrid over {part}: recall@5 {recall}, MRR@10 {mrr}\n")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, default=[PROJECT / "sample_author"])
    parser.add_argument("--author", default="", help="whose writing it is; the folder's name when it is left out")
    parser.add_argument("--questions", type=int, default=300, help="of each kind, at most")
    parser.add_argument("--reranker", type=Path, help="the folder of a cross-encoder")
    parser.add_argument(
        "--keep", type=Path, help="a folder for the feature store, which is used again when it is there"
    )
    arguments = parser.parse_args()
    name = FeatureSettings().embedder
    file = ROOT / "config" / "models" / f"{name}.yaml"
    embedder = Embedder(embedding_model_folder(check(ModelConfig, load_yaml(file), file), Path()), name)
    with tempfile.TemporaryDirectory() as scratch:
        store = TableStore(str(arguments.keep or scratch))
        if store.find(ChunkEmbedding) is None:
            build(store, arguments.folders, arguments.author, embedder)
        documents = store.read(CorpusDocument)
        asked = questions(documents, arguments.questions)
        chunks = store.open(ChunkEmbedding).count_rows()
        sys.stdout.write(f"{len(documents)} documents, {chunks} chunks, {len(asked)} questions\n")
        settings = {
            "vector only": RetrievalSettings(text_weight=0),
            "BM25 only": RetrievalSettings(vector_weight=0),
            "hybrid": RetrievalSettings(),
        }
        ways = {way: measure(Searcher(store, embedder, how), asked) for way, how in settings.items()}
        if arguments.reranker:
            rerank = CrossEncoderReranker(arguments.reranker)
            ways["hybrid + rerank"] = measure(Searcher(store, embedder, rerank=rerank), asked)
        report(asked, ways)


if __name__ == "__main__":
    main()
