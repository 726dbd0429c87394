"""Speed of cleaning against naive regular expressions, what it takes out, and what one changed document costs.

    TWIN_CORPORA=... python benchmarks/cleaning.py [--runs 5] [--documents 20000]

The two ways take turns in one process, and medians of the processor's time are shown. The naive way takes out HTML and
template tags, images and runs of white space: it keeps no code, masks nothing, tells no language and finds no
boilerplate.
"""

import argparse
import os
import random
import re
import resource
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from twin_assets.collection import collect
from twin_assets.digests import document_id, row_id
from twin_assets.features.clean import CleaningPolicy
from twin_assets.features.clean_source import clean_source
from twin_assets.features.markdown_blocks import blocks, code_spans, inline_code_spans
from twin_assets.records import CleanedDocument, RawDocument
from twin_assets.settings import SourceConfig
from twin_assets.storage import TableStore
from twin_assets_tests.features.cleaned import clean_documents

SEED = 7
SOURCES = {
    "articles": "brandur_sorg/content/articles",
    "fragments": "brandur_sorg/content/fragments",
    "til": "simonw_til",
}
_NAIVE = re.compile(r"<[^>]+>|\{[{%].*?[%}]\}|!\[[^\]]*\]\([^)]*\)|\s+", re.DOTALL)
_LEFT = re.compile(
    r"\{\{|\{%|(?<!\\)!\[[^\]]*\]\(|<!--|</?(?:div|span|img|iframe|p|br)\b|^#+ .*\(#[\w-]+\)$", re.MULTILINE
)
"""Marks of templates and platforms that no reader of the text should see."""


def say(line: str) -> None:
    """One line of the report."""
    sys.stdout.write(f"{line}\n")


def own(corpora: Path, name: str) -> list[RawDocument]:
    """The author's own documents of one folder of the corpora."""
    source = SourceConfig(name=name, path=corpora / SOURCES[name], kind="markdown")
    return [document for document in collect(source, "Author").documents if not document.excluded]


def naive(documents: list[RawDocument]) -> None:
    """Everything between angle brackets or braces, images and runs of white space as one space."""
    for document in documents:
        _NAIVE.sub(" ", document.text)


def timed(run: Callable[[], object]) -> float:
    """Seconds of the processor's time."""
    started = time.process_time()
    run()
    return time.process_time() - started


def throughput(name: str, documents: list[RawDocument], runs: int) -> None:
    """Print both ways' medians, the removals by reason, the languages and the boilerplate that is left."""
    cleaned = clean_documents(documents)
    ways = {"naive": lambda: naive(documents), "clean": lambda: clean_documents(documents)}
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(runs):
        for way, run in ways.items():
            times[way].append(timed(run))
    size = sum(len(document.text.encode()) for document in documents) / 1e6
    medians = {way: statistics.median(measured) for way, measured in times.items()}
    say(f"\n{name}: {len(documents)} documents, {size:.2f} MB")
    for way, seconds in medians.items():
        say(f"  {way:6} {seconds:8.3f} s  {size / seconds:8.2f} MB/s  {len(documents) / seconds:8.0f} documents/s")
    say(f"  clean takes {medians['clean'] / medians['naive']:.1f} times as long as naive")
    say(f"  reasons: {dict(Counter(e.reason for e in cleaned.exclusions).most_common())}")
    say(f"  languages: {dict(Counter(d.language for d in cleaned.documents).most_common())}")
    say(f"  boilerplate left in {left(cleaned.documents)} of {len(cleaned.documents)}")


def left(documents: list[CleanedDocument]) -> int:
    """Documents with a mark of a template outside of code, or a paragraph of 8 words that three of them share."""
    paragraphs = [[d.text[b.start : b.end] for b in blocks(d.text) if b.kind == "text"] for d in documents]
    shared = Counter(paragraph for found in paragraphs for paragraph in set(found) if len(paragraph.split()) >= 8)
    return sum(
        bool(_LEFT.search(prose(document.text))) or any(shared[paragraph] >= 3 for paragraph in found)
        for document, found in zip(documents, paragraphs, strict=True)
    )


def prose(text: str) -> str:
    """A text without its code and where its links point."""
    for start, end in sorted([*code_spans(text), *inline_code_spans(text)], reverse=True):
        text = text[:start] + text[end:]
    return re.sub(r"\]\([^()\s]*\)|https?://\S+", "](", text)


def resampled(documents: list[RawDocument], count: int) -> list[RawDocument]:
    """Up to twelve paragraphs in a row of a real document each, with words of its own."""
    chance = random.Random(SEED)  # noqa: S311
    made = []
    for number in range(count):
        document = documents[number % len(documents)]
        paragraphs = document.text.split("\n\n")
        at = chance.randrange(len(paragraphs))
        identity = document_id("markdown", str(number))
        text = "\n\n".join([*paragraphs[at : at + 12], f"This is number {number} in the row of all of them."])
        made.append(replace(document, row_id=row_id("s", identity), document_id=identity, source="s", text=text))
    return made


def incremental(documents: list[RawDocument], count: int, runs: int) -> None:
    """Print what a full run costs, a run with nothing changed, and one with one document changed."""
    with tempfile.TemporaryDirectory() as folder:
        tables, policy = TableStore(folder), CleaningPolicy()
        rows = resampled(documents, count)
        tables.sync(RawDocument, rows, "source = 's'")
        one = rows[count // 2]
        del rows
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.perf_counter()
        clean_source(tables, "s", policy)
        full = time.perf_counter() - started
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        say(f"\n{count} documents in the store: {full:.1f} s, {count / full:.0f}/s, memory grew by {grown:.0f} MiB")
        for what in ("nothing", "one document"):
            measured = []
            for number in range(runs):
                if what != "nothing":
                    changed = replace(one, text=f"{one.text} Changed {number}.")
                    tables.sync(RawDocument, [changed], f"row_id = '{one.row_id}'")
                started = time.perf_counter()
                clean_source(tables, "s", policy)
                measured.append(time.perf_counter() - started)
            seconds = statistics.median(measured)
            say(f"  {what} changed: {seconds:.3f} s, {100 * seconds / full:.2f} % of a full run")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--documents", type=int, default=20_000)
    arguments = parser.parse_args()
    if "TWIN_CORPORA" not in os.environ:
        parser.error("set TWIN_CORPORA to the folder with brandur_sorg and simonw_til")
    documents = {name: own(Path(os.environ["TWIN_CORPORA"]), name) for name in SOURCES}
    for name, those in documents.items():
        throughput(name, those, arguments.runs)
    incremental([document for those in documents.values() for document in those], arguments.documents, arguments.runs)


if __name__ == "__main__":
    main()
