"""Retrieved context for training prompts: the chunks with the answer among some without, as serving shows them.

What is not the answer's comes from other documents of the same split, so that no held-out text stands in a training
prompt; of a few that a digest chooses those come first that share words with the question, as a search would find.
"""

import bisect
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from twin_assets.datasets.passages import CountTokens
from twin_assets.datasets.shingles import Hashes, holds_any, run_hashes
from twin_assets.datasets.words import OVERLAP, content_stems, words
from twin_assets.digests import digest
from twin_assets.prompts import passages_block, with_context
from twin_assets.records import Chunk, Split

MOST = 4
"""Passages of a context, as many as the service retrieves by default."""
SHORTEST = 160
"""Characters below which a passage is left out rather than cut further, as in serving."""
_LOOKED_AT = 24
FRAME_TOKENS = 48
"""Tokens reckoned for the system message and the chat template's marks."""


@dataclass(frozen=True)
class Context:
    """A block of passages as the model is shown it, and the documents and chunks that they are, in their order."""

    block: str
    documents: tuple[str, ...]
    chunks: tuple[str, ...]


@dataclass(frozen=True)
class _Shown:
    chunk: Chunk
    text: str


class Shelf:
    """The chunks that may stand in a context, by split.

    Args:
        chunks: all chunks.
        splits: the split of each document that samples are made of; others give no context.
        held_out: runs of words of held-out passages, which no training prompt may hold.
        count_tokens: counts tokens of the chat model.
        most_tokens: the most tokens of a whole sample.
    """

    def __init__(
        self,
        chunks: Sequence[Chunk],
        splits: Mapping[str, Split],
        held_out: Hashes,
        count_tokens: CountTokens,
        most_tokens: int,
    ) -> None:
        self._splits, self._held_out = splits, held_out
        self._count, self._most_tokens = count_tokens, most_tokens
        self._by_id = {chunk.chunk_id: chunk for chunk in chunks if chunk.document_id in splits}
        ring: defaultdict[Split, list[tuple[str, str]]] = defaultdict(list)
        for chunk in self._by_id.values():
            ring[splits[chunk.document_id]].append((digest("shelf", chunk.chunk_id), chunk.chunk_id))
        self._ring = {split: sorted(members) for split, members in ring.items()}

    def holds(self, context_chunks: Sequence[str], split: Split) -> bool:
        """Whether all chunks of an earlier context are still there, and of that split."""
        found = (self._by_id.get(chunk_id) for chunk_id in context_chunks)
        return all(chunk is not None and self._splits[chunk.document_id] == split for chunk in found)

    def context(
        self, identity: str, split: Split, question: str, answer: str, gold: Sequence[str], document_id: str
    ) -> Context | None:
        """A context with the chunks `gold`, or with none of them; None where they do not fit, or must not be shown.

        Args:
            identity: what the choice of the other passages and the order follow from.
            split: of the sample.
            question: what is asked.
            answer: what is answered; it counts for the length.
            gold: the ids of the chunks that hold the answer.
            document_id: the document of the answer, which gives no other passage; empty for none.
        """
        shown = [_Shown(chunk, chunk.text) for chunk_id in gold if (chunk := self._by_id.get(chunk_id))]
        if len(shown) < len(gold) or len(shown) > MOST - bool(gold):
            return None
        if any(self._leaks(one.chunk, split) for one in shown):
            return None
        left = self._most_tokens - self._tokens(question, answer, shown)
        if left < 0:
            return None
        wanted = MOST - len(shown)
        for chunk in self._others(identity, split, question, {document_id}):
            if wanted == 0:
                break
            text = self._cut(chunk, left)
            if not text:
                break
            more = [*shown, _Shown(chunk, text)]
            tokens = self._tokens(question, answer, more)
            if tokens > self._most_tokens:
                break
            shown, left, wanted = more, self._most_tokens - tokens, wanted - 1
        if len(shown) == len(gold):
            return None
        shown.sort(key=lambda one: digest("order", identity, one.chunk.chunk_id))
        return Context(
            _block(shown),
            tuple(dict.fromkeys(one.chunk.document_id for one in shown)),
            tuple(one.chunk.chunk_id for one in shown),
        )

    def _tokens(self, question: str, answer: str, shown: Sequence[_Shown]) -> int:
        return sum(self._count([with_context(question, _block(shown)), answer])) + FRAME_TOKENS

    def _cut(self, chunk: Chunk, tokens: int) -> str:
        """A chunk's text, cut at a word to about so many tokens with its title; nothing when that is too short."""
        frame, whole = self._count([f"[9] {_title(chunk)}\n<<<\n>>>\n\n", chunk.text])
        if whole + frame <= tokens:
            return chunk.text
        characters = int(len(chunk.text) * max(tokens - frame - 4, 0) / max(whole, 1) * 0.9)
        text = chunk.text[:characters]
        text = (text[: text.rindex(" ")] if " " in text else text).rstrip()
        return text if len(text) >= SHORTEST else ""

    def _others(self, identity: str, split: Split, question: str, without: set[str]) -> Iterator[Chunk]:
        """Chunks of other documents, one each, those before that share more words with the question."""
        ring = self._ring.get(split, [])
        at = bisect.bisect_left(ring, (digest("near", identity), ""))
        asked = content_stems(question)
        found: list[tuple[int, int, Chunk]] = []
        documents = set(without)
        for step in range(min(len(ring), _LOOKED_AT)):
            chunk = self._by_id[ring[(at + step) % len(ring)][1]]
            if chunk.document_id in documents or self._leaks(chunk, split):
                continue
            documents.add(chunk.document_id)
            found.append((-len(asked & content_stems(chunk.text)), step, chunk))
        yield from (chunk for _, _, chunk in sorted(found, key=lambda entry: entry[:2]))

    def _leaks(self, chunk: Chunk, split: Split) -> bool:
        return split == "train" and holds_any(run_hashes_of(chunk.text), self._held_out)


def run_hashes_of(text: str) -> Hashes:
    """The runs by which two texts are held to share wording."""
    return run_hashes(words(text), OVERLAP)


def _block(shown: Sequence[_Shown]) -> str:
    return passages_block([(_title(one.chunk), one.text) for one in shown])


def _title(chunk: Chunk) -> str:
    return chunk.title or chunk.url or "untitled"
