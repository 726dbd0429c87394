"""Whether retrieval finds the author's passage for a question: recall@5 and MRR@10 on the dataset's own pairs."""

from collections.abc import Callable, Sequence

from twin_assets.evaluation.measured import Measured
from twin_assets.records import InstructionSample

RECALL_AT = 5
MRR_AT = 10

Search = Callable[[str, int], Sequence[str]]
"""Takes a question and a number of results; gives chunk ids, best first."""


class RetrievalRecall(Measured):
    """Means over the questions; `questions` counts those that name chunks, `skipped` those that name none."""

    recall_at_5: float
    mrr_at_10: float
    questions: int
    skipped: int


def retrieval_recall(samples: Sequence[InstructionSample], search: Search) -> RetrievalRecall:
    """Recall@5 and mean reciprocal rank@10 of the chunks that each sample's answer overlaps.

    An answer that overlaps more than five chunks has full recall when all five results are among them.
    """
    recalls, reciprocals = [], []
    for sample in samples:
        relevant = set(sample.chunk_ids)
        if not relevant:
            continue
        found = list(dict.fromkeys(search(sample.instruction, MRR_AT)))[:MRR_AT]
        recalls.append(len(relevant.intersection(found[:RECALL_AT])) / min(len(relevant), RECALL_AT))
        reciprocals.append(next((1 / rank for rank, chunk in enumerate(found, 1) if chunk in relevant), 0.0))
    count = len(recalls)
    return RetrievalRecall(
        recall_at_5=sum(recalls) / count if count else 0.0,
        mrr_at_10=sum(reciprocals) / count if count else 0.0,
        questions=count,
        skipped=len(samples) - count,
    )
