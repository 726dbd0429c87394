"""The figures of a day: how much was asked, how long it took, and what people said of it."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from twin_assets.monitoring.traces import Trace
from twin_assets.prompts import is_refusal
from twin_assets.records import FeedbackEvent
from twin_assets.settings.alerts import Metric
from twin_assets.storage import TableStore
from twin_assets.storage.sql import moment

Metrics = dict[Metric, float | None]
"""Figures by name; None where there was nothing to measure."""


def percentile(values: Iterable[float], share: float) -> float | None:
    """The smallest value that `share` of the values do not exceed (nearest rank); None of no values."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1] if ordered else None


def measure(traces: Sequence[Trace], feedback: Mapping[str, int]) -> Metrics:
    """The figures of what was asked in a day.

    Args:
        traces: of the day, chats and drafts.
        feedback: how many events of each kind there were.
    """
    chats = [trace for trace in traces if trace.kind == "chat"]
    answered = [trace for trace in traces if not trace.error and any(trace.answers)]
    failed = sum(bool(trace.error) for trace in traces)
    seconds = [trace.seconds for trace in chats if trace.seconds is not None and not trace.error]
    first = [trace.first_token_s for trace in chats if trace.first_token_s is not None]
    drafting = [t.seconds for t in traces if t.kind == "draft" and t.seconds is not None and not t.error]
    return {
        "questions": len(chats),
        "drafts": len(traces) - len(chats),
        "latency_p50_s": percentile(seconds, 0.5),
        "latency_p95_s": percentile(seconds, 0.95),
        "first_token_p50_s": percentile(first, 0.5),
        "first_token_p95_s": percentile(first, 0.95),
        "draft_p50_s": percentile(drafting, 0.5),
        "draft_p95_s": percentile(drafting, 0.95),
        "unsourced_share": _share(not trace.citations for trace in answered),
        "refusal_share": _share(refused(trace) for trace in answered),
        "errors": failed,
        "error_share": failed / len(traces) if traces else None,
        "thumbs_up": feedback.get("thumb_up", 0),
        "thumbs_down": feedback.get("thumb_down", 0),
        "edits": feedback.get("edit", 0),
    }


def refused(trace: Trace) -> bool:
    """Whether every answer says that the author has not written about it."""
    said = [answer for answer in trace.answers if answer]
    return bool(said) and all(map(is_refusal, said))


def feedback_of(tables: TableStore, first: date, last: date) -> dict[date, Counter[str]]:
    """Events by day and kind, from the first day to the last in UTC. Raises StorageError."""
    since, until = (datetime.combine(day, time(), UTC) for day in (first, last + timedelta(days=1)))
    where = f"created_at >= {moment(since)} AND created_at < {moment(until)}"
    rows = tables.columns(FeedbackEvent, ["created_at", "kind"], where).to_pydict()
    found: dict[date, Counter[str]] = {}
    for at, kind in zip(rows["created_at"], rows["kind"], strict=True):
        found.setdefault(at.astimezone(UTC).date(), Counter())[kind] += 1
    return found


def _share(hits: Iterable[bool]) -> float | None:
    found = list(hits)
    return sum(found) / len(found) if found else None
