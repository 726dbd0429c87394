"""From ranked chunks to passages: neighbours joined, documents taking turns, within a budget of tokens."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from twin_assets.records import Kind, Scope


@dataclass(frozen=True, slots=True)
class Scores:
    """What each stage said of a chunk; ranks count from 1, None where that stage did not see it."""

    vector_distance: float | None = None
    """Cosine distance, 0 to 2."""
    vector_rank: int | None = None
    text_score: float | None = None
    """BM25, summed over text and heading path; what one of them left out of its best is estimated."""
    text_rank: int | None = None
    fused: float = 0.0
    """`hybrid_score`; with query expansion reciprocal rank fusion of the wordings, the rest is of one wording."""
    rerank: float | None = None
    """The cross-encoder's score."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk of the feature store, found or a neighbour of one that was."""

    chunk_id: str
    document_id: str
    position: int
    start: int
    end: int
    text: str
    heading_path: str
    title: str
    url: str
    kind: Kind
    published_at: datetime | None
    scope: Scope


@dataclass(frozen=True, slots=True)
class Passage:
    """A span of a corpus document that was found, of one chunk or of several that follow one another.

    `start` and `end` are characters of the document, `len(text) == end - start`. Between joined chunks, `text` has a
    line break for each character of white space that stands there in the document. `chunk_id`, `heading_path` and
    `scores` are those of the best chunk; `chunk_ids` are all, in the document's order.
    """

    document_id: str
    chunk_id: str
    chunk_ids: tuple[str, ...]
    title: str
    heading_path: str
    url: str
    kind: Kind
    published_at: datetime | None
    scope: Scope
    start: int
    end: int
    text: str
    scores: Scores

    @property
    def score(self) -> float:
        """What the order follows: the cross-encoder's score where there is one, else the fused one."""
        return self.scores.fused if self.scores.rerank is None else self.scores.rerank


@dataclass(slots=True)
class Run:
    """Chunks that follow one another in a document, and the best of them."""

    best: Hit
    hits: list[Hit] = field(default_factory=list)

    @property
    def document_id(self) -> str:
        """The document."""
        return self.best.document_id

    def touches(self, hit: Hit) -> bool:
        """Whether a chunk comes right before or right after."""
        return hit.document_id == self.document_id and (_follows(self.hits[-1], hit) or _follows(hit, self.hits[0]))

    def add(self, hits: Iterable[Hit]) -> None:
        """Take in chunks that touch."""
        self.hits = sorted([*self.hits, *hits], key=lambda hit: hit.position)


def choose(ranked: Iterable[Hit], k: int, per_document: int, chunks: int) -> list[Run]:
    """The `k` best runs, best first. A chunk beside one that is chosen already joins it, up to `chunks` of them.

    At most `per_document` runs are of one document; the chunks passed over fill up what is then missing.
    """
    runs: list[Run] = []
    passed: list[Hit] = []
    for hit in ranked:
        beside = [run for run in runs if run.touches(hit)]
        if beside:
            if sum(len(run.hits) for run in beside) < chunks:
                _join(runs, beside, hit)
            else:
                passed.append(hit)
        elif sum(run.document_id == hit.document_id for run in runs) < per_document:
            runs.append(Run(hit, [hit]))
        else:
            passed.append(hit)
        if len(runs) == k:
            return runs
    return [*runs, *(Run(hit, [hit]) for hit in passed[: k - len(runs)])]


def _join(runs: list[Run], beside: Sequence[Run], hit: Hit) -> None:
    """A chunk joins the run beside it; when it stands between two, they become one in the better one's place."""
    first = beside[0]
    first.add([hit, *(other for run in beside[1:] for other in run.hits)])
    for run in beside[1:]:
        runs.remove(run)


def extend(runs: Sequence[Run], neighbours: Mapping[tuple[str, int], Hit], n: int) -> list[Run]:
    """Runs with up to `n` chunks before and after each; those that then touch are one, in the better one's place.

    Args:
        runs: best first.
        neighbours: chunks by document and position; one that is not there ends the extension on its side.
        n: how many on each side.
    """
    taken = {hit.chunk_id for run in runs for hit in run.hits}
    extended: list[Run] = []
    for run in runs:
        for step in (-1, 1):
            for _ in range(n):
                edge = run.hits[0] if step < 0 else run.hits[-1]
                hit = neighbours.get((run.document_id, edge.position + step))
                if hit is None or hit.chunk_id in taken or not run.touches(hit):
                    break
                run.add([hit])
                taken.add(hit.chunk_id)
        better = next((one for one in extended if one.touches(run.hits[0]) or one.touches(run.hits[-1])), None)
        if better is None:
            extended.append(run)
        else:
            better.add(run.hits)
    return extended


def within(runs: Sequence[Run], budget: int, count_tokens: Callable[[Sequence[str]], Sequence[int]]) -> list[Run]:
    """The runs that fit into `budget` tokens together.

    One that does not fit loses the chunks farthest from its best one; when that alone does not fit, the run is passed
    over for a later one that may. The best chunk of the first run stays in any case: what shows it may cut it.
    """
    counts = iter(count_tokens([hit.text for run in runs for hit in run.hits]))
    tokens = {hit.chunk_id: next(counts) for run in runs for hit in run.hits}
    left, fitting = budget, list[Run]()
    for run in runs:
        hits = list(run.hits)
        while len(hits) > 1 and sum(tokens[hit.chunk_id] for hit in hits) > left:
            first, last = (abs(hits[end].position - run.best.position) for end in (0, -1))
            hits.pop(0 if first > last else -1)
        size = sum(tokens[hit.chunk_id] for hit in hits)
        if size <= left or not fitting:
            fitting.append(Run(run.best, hits))
            left -= size
    return fitting


def passage(run: Run, scores: Scores) -> Passage:
    """The passage of a run."""
    text, best = run.hits[0].text, run.best
    for before, after in zip(run.hits, run.hits[1:], strict=False):
        text += "\n" * (after.start - before.end) + after.text
    return Passage(
        document_id=best.document_id,
        chunk_id=best.chunk_id,
        chunk_ids=tuple(hit.chunk_id for hit in run.hits),
        title=best.title,
        heading_path=best.heading_path,
        url=best.url,
        kind=best.kind,
        published_at=best.published_at,
        scope=best.scope,
        start=run.hits[0].start,
        end=run.hits[-1].end,
        text=text,
        scores=scores,
    )


def _follows(before: Hit, after: Hit) -> bool:
    # The spans are compared, too: while a table is written, two searches may see two versions of a document.
    return after.position == before.position + 1 and after.start >= before.end
