"""What needs a person: rules over the figures of the last days. Pure, so that it can be asked again at any time."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import BaseModel

from twin_assets.monitoring.metrics import Metrics
from twin_assets.settings import AlertRule
from twin_assets.settings.alerts import Metric, Severity


class Alert(BaseModel):
    """A rule that is broken: what happened, with the value, and what to do next."""

    name: str
    severity: Severity
    metric: Metric
    value: float
    days: int
    """How many days in a row, the newest included."""
    what: str
    remedy: str


class _Shown(NamedTuple):
    label: str
    form: str = "{:,.0f}"
    """How a value is written; empty for what is either so or not."""
    scale: float = 1.0


_SHARE = "{:.0f} %"
_SECONDS = "{:.1f} s"
SHOWN: dict[Metric, _Shown] = {
    "questions": _Shown("questions"),
    "drafts": _Shown("drafts"),
    "latency_p50_s": _Shown("half of the answers take up to", _SECONDS),
    "latency_p95_s": _Shown("95 of 100 answers take up to", _SECONDS),
    "first_token_p50_s": _Shown("half of the answers begin within", _SECONDS),
    "first_token_p95_s": _Shown("95 of 100 answers begin within", _SECONDS),
    "draft_p50_s": _Shown("half of the drafts take up to", _SECONDS),
    "draft_p95_s": _Shown("95 of 100 drafts take up to", _SECONDS),
    "unsourced_share": _Shown("answers without a source", _SHARE, 100),
    "refusal_share": _Shown("answers that refuse", _SHARE, 100),
    "errors": _Shown("answers that failed"),
    "error_share": _Shown("answers that failed", _SHARE, 100),
    "thumbs_up": _Shown("thumbs up"),
    "thumbs_down": _Shown("thumbs down"),
    "edits": _Shown("edits"),
    "drifted_columns": _Shown("figures that drifted"),
    "failed_sources": _Shown("sources whose last collection failed"),
    "gate_refused": _Shown("refused by the gate", ""),
    "disk_free_gb": _Shown("free", "{:.1f} GB"),
}
"""How each metric is told to a person."""


def evaluate(
    rules: Sequence[AlertRule], history: Sequence[Metrics], details: Mapping[Metric, str] | None = None
) -> list[Alert]:
    """The rules that are broken, critical ones first.

    A rule is broken when each of the newest `for_days` days is beyond its limit. A newest day that says nothing yet
    (no value, or fewer than `min_questions` questions) is passed over once: today may just have begun. Further back
    such a day ends the row.

    Args:
        rules: what is looked at.
        history: the figures of consecutive days, newest first; an empty mapping for a day without any.
        details: what there is to add about a metric, such as the names of sources.
    """
    found = [alert for rule in rules if (alert := _broken(rule, history, (details or {}).get(rule.metric, "")))]
    return sorted(found, key=lambda alert: alert.severity != "critical")


def shown(metric: Metric, value: float) -> str:
    """A value in its unit."""
    return SHOWN[metric].form.format(value * SHOWN[metric].scale)


def _broken(rule: AlertRule, history: Sequence[Metrics], detail: str) -> Alert | None:
    values = [_value(rule, day) for day in history]
    if values and values[0] is None:
        values = values[1:]
    row = 0
    for value in values:
        if value is None or not rule.crossed_by(value):
            break
        row += 1
    if row < rule.for_days or values[0] is None:
        return None
    return Alert(
        name=rule.name,
        severity=rule.severity,
        metric=rule.metric,
        value=values[0],
        days=row,
        what=_what(rule, values[0], row, detail),
        remedy=rule.remedy,
    )


def _value(rule: AlertRule, day: Metrics) -> float | None:
    return day.get(rule.metric) if (day.get("questions") or 0) >= rule.min_questions else None


def _what(rule: AlertRule, value: float, days: int, detail: str) -> str:
    label, form, _ = SHOWN[rule.metric]
    parts = []
    if form:
        side, limit = ("above", rule.above) if rule.above is not None else ("below", rule.below)
        parts.append(f"{label} {shown(rule.metric, value)}, {side} {shown(rule.metric, limit or 0.0)}")
    if days > 1:
        parts.append(f"on {days} days in a row")
    if detail:
        parts.append(detail)
    return f"{rule.message}: {'; '.join(parts)}" if parts else rule.message
