"""The report as JSON, Markdown and Evidently page, and the gate's decision on it."""

import math
from pathlib import Path
from typing import Any

import pytest

from twin_assets.errors import EvaluationError
from twin_assets.evaluation.figures import content_digest, metrics
from twin_assets.evaluation.gate import decide
from twin_assets.evaluation.html_report import write_html
from twin_assets.evaluation.likelihood import Gain
from twin_assets.evaluation.overlap import Match, Overlap
from twin_assets.evaluation.report import EvaluationReport, Example, Likelihood, Overlaps, SampleRow
from twin_assets.evaluation.retrieval_recall import RetrievalRecall
from twin_assets.evaluation.voice import VoiceScore
from twin_assets.settings import EvaluationSettings


def overlap(words: int, share: float) -> Overlap:
    match = Match(words=words, passage="by my log", document="d1")
    return Overlap(texts=4, maximum=words, median=3, recited_share=share, longest=match)


def rows(level: float) -> list[SampleRow]:
    generated = [
        SampleRow(
            sample_id=f"s{n}",
            bits_per_byte=level + n / 50,
            answer_words=100 + n,
            overlap_words=3 + n % 3,
            words_in_sentence=12.5 + n,
        )
        for n in range(6)
    ]
    return [*generated, *(SampleRow(sample_id=f"t{n}", bits_per_byte=level + n / 40) for n in range(6))]


@pytest.fixture
def report() -> EvaluationReport:
    """A report of a twin that is better than base, with one voice family that is not valid."""
    return EvaluationReport(
        recipe="default",
        adapter_digest="abc",
        base_model="small",
        dataset_versions={"instruction_dataset": "v1"},
        likelihood=Likelihood(
            base=1.2, twin=1.1, gain=Gain(value=0.0833, low=0.06, high=0.1, documents=9), bytes=1000, samples=12
        ),
        voice=[
            VoiceScore(
                family="cosine_delta", valid=True, why="others at -1.20", value=0.7, interval=(0.4, 0.9), others=-1.2
            ),
            VoiceScore(
                family="masked_ngrams", valid=False, why="other people's text lies at 0.56, above 0", others=0.56
            ),
        ],
        others_source="attribution",
        others_persons=1,
        overlap=Overlaps(base=overlap(4, 0.0), twin=overlap(9, 0.0)),
        recall=RetrievalRecall(recall_at_5=0.8, mrr_at_10=0.7, questions=12, skipped=0),
        counts={"held-out passages": 12},
        examples=[Example(prompt="Write.", author="Mine.\n\nWhole.", base="Base's.", twin="")],
        base_rows=rows(1.2),
        twin_rows=rows(1.1),
        timings_s={"voice": 2.0},
    )


def with_gain(report: EvaluationReport, value: float, low: float, high: float) -> EvaluationReport:
    gain = report.likelihood.gain.model_copy(update={"value": value, "low": low, "high": high})
    return report.model_copy(update={"likelihood": report.likelihood.model_copy(update={"gain": gain})})


def test_a_twin_better_than_base_passes_and_an_invalid_voice_is_said(report: EvaluationReport) -> None:
    decision = decide(report, EvaluationSettings(), "abc")
    assert decision.passed
    assert decision.reasons == []
    assert any("gain 8.33% (95 % interval 6.00% to 10.00% over 9 documents)" in r for r in decision.remarks)
    assert any("masked_ngrams is not valid" in remark for remark in decision.remarks)


@pytest.mark.parametrize(("value", "needed"), [(0.0, 0.0), (-0.1, 0.0), (0.0833, 0.0833), (0.02, 0.05)])
def test_a_twin_not_better_than_is_needed_fails(report: EvaluationReport, value: float, needed: float) -> None:
    settings = EvaluationSettings(min_bits_per_byte_gain=needed)
    decision = decide(with_gain(report, value, -0.2, 0.2), settings, "abc")
    assert not decision.passed
    assert "not better than base" in decision.reasons[0]


def test_a_gain_whose_interval_reaches_naught_passes_with_a_remark(report: EvaluationReport) -> None:
    decision = decide(with_gain(report, 0.02, -0.01, 0.05), EvaluationSettings(), "abc")
    assert decision.passed
    assert any("reaches below what is needed" in remark for remark in decision.remarks)


def test_a_report_of_another_adapter_fails(report: EvaluationReport) -> None:
    [reason] = decide(report, EvaluationSettings(), "other").reasons
    assert "'abc'" in reason
    assert "'other'" in reason


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_number_that_is_not_finite_fails_even_after_a_round_trip(report: EvaluationReport, value: float) -> None:
    broken = EvaluationReport.model_validate_json(with_gain(report, value, value, value).model_dump_json())
    decision = decide(broken, EvaluationSettings(), "abc")
    assert not decision.passed
    assert any("likelihood.gain.value" in reason for reason in decision.reasons)


def test_recitation_is_remarked(report: EvaluationReport) -> None:
    reciting = report.model_copy(update={"overlap": Overlaps(base=overlap(4, 0.0), twin=overlap(40, 0.25))})
    assert any("25% of the twin's answers recite" in r for r in decide(reciting, EvaluationSettings(), "abc").remarks)


def test_the_report_survives_json(report: EvaluationReport) -> None:
    assert EvaluationReport.model_validate_json(report.model_dump_json()) == report


def test_an_invalid_voice_is_never_shown_as_a_figure(report: EvaluationReport) -> None:
    page = report.to_markdown()
    assert "| cosine_delta | **0.70** | 0.40 to 0.90 | -1.20 |" in page
    assert "| masked_ngrams | not valid |" in page
    assert set(metrics(report)) >= {"voice_cosine_delta", "bits_per_byte_gain"}
    assert "voice_masked_ngrams" not in metrics(report)


def test_the_page_shows_figures_and_answers_side_by_side(report: EvaluationReport) -> None:
    page = report.to_markdown()
    for expected in ("1.2000", "1.1000", "8.33% fewer bits", "6.00% to 10.00%", "Recall@5 0.800", "> by my log"):
        assert expected in page
    assert "**author**\n\n> Mine.\n>\n> Whole.\n\n**base**\n\n> Base's.\n\n**twin**\n\n> (nothing)" in page


def test_the_version_of_a_report_is_what_was_measured_and_not_how_long_it_took(report: EvaluationReport) -> None:
    slower = report.model_copy(update={"timings_s": {"voice": 99.0}})
    assert content_digest(report) == content_digest(slower)
    assert content_digest(report) != content_digest(with_gain(report, 0.5, 0.4, 0.6))


def test_evidently_writes_a_page_of_every_figure(report: EvaluationReport, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    file = write_html(report, tmp_path / "new" / "report.html")
    page = file.read_text(encoding="utf-8")
    assert len(page) > 1_000_000
    for figure in ("bits_per_byte", "answer_words", "overlap_words", "words_in_sentence"):
        assert page.count(figure) > 3
    assert "Dataset Drift" in page


def test_a_report_without_answers_still_makes_a_page(
    report: EvaluationReport, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    bare = {
        f"{side}_rows": [SampleRow(sample_id=f"s{n}", bits_per_byte=1.0) for n in range(4)] for side in ("base", "twin")
    }
    page = write_html(report.model_copy(update=bare), tmp_path / "report.html").read_text(encoding="utf-8")
    assert "bits_per_byte" in page


def test_a_page_that_cannot_be_written_is_a_clear_error(
    report: EvaluationReport, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    (tmp_path / "file").touch()
    with pytest.raises(EvaluationError, match="could not be written"):
        write_html(report, tmp_path / "file" / "report.html")
    with pytest.raises(EvaluationError, match="no measured sample"):
        write_html(report.model_copy(update={"twin_rows": []}), tmp_path / "report.html")
