"""The evaluation report: what was measured of one adapter, as JSON and as Markdown."""

from twin_assets.evaluation.likelihood import Gain
from twin_assets.evaluation.measured import Measured
from twin_assets.evaluation.overlap import RECITED, Overlap
from twin_assets.evaluation.retrieval_recall import RetrievalRecall
from twin_assets.evaluation.voice import VoiceScore

SCALE = "0 is the base model's own answers, 1 the author's held-out text"


class Likelihood(Measured):
    """Held-out bits per byte of base and twin on the same texts under the same prompts."""

    base: float
    twin: float
    gain: Gain
    bytes: int
    samples: int


class Overlaps(Measured):
    """Verbatim overlap with training text; the base model's shows what is common phrase."""

    base: Overlap
    twin: Overlap


class Refusals(Measured):
    """Share of the twin's answers that say that the author has not written about it, where the author has.

    To held-out requests alone, and to held-out questions under passages that hold the answer.
    """

    alone: float
    asked_alone: int
    with_passages: float
    asked_with_passages: int


class Example(Measured):
    """One held-out prompt with the author's own text and both models' answers."""

    prompt: str
    author: str
    base: str
    twin: str


class SampleRow(Measured):
    """What was measured of one model on one held-out sample; a figure of an answer is None where none was generated."""

    sample_id: str
    bits_per_byte: float | None = None
    answer_words: int | None = None
    overlap_words: int | None = None
    words_in_sentence: float | None = None


class EvaluationReport(Measured):
    """All that was measured of one adapter."""

    recipe: str
    adapter_digest: str
    base_model: str
    dataset_versions: dict[str, str]
    likelihood: Likelihood
    voice: list[VoiceScore]
    others_source: str
    others_persons: int
    overlap: Overlaps
    recall: RetrievalRecall
    refusals: Refusals | None = None
    """None in a report from before they were measured."""
    counts: dict[str, int]
    examples: list[Example]
    base_rows: list[SampleRow]
    twin_rows: list[SampleRow]
    timings_s: dict[str, float]

    def to_markdown(self) -> str:
        """The report for a person: figures first, then answers side by side."""
        sections = [
            _likelihood(self),
            _voice(self),
            _overlap(self),
            _recall(self),
            _refusals(self),
            _about(self),
            _examples(self),
        ]
        return "\n\n".join([f"# Evaluation of `{self.recipe}`", *sections]) + "\n"


def _likelihood(report: EvaluationReport) -> str:
    measured, gain = report.likelihood, report.likelihood.gain
    return (
        "## Held-out likelihood\n\n"
        "| | bits per byte |\n|---|---|\n"
        f"| base | {measured.base:.4f} |\n| twin | {measured.twin:.4f} |\n\n"
        f"The twin needs {abs(gain.value):.2%} {'fewer' if gain.value > 0 else 'more'} bits (95 % interval of the gain "
        f"{gain.low:.2%} to {gain.high:.2%}, over {gain.documents} documents, {measured.samples} passages, "
        f"{measured.bytes:,} bytes that neither was trained on)."
    )


def _voice(report: EvaluationReport) -> str:
    lines = [f"## Voice\n\nOn a scale where {SCALE}; others are people from: {report.others_source}."]
    lines.append("\n| family | twin | 95 % interval | others | |\n|---|---|---|---|---|")
    for score in report.voice:
        others = "" if score.others is None else f"{score.others:.2f}"
        if score.value is not None and score.interval is not None:
            cells = f"**{score.value:.2f}** | {score.interval[0]:.2f} to {score.interval[1]:.2f} | {others}"
            lines.append(f"| {score.family} | {cells} | {score.why} |")
        else:
            lines.append(f"| {score.family} | not valid | | {others} | {score.why} |")
    return "\n".join(lines)


def _overlap(report: EvaluationReport) -> str:
    rows = [
        f"| {name} | {o.maximum} | {o.median:g} | {o.recited_share:.0%} |"
        for name, o in (("base", report.overlap.base), ("twin", report.overlap.twin))
    ]
    longest = report.overlap.twin.longest
    quoted = f"\n\nThe twin's longest:\n\n> {' '.join(longest.passage.split())}" if longest.words else ""
    head = f"| | longest, words | median | share with {RECITED} or more |\n|---|---|---|---|"
    return "\n".join(["## Verbatim overlap with training text\n", head, *rows]) + quoted


def _recall(report: EvaluationReport) -> str:
    recall = report.recall
    return (
        f"## Retrieval\n\nRecall@5 {recall.recall_at_5:.3f}, MRR@10 {recall.mrr_at_10:.3f} "
        f"over {recall.questions} held-out questions."
    )


def _refusals(report: EvaluationReport) -> str:
    if report.refusals is None:
        return "## Refusals\n\nNot measured."
    found = report.refusals
    return (
        f"## Refusals\n\nOf requests that the author's writing answers the twin refuses {found.alone:.0%} "
        f"({found.asked_alone} asked), and {found.with_passages:.0%} under passages that hold the answer "
        f"({found.asked_with_passages} asked)."
    )


def _about(report: EvaluationReport) -> str:
    rows = [f"| adapter | `{report.adapter_digest}` |", f"| base model | `{report.base_model}` |"]
    rows += [f"| {name} | `{version}` |" for name, version in sorted(report.dataset_versions.items())]
    rows += [f"| {name} | {count:,} |" for name, count in sorted(report.counts.items())]
    rows += [f"| seconds, {name} | {seconds:.1f} |" for name, seconds in report.timings_s.items()]
    return "\n".join(["## What was measured\n", "| | |\n|---|---|", *rows])


def _examples(report: EvaluationReport) -> str:
    shown = []
    for example in report.examples:
        parts = (("author", example.author), ("base", example.base), ("twin", example.twin))
        quoted = "\n\n".join(f"**{name}**\n\n{_quote(text)}" for name, text in parts)
        shown.append(f"### {' '.join(example.prompt.split())}\n\n{quoted}")
    return "\n\n".join(["## Answers side by side", *shown])


def _quote(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.strip().splitlines()) or "> (nothing)"
