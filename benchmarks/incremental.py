"""What one changed document costs, and nothing changed, with many documents in the feature store.

    python benchmarks/incremental.py [--documents 20000] [--runs 3] [--folder markdown] [--stand-in]

The baseline is the first full run over the same documents in the same process. Every stage is the function that its
asset calls: cleaning, folding, chunking, embedding with the indexes. Documents are made of sentences drawn from those
of the sample author, or of a folder of Markdown, so that no two are near duplicates. `--stand-in` takes vectors from a
hash instead of the model, to see what everything else costs; shares of a full run are then too high.
"""

import argparse
import hashlib
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.cleaning import SEED, say
from twin_assets.collection import collect
from twin_assets.digests import document_id, row_id
from twin_assets.features.active import table_of
from twin_assets.features.chunk_corpus import chunk_corpus
from twin_assets.features.clean_source import clean_source
from twin_assets.features.corpus import update_corpus
from twin_assets.features.embed import Embedder
from twin_assets.features.embedders import configured_embedder
from twin_assets.features.encoders import Vectors
from twin_assets.features.index import build_indexes
from twin_assets.features.store import update_store
from twin_assets.progress import Report, silent
from twin_assets.records import RawDocument
from twin_assets.settings import ROOT, SourceConfig, load_settings
from twin_assets.storage import TableStore

SAMPLE = ROOT / "sample_author" / "sources" / "blog"
PARAGRAPHS, SENTENCES = 6, 5
"""Of a document: some 450 words."""
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
Stage = Callable[[], object]


class StandIn:
    """Vectors from a digest of the text; tokens are counted by the real tokenizer."""

    def __init__(self, embedder: Embedder) -> None:
        self.name, self.dimensions, self.window = "stand-in@1", 384, embedder.window
        self.count_tokens = embedder.count_tokens

    def embed(self, texts: Sequence[str], report: Report = silent) -> Vectors:
        """A vector of length 1 for each text."""
        seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") for text in texts]
        made = np.stack([np.random.default_rng(seed).standard_normal(self.dimensions) for seed in seeds])
        found: Vectors = (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)
        return found


def drawn(documents: Sequence[RawDocument], count: int) -> list[RawDocument]:
    """Documents of sentences drawn at random, under a heading every other paragraph."""
    chance = random.Random(SEED)  # noqa: S311
    pool = [s for d in documents for p in d.text.split("\n\n") for s in _SENTENCE.split(p) if len(s.split()) > 5]
    made = []
    for number in range(count):
        paragraphs = [" ".join(chance.sample(pool, SENTENCES)) for _ in range(PARAGRAPHS)]
        for place in range(0, PARAGRAPHS, 2):
            paragraphs[place] = f"## Part {place} of {number}\n\n{paragraphs[place]}"
        identity = document_id("markdown", str(number))
        changes = {"row_id": row_id("s", identity), "document_id": identity, "source": "s", "title": f"Number {number}"}
        made.append(replace(documents[0], **changes, text="\n\n".join(paragraphs)))
    return made


def stages(tables: TableStore, embedder: Embedder | StandIn) -> dict[str, Stage]:
    """The stages by the names of their assets, in order."""

    def embeddings() -> None:
        update_store(tables, embedder)
        build_indexes(tables, embedder.dimensions, record=table_of(embedder.name))

    return {
        "cleaned_documents": lambda: clean_source(tables, "s"),
        "corpus": lambda: update_corpus(tables, ["s"]),
        "chunks": lambda: chunk_corpus(tables, embedder.count_tokens, embedder.window),
        "chunk_embeddings": embeddings,
    }


def run(each: dict[str, Stage]) -> dict[str, float]:
    """Seconds that passed, by stage."""
    took = {}
    for name, stage in each.items():
        started = time.perf_counter()
        stage()
        took[name] = time.perf_counter() - started
    return took


def show(what: str, runs: list[dict[str, float]], full: float) -> None:
    """Medians by stage and in all, and the share of a full run."""
    medians = {name: statistics.median(one[name] for one in runs) for name in runs[0]}
    total = sum(medians.values())
    share = f", {100 * total / full:.2f} % of a full run" if full else ""
    say(f"{what:22} {total:8.2f} s{share}   ({', '.join(f'{name} {s:.2f}' for name, s in medians.items())})")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=SAMPLE)
    parser.add_argument("--stand-in", action="store_true")
    arguments = parser.parse_args()
    source = SourceConfig(name="s", path=arguments.folder, kind="markdown")
    documents = [one for one in collect(source, "Author").documents if not one.excluded]
    rows = drawn(documents, arguments.documents)
    model = configured_embedder(load_settings())
    with tempfile.TemporaryDirectory() as folder:
        tables = TableStore(folder)
        tables.sync(RawDocument, rows, "source = 's'")
        each = stages(tables, StandIn(model) if arguments.stand_in else model)
        full = run(each)
        show(f"{len(rows)} documents", [full], 0)
        show("nothing changed", [run(each) for _ in range(arguments.runs)], sum(full.values()))
        changed = []
        for number in range(arguments.runs):
            one = rows[(number + 1) * len(rows) // (arguments.runs + 1)]
            edited = replace(one, text=f"{one.text}\n\nA sentence that was added to number {number} afterwards.")
            tables.sync(RawDocument, [edited], f"row_id = '{one.row_id}'")
            changed.append(run(each))
        show("one document changed", changed, sum(full.values()))


if __name__ == "__main__":
    main()
