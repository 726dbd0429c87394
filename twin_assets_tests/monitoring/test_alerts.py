"""Rules over the figures of the last days."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin_assets.config_files import check, load_yaml
from twin_assets.monitoring.alerts import SHOWN, evaluate, shown
from twin_assets.settings import ROOT, AlertRule, AlertsConfig

SLOW: dict[str, Any] = {"latency_p95_s": 90.0, "questions": 20}
FAST: dict[str, Any] = {"latency_p95_s": 2.0, "questions": 20}


def rule(**how: Any) -> AlertRule:
    given = {"name": "slow", "metric": "latency_p95_s", "above": 60, "message": "Slow", "remedy": "Buy a GPU"}
    return AlertRule(**given | how)


def test_a_broken_rule_says_what_happened_the_value_and_what_to_do():
    (alert,) = evaluate([rule()], [SLOW])
    assert alert.what == "Slow: 95 of 100 answers take up to 90.0 s, above 60.0 s"
    assert (alert.value, alert.days, alert.severity, alert.remedy) == (90.0, 1, "warning", "Buy a GPU")


def test_a_rule_for_days_needs_that_many_in_a_row():
    two = rule(for_days=2)
    assert evaluate([two], [SLOW, FAST, SLOW]) == []
    (alert,) = evaluate([two], [SLOW, SLOW, SLOW, FAST])
    assert alert.days == 3
    assert alert.what.endswith("; on 3 days in a row")


def test_a_day_that_has_just_begun_does_not_end_the_row_and_a_day_without_figures_does():
    assert len(evaluate([rule(for_days=2)], [{}, SLOW, SLOW])) == 1
    assert evaluate([rule(for_days=2)], [SLOW, {}, SLOW]) == []
    assert evaluate([rule()], [{}, {}, SLOW]) == []


def test_a_day_with_few_questions_says_nothing():
    assert evaluate([rule(min_questions=21)], [SLOW]) == []
    assert len(evaluate([rule(min_questions=20)], [SLOW])) == 1


def test_a_limit_below_a_state_and_its_details_are_told():
    disk = rule(metric="disk_free_gb", above=None, below=5, severity="critical", message="The disk is full")
    refused = rule(metric="gate_refused", above=0, message="The last candidate was refused")
    source = rule(metric="failed_sources", above=0, message="A source failed")
    now: dict[str, Any] = {"disk_free_gb": 1.25, "gate_refused": 1.0, "failed_sources": 2}
    details: dict[Any, str] = {"failed_sources": "blog, letters", "gate_refused": "recipe tiny"}
    found = evaluate([source, refused, disk], [now], details)
    assert [one.what for one in found] == [
        "The disk is full: free 1.2 GB, below 5.0 GB",
        "A source failed: sources whose last collection failed 2, above 0; blog, letters",
        "The last candidate was refused: recipe tiny",
    ]
    assert [one.severity for one in found] == ["critical", "warning", "warning"]


VALUES = st.lists(st.none() | st.floats(0, 200), max_size=8)


@given(VALUES, st.integers(1, 4))
def test_a_rule_is_broken_just_when_the_newest_days_all_are(values: list[float | None], days: int):
    found = evaluate([rule(for_days=days)], [{"latency_p95_s": value} for value in values])
    measured = values[1:] if values and values[0] is None else values
    newest = measured[:days]
    assert bool(found) == (len(newest) == days and all(value is not None and value > 60 for value in newest))


def test_every_metric_can_be_told_and_the_project_s_rules_are_valid():
    rules = check(AlertsConfig, load_yaml(ROOT / "config" / "alerts.yaml"), ROOT).rules
    assert {one.severity for one in rules} == {"warning", "critical"}
    assert {one.metric for one in rules} <= set(SHOWN)
    assert shown("refusal_share", 0.256) == "26 %"
    assert set(SHOWN) == set(AlertRule.model_fields["metric"].annotation.__args__)  # type: ignore[union-attr]


@pytest.mark.parametrize("limits", [{"above": None}, {"below": 1}])
def test_a_rule_has_one_limit(limits: dict[str, Any]):
    with pytest.raises(ValueError, match="either `above` or `below`"):
        rule(**limits)
