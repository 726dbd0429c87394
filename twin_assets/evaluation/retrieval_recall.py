"""Whether retrieval finds the author's passage for a question: recall@5 and MRR@10 on the dataset's own pairs."""

from collections.abc import Callable, Sequence

from twin_assets.evaluation.measured import Measured
from twin_assets.records import InstructionSample

RECALL_AT = 5
MRR_AT = 10

Search = Callable[[str, int], Sequence[Sequence[str]]]
"""Takes a question and a number of passages; gives the chunk ids of each passage, best first."""


class RetrievalRecall(Measured):
    """Means over the questions; `questions` counts those that name chunks, `skipped` those that name none."""

    recall_at_5: float
    mrr_at_10: float
    questions: int
    skipped: int


def retrieval_recall(samples: Sequence[InstructionSample], search: Search) -> RetrievalRecall:
    """Recall@5 and mean reciprocal rank@10 of the chunks that each sample's answer overlaps.

    Five passages are looked at, each of one chunk or several that follow one another. An answer that overlaps more than
    five chunks has full recall when five of them are found.
    """
    recalls, reciprocals = [], []
    for sample in samples:
        relevant = set(sample.chunk_ids)
        if not relevant:
            continue
        found = [relevant.intersection(passage) for passage in search(sample.instruction, MRR_AT)[:MRR_AT]]
        recalls.append(min(len(set().union(*found[:RECALL_AT])) / min(len(relevant), RECALL_AT), 1.0))
        reciprocals.append(next((1 / rank for rank, hit in enumerate(found, 1) if hit), 0.0))
    count = len(recalls)
    return RetrievalRecall(
        recall_at_5=sum(recalls) / count if count else 0.0,
        mrr_at_10=sum(reciprocals) / count if count else 0.0,
        questions=count,
        skipped=len(samples) - count,
    )
