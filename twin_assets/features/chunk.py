"""Corpus documents as spans that fit the embedder's window: never more, so that every word is embedded.

A chunk stays within one section and is cut where a reader would cut: between paragraphs, else between the lines of a
list or of code, else between sentences, words, and at last characters. The chunks of a document tile it.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from twin_assets.digests import chunk_id, digest
from twin_assets.features.markdown_blocks import Block, blocks
from twin_assets.features.pieces import Piece, Span, pack, pieces
from twin_assets.records import Chunk, CorpusDocument

CHUNKER_VERSION = 2
"""Raised when the same document is cut differently: every document is then cut again."""

TokenCounter = Callable[[Sequence[str]], list[int]]
"""Gives the number of tokens of each text by the embedder's own tokenizer, special tokens included."""

_SEPARATOR = " > "
_PROBES = ("The quick brown fox, 1984.", "tokenization of idempotency_keys()", "Größe, café, 東京タワー 🙂", "\n\t  ")


class _Section(NamedTuple):
    """The blocks from one heading to the next, and the titles of the headings above and at it."""

    path: tuple[str, ...]
    blocks: list[Block]


def chunk_documents(documents: Sequence[CorpusDocument], count_tokens: TokenCounter, window: int) -> list[Chunk]:
    """The chunks of documents.

    Args:
        documents: documents of the corpus.
        count_tokens: the embedder's tokenizer.
        window: how many tokens the embedder reads, special tokens included.

    Returns:
        Chunks in order. `text == document.text[start:end]`, every character that is not white space lies in exactly
        one chunk, and heading path and text together have `tokens <= window`.
    """
    chunker = chunker_digest(count_tokens, window)
    return [
        chunk
        for document in documents
        for chunk in _chunks(document, count_tokens, window, input_digest(chunker, document.row_digest()))
    ]


def chunker_digest(count_tokens: TokenCounter, window: int) -> str:
    """Digest of what decides how a document is cut, but for the document: this code, the tokenizer and the window."""
    return digest(window, CHUNKER_VERSION, count_tokens(_PROBES))


def input_digest(chunker: str, document: str) -> str:
    """What chunks are made from: the digests of the chunker and of the document's row."""
    return digest(chunker, document)


def embedded_text(heading_path: str, text: str) -> str:
    """What is embedded of a chunk: its place in the document, then its words."""
    return f"{heading_path}\n{text}" if heading_path else text


class _Counter:
    """Counts spans of a text as they will be embedded below a heading path."""

    def __init__(self, text: str, path: str, count_tokens: TokenCounter, window: int) -> None:
        self._text, self._path, self._count = text, path, count_tokens
        self.window = window
        self.overhead = count_tokens([embedded_text(path, "")])[0]

    def whole(self, spans: Sequence[Span]) -> list[int]:
        """Tokens with heading path and special tokens."""
        return self._count([embedded_text(self._path, self._text[start:end]) for start, end in spans])

    def own(self, spans: Sequence[Span]) -> list[int]:
        """Tokens of the spans alone."""
        return [tokens - self.overhead for tokens in self.whole(spans)]


def _chunks(document: CorpusDocument, count_tokens: TokenCounter, window: int, made_from: str) -> list[Chunk]:
    text, found = document.text, list[Chunk]()
    for section in _sections(document):
        path = _fitting_path(section.path, count_tokens, window // 4)
        counter = _Counter(text, path, count_tokens, window)
        budget = max(window - counter.overhead, 1)
        packed = pack(pieces(text, section.blocks, budget, counter.own), budget)
        for start, end, tokens in _fitted(text, packed, counter):
            span = text[start:end]
            found.append(
                Chunk(
                    chunk_id=chunk_id(document.document_id, start, end, span),
                    document_id=document.document_id,
                    position=len(found),
                    start=start,
                    end=end,
                    text=span,
                    heading_path=path,
                    tokens=tokens,
                    title=document.title,
                    url=document.url,
                    kind=document.kind,
                    published_at=document.published_at,
                    scope=document.scope,
                    input_digest=made_from,
                )
            )
    return found


def _sections(document: CorpusDocument) -> list[_Section]:
    """Sections in order; a heading right below another one opens a section with it, so no heading stands alone."""
    found: list[_Section] = []
    above: list[tuple[int, str]] = []
    for block in blocks(document.text):
        if block.kind == "heading":
            above = [*(entry for entry in above if entry[0] < block.level), (block.level, block.title)]
            titles = [title for _, title in above if title and title != document.title]
            path = (document.title, *titles) if document.title else tuple(titles)
            opening = found.pop().blocks if found and all(b.kind == "heading" for b in found[-1].blocks) else []
            found.append(_Section(path, [*opening, block]))
        elif not found:
            found.append(_Section((document.title,) if document.title else (), [block]))
        else:
            found[-1].blocks.append(block)
    return found


def _fitting_path(path: tuple[str, ...], count_tokens: TokenCounter, limit: int) -> str:
    """The path joined by ` > `, within `limit` tokens: outer headings give way first, then the innermost is cut."""
    for first in range(len(path)):
        joined = _SEPARATOR.join(path[first:])
        if count_tokens([joined])[0] <= limit:
            return joined
    innermost = path[-1].split() if path else []
    while innermost and count_tokens([" ".join(innermost)])[0] > limit:
        innermost = innermost[: len(innermost) // 2]
    return " ".join(innermost)


def _fitted(text: str, packed: list[list[Piece]], counter: _Counter) -> list[tuple[int, int, int]]:
    """Spans with their exact counts. Where the parts together have more tokens than their sum, they part again."""
    found: list[tuple[int, int, int]] = []
    counts = counter.whole([(group[0].start, group[-1].end) for group in packed])
    waiting = list(zip(packed, counts, strict=True))[::-1]
    while waiting:
        group, tokens = waiting.pop()
        start, end = group[0].start, group[-1].end
        if tokens <= counter.window or end - start == 1:
            found.append((start, end, tokens))
            continue
        if len(group) > 1:
            parted = [group[: len(group) // 2], group[len(group) // 2 :]]
        else:
            whole = Block("text", start, end, 0, "")
            parted = [[piece] for piece in pieces(text, [whole], group[0].tokens // 2, counter.own)]
        counts = counter.whole([(part[0].start, part[-1].end) for part in parted])
        waiting += list(zip(parted, counts, strict=True))[::-1]
    return found
