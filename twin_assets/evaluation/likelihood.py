"""Held-out bits per byte: how well a model predicts text of the author that it was not trained on.

Bits per byte divides by the bytes of the text and not by tokens, so that models with different tokenizers compare
(Gao et al. 2020, "The Pile", section 3.1). Base and twin see the same prompts. The end-of-turn token is left out
of the probabilities as of the bytes: it is not the author's text.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from twin_assets.digests import digest
from twin_assets.errors import EvaluationError, InsufficientDataError
from twin_assets.evaluation.measured import Measured
from twin_assets.prompts import Message, request_messages
from twin_assets.records import InstructionSample


@dataclass(frozen=True, slots=True)
class Scored:
    """A text to be scored as the answer to a prompt."""

    prompt_messages: tuple[Message, ...]
    answer: str


Score = Callable[[Sequence[Scored]], Sequence[float]]
"""Gives, for each text in order, the sum of the natural logarithms of the probabilities of the answer's tokens."""


class BitsPerByte(Measured):
    """Bits per byte over all answers together; `bits` and `answer_bytes` are per sample, in the samples' order."""

    value: float
    bytes: int
    samples: int
    bits: tuple[float, ...]
    answer_bytes: tuple[int, ...]


class Gain(Measured):
    """By which share the twin's bits per byte lie below the base model's, with its 95 % interval."""

    value: float
    low: float
    high: float
    documents: int


def bits_per_byte(author: str, samples: Sequence[InstructionSample], score: Score) -> BitsPerByte:
    """Bits per byte of the samples' answers, UTF-8, under the prompts that the twin is trained and served with.

    Raises:
        InsufficientDataError: there is no sample, or none with text.
        EvaluationError: `score` gave another number of results than it was asked for, or one that is not a
            finite number at or below 0.
    """
    if not any(sample.answer for sample in samples):
        raise InsufficientDataError(
            "there is no held-out text to measure on", "add more writing, or raise datasets.test in twin.yaml"
        )
    sums = list(score([Scored(tuple(request_messages(author, s.instruction, s.context)), s.answer) for s in samples]))
    if len(sums) != len(samples):
        raise EvaluationError(
            f"{len(samples)} texts were scored, {len(sums)} results came back", "look at the server's log"
        )
    for sample, value in zip(samples, sums, strict=True):
        if not math.isfinite(value) or value > 1e-6:
            raise EvaluationError(
                f"sample {sample.sample_id!r} has the log-probability {value!r}",
                "the adapter's weights are damaged or the server is at fault: train again, or restart the server",
            )
    bits = tuple(max(0.0, -value / math.log(2)) for value in sums)
    sizes = tuple(len(sample.answer.encode("utf-8")) for sample in samples)
    value = sum(bits) / sum(sizes)
    return BitsPerByte(value=value, bytes=sum(sizes), samples=len(samples), bits=bits, answer_bytes=sizes)


def relative_gain(
    base: BitsPerByte, twin: BitsPerByte, documents: Sequence[str], seed: int = 42, resamples: int = 2000
) -> Gain:
    """The gain with a paired percentile bootstrap over documents (Koehn 2004, with documents as the unit).

    Documents are resampled and not samples, because passages of one document are alike. With a single document
    the interval is unbounded, which JSON cannot hold: it is given as [-1, 1].

    Args:
        base, twin: measured on the same samples.
        documents: the document of each sample.
    """
    per_document: dict[str, list[float]] = {}
    for document, base_bits, twin_bits in zip(documents, base.bits, twin.bits, strict=True):
        bits = per_document.setdefault(document, [0.0, 0.0])
        bits[0] += base_bits
        bits[1] += twin_bits
    value = 1 - twin.value / base.value if base.value else 0.0
    if len(per_document) < 2:
        return Gain(value=value, low=-1.0, high=1.0, documents=len(per_document))
    rows = np.array([per_document[document] for document in sorted(per_document)])
    drawn = np.random.default_rng(seed).integers(0, len(rows), size=(resamples, len(rows)))
    totals = rows[drawn].sum(axis=1)
    gains = 1 - totals[:, 1] / np.where(totals[:, 0] > 0, totals[:, 0], 1.0)
    low, high = np.quantile(gains, (0.025, 0.975))
    return Gain(value=value, low=float(low), high=float(high), documents=len(rows))


def spread_over_documents(samples: Sequence[InstructionSample], limit: int, seed: int = 42) -> list[InstructionSample]:
    """At most `limit` samples, taken in turn from each document, so that no long document crowds out the others."""
    by_document: dict[str, list[InstructionSample]] = {}
    for sample in sorted(samples, key=lambda s: digest(seed, s.sample_id)):
        by_document.setdefault(sample.document_id, []).append(sample)
    queues = list(by_document.values())
    rounds = max((len(queue) for queue in queues), default=0)
    taken = [queue[turn] for turn in range(rounds) for queue in queues if turn < len(queue)]
    return taken[:limit]
