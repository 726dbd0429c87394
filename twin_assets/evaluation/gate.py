"""The gate: whether an evaluated adapter may be deployed. Pure, so that it can be asked again of any stored report."""

import math
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from twin_assets.evaluation.report import EvaluationReport
from twin_assets.prompts import NOT_WRITTEN
from twin_assets.settings import EvaluationSettings


class Decision(BaseModel):
    """Passed, or not and why; `remarks` say what a reader should know either way."""

    passed: bool
    reasons: list[str]
    remarks: list[str]


def decide(report: EvaluationReport, settings: EvaluationSettings, adapter_digest: str) -> Decision:
    """Whether the adapter with this digest may be deployed by this report.

    It may not when the report is of another adapter, holds a number that is not finite, or shows a twin that is not
    better than the base model on held-out text by more than `min_bits_per_byte_gain` (the point estimate; its
    interval is remarked), or one that refuses more than `max_refusals` of what the author's writing answers. An invalid
    voice score does not stop it, and is remarked.
    """
    reasons, remarks = [], []
    if report.adapter_digest != adapter_digest:
        found, asked = report.adapter_digest, adapter_digest
        reasons.append(f"the report is of adapter {found!r}, not of {asked!r}: evaluate that one")
    broken = sorted(_not_finite(report.model_dump(), ""))
    if broken:
        reasons.append(f"not finite: {', '.join(broken[:5])}: evaluate again, and train again if it stays so")
    base, twin, gain = report.likelihood.base, report.likelihood.twin, report.likelihood.gain
    figures = f"bits per byte on held-out text: base {base:.4f}, twin {twin:.4f}, gain {gain.value:.2%}"
    if not gain.value > settings.min_bits_per_byte_gain:
        needed = f"more than {settings.min_bits_per_byte_gain:.2%} is needed"
        reasons.append(f"the twin is not better than base ({figures}; {needed}): train longer, or on more text")
    remarks.append(f"{figures} (95 % interval {gain.low:.2%} to {gain.high:.2%} over {gain.documents} documents)")
    if gain.low <= settings.min_bits_per_byte_gain < gain.value:
        remarks.append("the interval of the gain reaches below what is needed: more held-out text would tell")
    refused = max(report.refusals.alone, report.refusals.with_passages) if report.refusals else 0.0
    if refused > settings.max_refusals:
        reasons.append(
            f"the twin says {NOT_WRITTEN!r} to {refused:.0%} of requests that the author's writing answers (at most "
            f"{settings.max_refusals:.0%}): lower `datasets.families.unanswerable`, or train a larger base model"
        )
    remarks.extend(f"voice score {v.family} is not valid: {v.why}" for v in report.voice if not v.valid)
    if report.overlap.twin.recited_share > 0:
        remarks.append(
            f"{report.overlap.twin.recited_share:.0%} of the twin's answers recite training text "
            f"(longest run {report.overlap.twin.maximum} words)"
        )
    return Decision(passed=not reasons, reasons=reasons, remarks=remarks)


def _not_finite(value: Any, where: str) -> Iterator[str]:
    if isinstance(value, float) and not math.isfinite(value):
        yield where
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _not_finite(inner, f"{where}.{key}" if where else str(key))
    elif isinstance(value, list | tuple):
        for position, inner in enumerate(value):
            yield from _not_finite(inner, f"{where}[{position}]")
