"""What Prometheus is told of the service; one registry an application, so that two in one process do not mix."""

from collections import Counter as Tally

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from twin_assets.records import FeedbackEvent
from twin_assets.storage import TableStore

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Metrics:
    """Counters and histograms of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "twin_http_requests", "Requests answered", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "twin_http_request_seconds",
            "Seconds from a request's head to the end of its answer",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.in_flight = Gauge("twin_generations_in_flight", "Answers and drafts in the making", registry=self.registry)
        self.refused = Counter(
            "twin_refused_requests", "Requests refused by a limit", ("limit",), registry=self.registry
        )
        self.first_token = Histogram(
            "twin_time_to_first_token_seconds",
            "Seconds from asking the engine to its first token",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.tokens = Counter("twin_tokens_out", "Tokens that the engine wrote", registry=self.registry)
        self.engine_up = Gauge("twin_engine_up", "Whether the engine answers", registry=self.registry)
        self.feedback = Gauge(
            "twin_feedback_events", "Edits and thumbs that are stored", ("kind",), registry=self.registry
        )

    def in_flight_now(self) -> int:
        """Answers and drafts in the making."""
        return int(self.registry.get_sample_value("twin_generations_in_flight") or 0)

    def show(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)

    def count_feedback(self, tables: TableStore) -> None:
        """Count what is stored of people's edits and thumbs. Raises StorageError."""
        counts = Tally(tables.columns(FeedbackEvent, ["kind"]).column("kind").to_pylist())
        for kind in ("edit", "thumb_up", "thumb_down"):
            self.feedback.labels(kind).set(counts[kind])
