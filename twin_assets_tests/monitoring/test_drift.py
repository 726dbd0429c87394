"""Drift of a day's questions and answers against the days before."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from twin_assets.errors import StorageError
from twin_assets.monitoring.drift import COLUMNS, write_drift
from twin_assets.monitoring.traces import Trace
from twin_assets.settings import DriftSettings
from twin_assets_tests.asked import DAY, traffic

SETTINGS = DriftSettings()
BEFORE = [trace for back in range(1, 5) for trace in traffic(DAY - timedelta(days=back), 60, seed=back)]


def verdicts(day: Sequence[Trace], before: Sequence[Trace], file: Path) -> dict[str, str]:
    return {one.column: one.verdict for one in write_drift(day, before, SETTINGS, file, "A day")}


def test_questions_of_another_kind_are_told_from_those_before(tmp_path: Path):
    file = tmp_path / "report.html"
    found = verdicts(traffic(DAY, 60, seed=9, words=(40, 90)), BEFORE, file)
    assert found == dict.fromkeys(COLUMNS, "steady") | {"question_words": "drifted"}
    page = file.read_text(encoding="utf-8")
    assert "question_words" in page
    assert "said said" not in page, "figures are shown, and no text"


@pytest.mark.parametrize("seed", [10, 11])
def test_questions_like_those_before_are_no_drift(seed: int, tmp_path: Path):
    assert set(verdicts(traffic(DAY, 60, seed=seed), BEFORE, tmp_path / "report.html").values()) == {"steady"}


def test_a_busy_day_is_judged_by_how_far_it_is_off(tmp_path: Path):
    before = traffic(DAY - timedelta(days=1), 2000, seed=1)
    steady = write_drift(traffic(DAY, 1200, seed=2), before, SETTINGS, tmp_path / "one.html", "A day")
    assert {(one.test, one.verdict) for one in steady} == {("wasserstein", "steady")}
    longer = traffic(DAY, 1200, seed=2, words=(10, 30))
    assert verdicts(longer, before, tmp_path / "two.html")["question_words"] == "drifted"


@pytest.mark.parametrize(("today", "before"), [(29, 200), (60, 29)])
def test_few_questions_on_either_side_are_no_verdict(today: int, before: int, tmp_path: Path):
    found = write_drift(traffic(DAY, today, 1, (90, 99)), BEFORE[:before], SETTINGS, tmp_path / "report.html", "A day")
    assert {(one.verdict, one.score) for one in found} == {("not enough data", None)}
    assert (tmp_path / "report.html").is_file()


def test_a_figure_that_no_answer_has_is_left_out(tmp_path: Path):
    unsourced = [replace(trace, citations=()) for trace in traffic(DAY, 60, seed=3)]
    found = verdicts(unsourced, BEFORE, tmp_path / "report.html")
    assert found["best_score"] == "not enough data"
    assert found["citations"] == "drifted"


def test_of_a_day_without_answers_there_is_no_page(tmp_path: Path):
    found = write_drift([], BEFORE, SETTINGS, tmp_path / "report.html", "A day")
    assert {one.verdict for one in found} == {"not enough data"}
    assert not (tmp_path / "report.html").exists()


def test_a_page_that_cannot_be_written_says_where(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="could not be written"):
        write_drift(traffic(DAY, 40, seed=1), BEFORE, SETTINGS, tmp_path / "file" / "report.html", "A day")
