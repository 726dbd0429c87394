"""Throughput of cleaning, folding and chunking against a naive way, and how time and memory grow with the documents.

    python benchmarks/features.py [folder of Markdown] [--runs 5] [--counts 1000 10000 100000]

The naive way replaces everything but word characters, white space and `.,!?` by a space, makes one space of white
space, and cuts by langchain's RecursiveCharacterTextSplitter: into 1,000 characters, counting no tokens, or into the
embedder's window by its tokenizer, as we do. It finds no duplicate, keeps no structure, and has no store. The splitter
is no dependency of the project:

    pip install --no-deps --target <folder> langchain-text-splitters langchain-core langsmith langchain-protocol \\
        uuid-utils orjson xxhash zstandard
    PYTHONPATH=<folder> python benchmarks/features.py

The ways take turns in one process, in memory; medians of the processor's time are shown. For the growth, the stages run
as their assets do, with their tables, and in the processes in which their jobs run them: cleaning in one, folding and
chunking in another (`--together`: all in one). The documents are made of the paragraphs of the folder; every third word
is drawn from the folder, too, because two documents of one author do not share as many sentences as two that are drawn
from a few hundred would. One in twenty is a near duplicate.
"""

import argparse
import json
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.cleaning import SEED, say, timed
from twin_assets.collection import collect
from twin_assets.digests import document_id, row_id
from twin_assets.features.chunk import chunk_documents
from twin_assets.features.chunk_corpus import chunk_corpus
from twin_assets.features.clean_source import clean_source
from twin_assets.features.corpus import update_corpus
from twin_assets.features.embed import Embedder
from twin_assets.features.embedders import configured_embedder
from twin_assets.features.fingerprint import fingerprint
from twin_assets.features.fold import Columns, decide
from twin_assets.features.shingles import PERMUTATIONS
from twin_assets.features.signatures import signature_file
from twin_assets.machine.allocator import give_back_freed_memory
from twin_assets.records import CleanedDocument, CorpusDocument, Fingerprint, RawDocument
from twin_assets.settings import ROOT, SourceConfig, load_settings
from twin_assets.storage import TableStore
from twin_assets_tests.features.cleaned import clean_documents

SAMPLE = ROOT / "sample_author" / "sources" / "blog"
COUNTS = (1_000, 10_000, 100_000)
STAGES = ("clean", "fold", "chunk")
PROCESSES = (("clean",), ("fold", "chunk"))
"""As the jobs `collect_job` and `data_job` have them."""
CHARACTERS = 1_000
PARAGRAPHS = 6
_BATCH = 1_000
_DROPPED = re.compile(r"[^\w\s.,!?]")
_SPACE = re.compile(r"\s+")
Split = Callable[[str], list[str]]


def own(folder: Path) -> list[RawDocument]:
    """The author's own documents of a folder of Markdown."""
    source = SourceConfig(name="s", path=folder, kind="markdown")
    return [document for document in collect(source, "Author").documents if not document.excluded]


def splitters(embedder: Embedder) -> dict[str, Split]:
    """The naive ways to cut by name; none where langchain's splitters are not installed."""
    try:
        from langchain_text_splitters import RecursiveCharacterTextSplitter
    except ImportError:
        return {}

    def tokens(text: str) -> int:
        return embedder.count_tokens([text])[0]

    by_characters = RecursiveCharacterTextSplitter(chunk_size=CHARACTERS, chunk_overlap=0)
    by_tokens = RecursiveCharacterTextSplitter(chunk_size=embedder.window, chunk_overlap=0, length_function=tokens)
    return {"naive, by characters": by_characters.split_text, "naive, by tokens": by_tokens.split_text}


def naive(documents: Sequence[RawDocument], split: Split) -> int:
    """Clean and cut by the naive rules; returns the number of chunks."""
    return sum(len(split(_SPACE.sub(" ", _DROPPED.sub(" ", document.text)).strip())) for document in documents)


def fold(documents: Sequence[CleanedDocument]) -> list[CorpusDocument]:
    """Fingerprints, scores and the fold as `update_corpus` does them, without its tables."""
    prints = [fingerprint(document, "") for document in documents]
    shingles = [np.frombuffer(one.shingles, "<u4") for one in prints]
    signatures = np.zeros((len(prints), PERMUTATIONS), np.uint32)
    for row, one in zip(signatures, prints, strict=True):
        if one.minhash:
            row[:] = np.frombuffer(one.minhash, "<u4")
    counts = np.array([one.shingle_count for one in prints], np.int64)
    ids, words = (pa.array(getattr(one, name) for one in prints) for name in ("document_id", "words_digest"))
    with signature_file(len(prints)) as kept:
        kept.put(range(len(prints)), signatures)
        given = Columns(ids, words, counts, kept)
        into = decide(given, lambda places: [shingles[place] for place in places], 0.5).into.tolist()
    return [corpus_document(documents[at], prints[at]) for at, kept in enumerate(into) if kept == at]


def corpus_document(document: CleanedDocument, scored: Fingerprint) -> CorpusDocument:
    """The document as the corpus has it."""
    made = {"urls": (), "sources": ("s",), "folded_ids": (), "retrievable": True, "trainable": True, "input_digest": ""}
    for field in fields(CorpusDocument):
        if field.name not in made:
            made[field.name] = getattr(document, field.name, getattr(scored, field.name, None))
    return CorpusDocument(**made)


def throughput(documents: Sequence[RawDocument], embedder: Embedder, runs: int) -> None:
    """Print the medians of all ways, and of our stages."""
    # What is loaded when first used is not counted.
    few = documents[:3]
    chunk_documents(fold(clean_documents(few).documents), embedder.count_tokens, embedder.window)
    ways = splitters(embedder)
    if not ways:
        say("langchain-text-splitters is not installed (see --help): there is no baseline")
    times: dict[str, list[float]] = {}

    def take(name: str, run: Callable[[], object]) -> float:
        seconds = timed(run)
        times.setdefault(name, []).append(seconds)
        return seconds

    for _ in range(runs):
        for name, split in ways.items():
            take(name, lambda split=split: naive(documents, split))
        kept: list[list[CleanedDocument] | list[CorpusDocument]] = []
        total = take("  clean", lambda kept=kept: kept.append(clean_documents(documents).documents))
        total += take("  fold and score", lambda kept=kept: kept.append(fold(kept[0])))
        total += take("  chunk", lambda kept=kept: chunk_documents(kept[1], embedder.count_tokens, embedder.window))
        times.setdefault("clean + fold + chunk", []).append(total)
    size = sum(len(document.text.encode()) for document in documents) / 1e6
    say(f"{len(documents)} documents, {size:.2f} MB, median of {runs} runs")
    medians = {name: statistics.median(seconds) for name, seconds in times.items()}
    for name, seconds in medians.items():
        say(f"  {name:24}{seconds:9.3f} s {size / seconds:9.2f} MB/s")
    for name in ways:
        say(f"  ours takes {medians['clean + fold + chunk'] / medians[name]:.2f} times as long as {name}")


def resampled(documents: Sequence[RawDocument], count: int) -> Iterator[list[RawDocument]]:
    """Documents in batches. Each depends on its number alone, but for the duplicates, which follow their original."""
    pool = [paragraph for document in documents for paragraph in document.text.split("\n\n") if paragraph.strip()]
    vocabulary = [word for paragraph in pool for word in paragraph.split()]
    batch: list[RawDocument] = []
    words: list[list[str]] = []
    for number in range(count):
        chance = random.Random(f"{SEED} {number}")  # noqa: S311
        if number % 20 == 19:
            words = [[*paragraph, "edited"] for paragraph in words]
        else:
            words = [paragraph.split(" ") for paragraph in chance.sample(pool, PARAGRAPHS)]
            words = [[chance.choice(vocabulary) if chance.random() < 1 / 3 else w for w in p] for p in words]
        identity = document_id("markdown", str(number))
        text = "\n\n".join(" ".join(paragraph) for paragraph in words)
        ids = {"row_id": row_id("s", identity), "document_id": identity, "source": "s", "title": f"Number {number}"}
        batch.append(replace(documents[number % len(documents)], **ids, text=text))
        if len(batch) == _BATCH or number == count - 1:
            yield batch
            batch = []


def fill(lance: str, folder: Path, count: int) -> dict[str, float]:
    """Put so many documents into the store; returns their size in MB."""
    tables = TableStore(lance)
    size = 0
    for batch in resampled(own(folder), count):
        size += sum(len(document.text.encode()) for document in batch)
        tables.table(RawDocument).add([document.to_row() for document in batch])
    return {"size": size / 1e6}


def run_stages(lance: str, names: Sequence[str]) -> dict[str, float]:
    """Stages as the assets run them: seconds of the processor, and the peak memory of this process in MiB."""
    give_back_freed_memory()
    tables, embedder = TableStore(lance), configured_embedder(load_settings())
    stages: dict[str, Callable[[], object]] = {
        "clean": lambda: clean_source(tables, "s"),
        "fold": lambda: update_corpus(tables, ["s"]),
        "chunk": lambda: chunk_corpus(tables, embedder.count_tokens, embedder.window),
    }
    if "chunk" in names:
        embedder.count_tokens(["loaded"])
    took = {name: timed(stages[name]) for name in names}
    took["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1 << 20)
    return took


def child(*arguments: str) -> dict[str, float]:
    """This program with other arguments, in a process of its own; what it says last is JSON."""
    command = [sys.executable, str(Path(__file__).resolve()), *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def growth(folder: Path, counts: Sequence[int], processes: Sequence[Sequence[str]]) -> None:
    """Print time per document and peak memory for each number of documents, and their ratios to the first."""
    say("\n documents      MB   clean    fold   chunk      in all   a document  (ratio)    kept   passed")
    first: dict[str, float] = {}
    for count in counts:
        with tempfile.TemporaryDirectory() as lance:
            size = child("--fill", lance, str(folder), "--counts", str(count))["size"]
            started = time.perf_counter()
            ran = {" + ".join(names): child("--stages", lance, "--names", *names) for names in processes}
            passed = time.perf_counter() - started
            kept = TableStore(lance).open(CorpusDocument).count_rows()
        took = {name: one[name] for one in ran.values() for name in STAGES if name in one}
        total = sum(took.values())
        now = {"each": 1000 * total / count, **{name: one["peak"] for name, one in ran.items()}}
        now["the largest"] = max(one["peak"] for one in ran.values())
        first = first or now
        stages = " ".join(f"{took[name]:7.1f}" for name in STAGES)
        each = f"{now['each']:9.2f} ms   ({now['each'] / first['each']:.2f})"
        say(f"{count:10,} {size:7.1f} {stages} {total:9.1f} s {each} {kept:7,}   {passed:.0f} s")
        peaks = (f"{name} {now[name]:.0f} MiB ({now[name] / first[name]:.2f})" for name in now if name != "each")
        say(f"           peak memory: {', '.join(peaks)}")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=SAMPLE)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--counts", type=int, nargs="*", default=COUNTS)
    parser.add_argument("--together", action="store_true")
    parser.add_argument("--fill", help=argparse.SUPPRESS)
    parser.add_argument("--stages", help=argparse.SUPPRESS)
    parser.add_argument("--names", nargs="*", default=STAGES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.stages:
        say(json.dumps(run_stages(arguments.stages, arguments.names)))
    elif arguments.fill:
        say(json.dumps(fill(arguments.fill, arguments.folder, arguments.counts[0])))
    else:
        embedder = configured_embedder(load_settings())
        documents = own(arguments.folder)
        throughput(documents, embedder, arguments.runs)
        growth(arguments.folder, arguments.counts, [STAGES] if arguments.together else PROCESSES)


if __name__ == "__main__":
    main()
