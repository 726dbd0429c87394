"""Speed of embedding against a plain `SentenceTransformer.encode` loop over batches of 10, on the same chunks.

    python benchmarks/embedding.py [--runs 3] [--chunks 400] [--folder FOLDER]

The ways take turns in one process, and medians are shown by the time that passed, with the processor's time beside it
(the machine's other work is in the first and hardly in the second). Cosine is the least and the mean one to the plain
loop's vectors; recall@5 is how often the words of a chunk's innermost heading find a chunk of its section by vectors
alone, among all chunks. The chunks are those of the sample author's blog, or of a folder of Markdown.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from sentence_transformers import SentenceTransformer

from twin_assets.collection import collect
from twin_assets.config_files import load_yaml
from twin_assets.features.chunk import chunk_documents, embedded_text
from twin_assets.features.clean_source import clean_source
from twin_assets.features.corpus import update_corpus
from twin_assets.features.embed import Embedder
from twin_assets.features.encoders import Vectors
from twin_assets.models import embedding_model_folder
from twin_assets.records import Chunk, CorpusDocument, RawDocument
from twin_assets.settings import ROOT, ModelConfig, SourceConfig
from twin_assets.storage import TableStore

PLAIN_BATCH = 10
PLAIN = f"encode, batches of {PLAIN_BATCH}"
Embed = Callable[[Sequence[str]], Vectors]


def chunks_of(folder: Path, embedder: Embedder, most: int) -> list[Chunk]:
    """Up to `most` chunks of a folder of Markdown, from whole documents."""
    source = SourceConfig(name="benchmark", path=folder, kind="markdown")
    with tempfile.TemporaryDirectory() as place:
        tables = TableStore(place)
        tables.sync(RawDocument, collect(source, "Author").documents, "source = 'benchmark'")
        clean_source(tables, "benchmark")
        update_corpus(tables, ["benchmark"])
        found: list[Chunk] = []
        for document in tables.read(CorpusDocument):
            if len(found) < most:
                found += chunk_documents([document], embedder.count_tokens, embedder.window)
        return found[:most]


def recall(embed: Embed, chunks: Sequence[Chunk], vectors: Vectors) -> float:
    """How often a heading finds its section among five results; only headings that two words or more make plain."""
    sections: dict[tuple[str, str], set[int]] = {}
    for number, chunk in enumerate(chunks):
        heading = chunk.heading_path.rsplit(" > ", 1)[-1]
        if len(heading.split()) > 1:
            sections.setdefault((chunk.document_id, chunk.heading_path), set()).add(number)
    queries = embed([path.rsplit(" > ", 1)[-1] for _, path in sections])
    nearest = np.argsort(-(queries @ vectors.T), axis=1)[:, :5]
    found = [bool(section.intersection(row.tolist())) for section, row in zip(sections.values(), nearest, strict=True)]
    return sum(found) / max(len(found), 1)


def main() -> None:
    """Read the command line, measure, and print a line for each way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--chunks", type=int, default=400)
    parser.add_argument("--folder", type=Path, default=ROOT / "sample_author" / "sources" / "blog")
    arguments = parser.parse_args()
    config = ModelConfig.model_validate(load_yaml(ROOT / "config" / "models" / "all-minilm-l6-v2.yaml"))
    folder = embedding_model_folder(config, Path())
    plain = SentenceTransformer(str(folder), local_files_only=True)

    def encode(texts: Sequence[str]) -> Vectors:
        parts = [texts[start : start + PLAIN_BATCH] for start in range(0, len(texts), PLAIN_BATCH)]
        options = {"normalize_embeddings": True, "show_progress_bar": False}
        return np.concatenate([plain.encode(list(part), **options) for part in parts])

    embedders = {precision: Embedder(folder, precision=precision) for precision in ("float32", "bfloat16")}
    automatic = Embedder(folder, precision="auto").precision
    chunks = chunks_of(arguments.folder, embedders["float32"], arguments.chunks)
    texts = [embedded_text(chunk.heading_path, chunk.text) for chunk in chunks]
    tokens = sum(chunk.tokens for chunk in chunks)
    ways: dict[str, Embed] = {PLAIN: encode, **{name: embedder.embed for name, embedder in embedders.items()}}
    passed: dict[str, list[float]] = {name: [] for name in ways}
    used: dict[str, list[float]] = {name: [] for name in ways}
    vectors: dict[str, Vectors] = {}
    for embed in ways.values():
        embed(texts[:PLAIN_BATCH])
    for _ in range(arguments.runs):
        for name, embed in ways.items():
            started, cpu = time.perf_counter(), time.process_time()
            vectors[name] = embed(texts)
            passed[name].append(time.perf_counter() - started)
            used[name].append(time.process_time() - cpu)
    sys.stdout.write(f"{len(chunks)} chunks, {tokens} tokens, median of {arguments.runs}; `auto` is {automatic} here\n")
    base, base_cpu = statistics.median(passed[PLAIN]), statistics.median(used[PLAIN])
    for name, embed in ways.items():
        seconds, cpu = statistics.median(passed[name]), statistics.median(used[name])
        cosine = (vectors[name] * vectors[PLAIN]).sum(axis=1)
        sys.stdout.write(
            f"  {name:22}{len(chunks) / seconds:7.1f} chunks/s {tokens / seconds:8.0f} tokens/s"
            f"  {base / seconds:5.2f}x ({base_cpu / cpu:.2f}x by processor time)"
            f"  cosine >= {cosine.min():.5f}, mean {cosine.mean():.5f}"
            f"  recall@5 {recall(embed, chunks, vectors[name]):.4f}\n"
        )


if __name__ == "__main__":
    main()
