"""Evaluation of an adapter: held-out likelihood, voice, overlap, retrieval; the report and the gate."""

from twin_assets.evaluation.evaluate import EvaluationInputs, Ports, evaluate
from twin_assets.evaluation.gate import Decision, decide
from twin_assets.evaluation.html_report import write_html
from twin_assets.evaluation.others import Others, choose_others
from twin_assets.evaluation.report import EvaluationReport

__all__ = [
    "Decision",
    "EvaluationInputs",
    "EvaluationReport",
    "Others",
    "Ports",
    "choose_others",
    "decide",
    "evaluate",
    "write_html",
]
