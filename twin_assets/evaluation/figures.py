"""The figures of a report: as flat metrics for a registry, and as the digest that is its version."""

from twin_assets.digests import digest
from twin_assets.evaluation.report import EvaluationReport


def metrics(report: EvaluationReport) -> dict[str, float]:
    """The headline figures by name; a voice family that is not valid has none."""
    figures = {
        "bits_per_byte_base": report.likelihood.base,
        "bits_per_byte_twin": report.likelihood.twin,
        "bits_per_byte_gain": report.likelihood.gain.value,
        "recall_at_5": report.recall.recall_at_5,
        "mrr_at_10": report.recall.mrr_at_10,
        "longest_overlap_words": float(report.overlap.twin.maximum),
        "recited_share": report.overlap.twin.recited_share,
    }
    voices = {f"voice_{v.family}": v.value for v in report.voice if v.valid and v.value is not None}
    return figures | voices


def content_digest(report: EvaluationReport) -> str:
    """Digest of what was measured; how long it took is no part of it."""
    return digest("evaluation", report.model_dump(mode="json", exclude={"timings_s"}))
