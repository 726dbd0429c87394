"""Whether hybrid search finds more than either of its parts, on questions that a real corpus asks of itself.

    python benchmarks/retrieval.py [FOLDER ...] [--author NAME] [--questions 300] [--reranker FOLDER] [--keep FOLDER]

Each FOLDER is a source or a folder of sources (the sample author when there is none); together they are one corpus,
made by the project's own stages. Three kinds of question, as they stand, over the chunks as they are embedded, with
title and headings:

- heading: the heading of a section, to be answered by a passage of the section;
- title: the title of a document, to be answered by any passage of it;
- sentence: a sentence of a chunk, to be answered by another chunk of the document (the sentence's own is taken out of
  what was found). Here no words are the same by construction, so it tells how what is not asked for verbatim is found.

Only headings and titles that occur once are asked. All ways of searching run through the service's own function, each
chunk a passage of its own; a part alone is the same function with the other part's weight at 0.
"""

import argparse
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from twin_assets.collection import collect  # noqa: E402
from twin_assets.config_files import check, load_yaml  # noqa: E402
from twin_assets.features.active import activate, table_of  # noqa: E402
from twin_assets.features.chunk_corpus import chunk_corpus  # noqa: E402
from twin_assets.features.clean_source import clean_source  # noqa: E402
from twin_assets.features.corpus import update_corpus  # noqa: E402
from twin_assets.features.embed import Embedder  # noqa: E402
from twin_assets.features.index import build_indexes  # noqa: E402
from twin_assets.features.markdown_blocks import blocks  # noqa: E402
from twin_assets.features.store import update_store  # noqa: E402
from twin_assets.features.words import word_count, words  # noqa: E402
from twin_assets.models import embedding_model_folder  # noqa: E402
from twin_assets.records import Chunk, CorpusDocument, RawDocument  # noqa: E402
from twin_assets.retrieval import Filter, Passage, Searcher  # noqa: E402
from twin_assets.retrieval.rerank import CrossEncoderReranker  # noqa: E402
from twin_assets.settings import ROOT, FeatureSettings, ModelConfig, RetrievalSettings, load_sources  # noqa: E402
from twin_assets.storage import TableStore  # noqa: E402

SEED = 7
KINDS = ("heading", "title", "sentence")
RECALL_AT, MRR_AT = 5, 10
RESAMPLES = 2000
SECTION_WORDS = 20
"""Of a section that a heading may ask for."""
SENTENCE_WORDS = range(8, 26)
CHUNKS = 3
"""Of a document that a sentence may ask for."""
_SENTENCE = re.compile(r"(?<=[.?!])\s+")
OWNER = Filter(scope="private")


class Question(NamedTuple):
    """What is asked, and the span that answers it: of a sentence, all of the document but the span."""

    kind: str
    text: str
    document_id: str
    start: int
    end: int

    def rank(self, found: Sequence[Passage]) -> int:
        """The rank of the first passage that answers, 0 when none does."""
        own = [passage.document_id == self.document_id for passage in found]
        inside = [passage.start < self.end and self.start < passage.end for passage in found]
        if self.kind == "sentence":
            answers = [mine for mine, within in zip(own, inside, strict=True) if not (mine and within)]
        else:
            answers = [mine and within for mine, within in zip(own, inside, strict=True)]
        return next((rank for rank, answer in enumerate(answers[:MRR_AT], 1) if answer), 0)


def questions(documents: Sequence[CorpusDocument], chunks: Sequence[Chunk], most: int) -> list[Question]:
    """Up to `most` of each kind, the same ones each time."""
    asked = [Question("title", d.title, d.document_id, 0, len(d.text)) for d in documents if word_count(d.title) > 1]
    for document in documents:
        headings = [block for block in blocks(document.text) if block.kind == "heading"]
        for number, heading in enumerate(headings):
            after = (other.start for other in headings[number + 1 :] if other.level <= heading.level)
            end = next(after, len(document.text))
            if word_count(heading.title) > 1 and word_count(document.text[heading.end : end]) >= SECTION_WORDS:
                asked.append(Question("heading", heading.title, document.document_id, heading.start, end))
    of_document = Counter(chunk.document_id for chunk in chunks)
    for chunk in chunks:
        sentences = [one for one in _SENTENCE.split(chunk.text) if plain(one)]
        if sentences and of_document[chunk.document_id] >= CHUNKS:
            middle = sentences[len(sentences) // 2].strip()
            asked.append(Question("sentence", middle, chunk.document_id, chunk.start, chunk.end))
    known = Counter(tuple(words(question.text)) for question in asked)
    once = [question for question in asked if known[tuple(words(question.text))] == 1]
    chance = random.Random(SEED)  # noqa: S311
    found = []
    for kind in KINDS:
        of_kind = sorted(question for question in once if question.kind == kind)
        found += chance.sample(of_kind, min(most, len(of_kind)))
    return found


def plain(sentence: str) -> bool:
    """Whether a sentence is one of prose, of a usual length."""
    return word_count(sentence) in SENTENCE_WORDS and not any(mark in sentence for mark in ("`", "http", "](", "\n"))


def build(store: TableStore, folders: Sequence[Path], author: str, embedder: Embedder) -> None:
    """Corpus and feature store of what lies in the folders."""
    names = []
    for folder in folders:
        config = load_sources(folder)
        for source in config.sources:
            documents = collect(source, author or config.author).documents
            store.sync(RawDocument, documents, f"source = '{source.name}'")
            clean_source(store, source.name)
            names.append(source.name)
    update_corpus(store, names)
    chunk_corpus(store, embedder.count_tokens, embedder.window)
    update_store(store, embedder, lambda line: print(line, file=sys.stderr))  # noqa: T201
    build_indexes(store, embedder.dimensions, record=table_of(embedder.name))
    activate(store, embedder.name, "benchmark")


class Figures(NamedTuple):
    """Of each question whether a passage among the first five answered it, and the reciprocal rank of the first."""

    hits: list[float]
    reciprocals: list[float]


def measure(searcher: Searcher, asked: Sequence[Question]) -> Figures:
    """Ask them all."""
    hits, reciprocals = [], []
    for question in asked:
        rank = question.rank(searcher.search(question.text, MRR_AT + 1, OWNER))
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
    kinds = {kind: [i for i, q in enumerate(asked) if kind in ("all", q.kind)] for kind in (*KINDS, "all")}
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
        if store.find(Chunk) is None:
            build(store, arguments.folders, arguments.author, embedder)
        documents = store.read(CorpusDocument)
        chunks = store.read(Chunk)
        asked = questions(documents, chunks, arguments.questions)
        sys.stdout.write(f"{len(documents)} documents, {len(chunks)} chunks, {len(asked)} questions\n")
        settings = {
            "vector only": RetrievalSettings(text_weight=0, passage_chunks=1),
            "BM25 only": RetrievalSettings(vector_weight=0, passage_chunks=1),
            "hybrid": RetrievalSettings(passage_chunks=1),
        }
        ways = {way: measure(Searcher(store, embedder, how), asked) for way, how in settings.items()}
        if arguments.reranker:
            rerank = CrossEncoderReranker(arguments.reranker)
            ways["hybrid + rerank"] = measure(Searcher(store, embedder, settings["hybrid"], rerank=rerank), asked)
        report(asked, ways)


if __name__ == "__main__":
    main()
