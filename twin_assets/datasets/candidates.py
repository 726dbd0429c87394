"""The passages that samples may be made of: cut, fit to learn from, and no two alike."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from twin_assets.datasets.drafts import Place
from twin_assets.datasets.duplicates import Seen
from twin_assets.datasets.passages import STAGE, CountTokens, PassageSpan, cut
from twin_assets.datasets.quality import unfit
from twin_assets.datasets.split_plan import plan_splits
from twin_assets.datasets.splits import leaking
from twin_assets.datasets.words import same_wording
from twin_assets.digests import digest
from twin_assets.records import Chunk, CorpusDocument, Exclusion, Split
from twin_assets.settings import DatasetSettings

ALIKE = 0.6
"""Jaccard similarity of runs of three words from which two passages are one."""
_RUN = 3


@dataclass(frozen=True)
class Passage:
    """A passage of a document with its split, the chunks that it overlaps, and its place among the others."""

    document: CorpusDocument
    span: PassageSpan
    passage_id: str
    split: Split
    chunk_ids: tuple[str, ...]
    place: Place

    def left_out(self, reason: str, why: str) -> Exclusion:
        """An exclusion that says where it was."""
        source = self.document.sources[0] if self.document.sources else ""
        detail = f"characters {self.span.start} to {self.span.end}: {why}"
        return Exclusion.of(STAGE, source, reason, detail, document_id=self.document.document_id)


def candidates(
    documents: Sequence[CorpusDocument],
    chunks: Sequence[Chunk],
    count_tokens: CountTokens,
    settings: DatasetSettings,
) -> tuple[list[Passage], list[Exclusion]]:
    """The passages in the order of their documents' ids, and what was left out: besides the reasons of `passages.cut`
    and `quality.unfit` these are `private`, `leak` (wording of a held-out split) and `duplicate`."""
    found, exclusions = _passages(documents, chunks, count_tokens, settings)
    kept: list[Passage] = []
    exact: dict[str, Passage] = {}
    by_id: dict[str, Passage] = {}
    seen = Seen(ALIKE, _RUN)
    leaks = leaking([(p.span.text, p.split) for p in found])
    for passage, leak in zip(found, leaks, strict=True):
        wording = same_wording(passage.span.text)
        why = unfit(passage.span.text, code=passage.span.definition is not None)
        if leak is not None:
            exclusions.append(passage.left_out("leak", f"shares wording with the {leak} split"))
        elif why:
            exclusions.append(passage.left_out(why, "nothing to learn from"))
        elif wording in exact:
            same = exact[wording].document.document_id
            exclusions.append(passage.left_out("duplicate", f"same words as in document {same}"))
        elif near := seen.take(passage.passage_id, passage.span.text):
            same = by_id[near].document.document_id
            exclusions.append(passage.left_out("duplicate", f"nearly the same words as in document {same}"))
        else:
            exact[wording] = by_id[passage.passage_id] = passage
            kept.append(passage)
    return kept, exclusions


def _passages(
    documents: Sequence[CorpusDocument], chunks: Sequence[Chunk], count_tokens: CountTokens, settings: DatasetSettings
) -> tuple[list[Passage], list[Exclusion]]:
    of_document: defaultdict[str, list[Chunk]] = defaultdict(list)
    for chunk in sorted(chunks, key=lambda c: (c.document_id, c.start)):
        of_document[chunk.document_id].append(chunk)
    passages: list[Passage] = []
    exclusions: list[Exclusion] = []
    splits = plan_splits(documents, settings).splits
    for document in sorted(documents, key=lambda d: d.document_id):
        if document.scope == "private" and not settings.train_on_private:
            source = document.sources[0] if document.sources else ""
            why = "`datasets.train_on_private: true` in config/twin.yaml trains on it"
            exclusions.append(Exclusion.of(STAGE, source, "private", why, document_id=document.document_id))
            continue
        found, left_out = cut(document, count_tokens, settings.passage_tokens, settings.min_answer_words)
        exclusions += left_out
        split = splits[document.document_id]
        under = Counter(span.heading_path for span in found)
        for position, span in enumerate(found):
            identity = digest("passage", document.document_id, span.start, span.end, span.text)
            overlapping = (c for c in of_document[document.document_id] if c.start < span.end and span.start < c.end)
            chunk_ids = tuple(chunk.chunk_id for chunk in overlapping)
            place = Place(position, len(found), under[span.heading_path])
            passages.append(Passage(document, span, identity, split, chunk_ids, place))
    return passages, exclusions
