"""Side by side with the rules of a reference implementation (the LLM Engineer's Handbook) on one author's articles.

    TWIN_CORPORA=... python benchmarks/reference.py [folder of Markdown]

Its rules: everything but word characters, white space and `.,!?` becomes a space, and white space one space; an article
is cut at the ends of sentences into chunks of 1,000 to 2,000 characters, and what does not fill a chunk is dropped; a
chunk is embedded as it is, so that what exceeds the embedder's window is cut off. Duplicates are not looked for.

Both get the articles as they are, and once more as they are collected from platforms: with navigation, calls to
subscribe and share and a footer around each, and every fourth one a second time as a cross-post without its beginning,
with other link targets and apostrophes. By default the articles are the 76 of the corpus `brandur_sorg`. Every figure
but the dropped and cut-off tokens is of what a search can find: the texts of the chunks.
"""

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.cleaning import say
from benchmarks.features import own
from twin_assets.digests import document_id, row_id
from twin_assets.features.chunk import embedded_text
from twin_assets.features.chunk_corpus import chunk_corpus
from twin_assets.features.clean_source import clean_source
from twin_assets.features.corpus import update_corpus
from twin_assets.features.embed import Embedder
from twin_assets.features.embedders import configured_embedder
from twin_assets.features.markdown_blocks import code_spans, inline_code_spans
from twin_assets.features.reading import own_text, read
from twin_assets.features.shingles import share_of_longer, shingles_of
from twin_assets.features.words import words
from twin_assets.records import Chunk, CleanedDocument, CorpusDocument, RawDocument
from twin_assets.settings import load_settings
from twin_assets.storage import TableStore
from twin_assets.text_tables import table

LEAST, MOST = 1_000, 2_000
"""Characters of one of its chunks of an article."""
SHARES = (0.53, 0.61, 0.69, 0.77)
"""Of an article that its cross-post has."""
SPECIAL_TOKENS = 2
BEFORE = (
    "[Home](/) | [Articles](/articles) | [About](/about)",
    "Subscribe to get new posts by e-mail",
)
AFTER = (
    "Share this post on X, LinkedIn or Facebook",
    "Thanks for reading! Subscribe for free to receive new posts and support my work.",
    "Originally published at [example.org](https://example.org).",
)
_DROPPED = re.compile(r"[^\w\s.,!?]")
_SENTENCE = re.compile(r"(?<=[.!?])\s")
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|</?[a-z][^<>]*>", re.DOTALL)
_TARGET = re.compile(r"\]\((?=/)")


@dataclass(frozen=True)
class Outcome:
    """What a search can find: texts of chunks by document; and what became of the tokens of the cleaned texts."""

    texts: dict[str, list[str]]
    tokens: int
    embedded: int
    above_window: float


def by_their_rules(documents: Sequence[RawDocument], embedder: Embedder) -> Outcome:
    """Cleaned, cut and embedded by the rules above."""
    limit = embedder.window - SPECIAL_TOKENS
    texts: dict[str, list[str]] = {}
    total, counts = 0, []
    for document in documents:
        cleaned = " ".join(_DROPPED.sub(" ", document.text).split())
        texts[document.row_id] = their_chunks(cleaned)
        total += sum(embedder.count_tokens([cleaned])) - SPECIAL_TOKENS
        counts += [count - SPECIAL_TOKENS for count in embedder.count_tokens(texts[document.row_id])]
    embedded = sum(min(count, limit) for count in counts)
    return Outcome(texts, total, embedded, sum(count > limit for count in counts) / len(counts))


def their_chunks(text: str) -> list[str]:
    """Whole sentences while they fit into a chunk; a chunk that stays too short is dropped."""
    chunks, current = [], ""
    for sentence in filter(None, map(str.strip, _SENTENCE.split(text))):
        if len(current) + len(sentence) > MOST:
            chunks.append(current)
            current = ""
        current += f"{sentence} "
    return [chunk.strip() for chunk in [*chunks, current] if len(chunk) >= LEAST]


def by_ours(documents: Sequence[RawDocument], embedder: Embedder) -> Outcome:
    """Cleaned, folded and cut by the stages as the assets run them."""
    with tempfile.TemporaryDirectory() as folder:
        tables = TableStore(folder)
        tables.sync(RawDocument, documents)
        sources = sorted({document.source for document in documents})
        for source in sources:
            clean_source(tables, source)
        update_corpus(tables, sources)
        chunk_corpus(tables, embedder.count_tokens, embedder.window)
        corpus, chunks, cleaned = tables.read(CorpusDocument), tables.read(Chunk), tables.read(CleanedDocument)
    rows = {document.document_id: document.row_id for document in cleaned}
    spans: dict[str, list[Chunk]] = {}
    for chunk in sorted(chunks, key=lambda chunk: chunk.position):
        spans.setdefault(chunk.document_id, []).append(chunk)
    counts = embedder.count_tokens([embedded_text(chunk.heading_path, chunk.text) for chunk in chunks])
    total = embedded = 0
    for document in corpus:
        # In chunks and out of them, so that a token that a cut would part is counted alike.
        found, missing, at = [], [], 0
        for chunk in spans.get(document.document_id, []):
            missing.append(document.text[at : chunk.start])
            found.append(chunk.text)
            at = chunk.end
        lost = [part for part in [*missing, document.text[at:]] if part.strip()]
        covered = sum(embedder.count_tokens(found)) - SPECIAL_TOKENS * len(found)
        total += covered + sum(embedder.count_tokens(lost)) - SPECIAL_TOKENS * len(lost)
        embedded += covered
    texts = {rows[identity]: [chunk.text for chunk in those] for identity, those in spans.items()}
    return Outcome(texts, total, embedded, sum(count > embedder.window for count in counts) / len(counts))


def as_collected(documents: Sequence[RawDocument]) -> list[RawDocument]:
    """The articles with the text that platforms put around them, and every fourth one as a cross-post besides."""
    found = [replace(d, text="\n\n".join([*BEFORE, d.text, *AFTER])) for d in documents]
    for number, document in enumerate(documents[::4]):
        identity = document_id("medium", document.native_id)
        ids = {"row_id": row_id("medium", identity), "document_id": identity, "source": "medium", "kind": "medium"}
        text = trimmed(document.text, SHARES[number % len(SHARES)])
        text = _TARGET.sub("](https://example.org", text).replace("'", "’")
        found.append(replace(document, **ids, text="\n\n".join([*BEFORE, text, *AFTER])))
    return found


def trimmed(text: str, share: float) -> str:
    """The end of a text that has this share of its runs of 8 words, or a little more."""
    found = list(re.finditer(r"\S+", text))
    at = round((1 - share) * len(found))
    while at > 0 and in_common(text, text[found[at].start() :]) < share:
        at -= 20
    return text[found[max(at, 0)].start() :]


def in_common(left: str, right: str) -> float:
    """The share that folding goes by."""
    return share_of_longer(*(shingles_of(read(own_text(text)).hashes) for text in (left, right)))


def marks_of(document: RawDocument) -> list[str]:
    """What is no writing of the author in a document, as its words: tags of templates and HTML, chrome of platforms."""
    inside = [*code_spans(document.text), *inline_code_spans(document.text)]
    tags = [t for t in _TEMPLATE.finditer(document.text) if not any(a <= t.start() < b for a, b in inside)]
    found = [tag[0] for tag in tags]
    found += [paragraph for paragraph in (*BEFORE, *AFTER) if paragraph in document.text]
    return [line for line in (" ".join(words(one)) for one in found) if line.count(" ")]


def figures(documents: Sequence[RawDocument], outcome: Outcome) -> list[object]:
    """A row of the table for one way."""
    by_id = {document.row_id: document for document in documents}
    with_marks = pieces = pieces_left = code = kept = 0
    for row, document in by_id.items():
        chunks = outcome.texts.get(row, [])
        said = f" {' '.join(' '.join(words(chunk)) for chunk in chunks)} "
        if chunks:
            marks = [f" {mark} " in said for mark in marks_of(document)]
            with_marks += any(marks)
            pieces += len(marks)
            pieces_left += sum(marks)
        if chunks and document.kind != "medium":
            lines = [line for a, b in code_spans(document.text) for line in document.text[a:b].split("\n")[1:-1]]
            whole = "\n".join(chunks)
            code += len(lines)
            kept += sum(line in whole for line in lines)
    copies = [row for row, document in by_id.items() if document.kind == "medium"]
    left = sum(bool(outcome.texts.get(row)) for row in copies)
    return [
        f"{outcome.embedded / outcome.tokens:.1%}",
        f"{outcome.above_window:.1%}",
        f"{with_marks} of {sum(map(bool, outcome.texts.values()))}",
        f"{pieces_left} of {pieces}",
        f"{left} of {len(copies)}",
        f"{kept / code:.1%}" if code else "",
    ]


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    folder = parser.parse_args().folder
    if folder is None and "TWIN_CORPORA" not in os.environ:
        parser.error("give a folder of Markdown, or set TWIN_CORPORA to the folder with brandur_sorg")
    documents = own(folder or Path(os.environ["TWIN_CORPORA"]) / "brandur_sorg" / "content" / "articles")
    collected = as_collected(documents)
    embedder = configured_embedder(load_settings())
    rows = []
    for what, those in (("as they are", documents), ("as collected", collected)):
        for way, run in (("reference rules", by_their_rules), ("ours", by_ours)):
            rows.append([what, way, *figures(those, run(those, embedder))])
    header = ["articles", "way", "tokens embedded", "chunks above the window"]
    header += ["documents with boilerplate", "pieces of it", "duplicates left", "lines of code verbatim"]
    copies = [trimmed(d.text, SHARES[n % len(SHARES)]) for n, d in enumerate(documents[::4])]
    common = [in_common(document.text, copy) for document, copy in zip(documents[::4], copies, strict=True)]
    say(f"{len(documents)} articles, {len(copies)} cross-posts with {min(common):.0%} to {max(common):.0%} in common\n")
    say(table(header, rows))


if __name__ == "__main__":
    main()
