"""`alerts.yaml`: when a person is called, and what counts as drift."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from twin_assets.settings.section import Strict

Metric = Literal[
    "questions",
    "drafts",
    "latency_p50_s",
    "latency_p95_s",
    "first_token_p50_s",
    "first_token_p95_s",
    "draft_p50_s",
    "draft_p95_s",
    "unsourced_share",
    "refusal_share",
    "errors",
    "error_share",
    "thumbs_up",
    "thumbs_down",
    "edits",
    "drifted_columns",
    "failed_sources",
    "gate_refused",
    "disk_free_gb",
]
"""What a rule may be about; `docs/monitoring.md` says what each one is."""
Severity = Literal["warning", "critical"]


class AlertRule(Strict):
    """One rule: a metric that is above or below a limit, on so many days in a row, calls for a person."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
    metric: Metric
    above: float | None = None
    below: float | None = None
    for_days: Annotated[int, Field(ge=1, le=30)] = 1
    min_questions: Annotated[int, Field(ge=0)] = 0
    """A day with fewer questions says nothing: one refusal of one question is all of them."""
    severity: Severity = "warning"
    message: Annotated[str, Field(min_length=1)]
    """What happened; value and limit are added to it."""
    remedy: Annotated[str, Field(min_length=1)]
    """What to do next."""

    @model_validator(mode="after")
    def _one_limit(self) -> "AlertRule":
        if (self.above is None) == (self.below is None):
            raise ValueError(f"rule {self.name!r} needs either `above` or `below`")
        return self

    def crossed_by(self, value: float) -> bool:
        """Whether a value is beyond the limit."""
        return value > self.above if self.above is not None else self.below is not None and value < self.below


class DriftSettings(Strict):
    """A day's questions and answers against those of the days before."""

    reference_days: Annotated[int, Field(ge=1, le=90)] = 14
    min_rows: Annotated[int, Field(ge=5)] = 30
    """Questions that the day and the days before must have each: fewer are not enough to tell drift from chance."""
    p_value: Annotated[float, Field(gt=0, lt=0.5)] = 0.01
    """Below which a difference is no chance (Kolmogorov-Smirnov, up to 1,000 questions a day)."""
    distance: Annotated[float, Field(gt=0)] = 0.1
    """From which a difference counts (Wasserstein, in standard deviations), of days with more: there any shows."""


class AlertsConfig(Strict):
    """`alerts.yaml`."""

    drift: DriftSettings = DriftSettings()
    rules: tuple[AlertRule, ...] = ()

    @field_validator("rules")
    @classmethod
    def _names_once(cls, rules: tuple[AlertRule, ...]) -> tuple[AlertRule, ...]:
        names = [rule.name for rule in rules]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two rules are called {name!r}")
        return rules
