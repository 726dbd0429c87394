"""Evaluation reports for a page: scores of base, twin and the deployment before, and the gate's decision."""

import json
import math
from collections.abc import Sequence
from typing import Any

from twin_assets.deployment.records import Deployment
from twin_assets.errors import StorageError
from twin_assets.evaluation.gate import decide
from twin_assets.evaluation.report import EvaluationReport
from twin_assets.settings import EvaluationSettings
from twin_assets.storage import ArtifactStore


def evaluation_cards(
    artifacts: ArtifactStore, settings: EvaluationSettings, past: Sequence[Deployment]
) -> list[dict[str, Any]]:
    """A card for each stored report; those that were deployed come first, newest first. Raises StorageError.

    Args:
        past: every deployment, oldest first: `previous` are the scores of the one before, and of the last one for what
            was never deployed.
    """
    reports = {name: _read(artifacts, name) for name in artifacts.names("evaluations")}
    order = [one.adapter_digest for one in past]
    cards = []
    for report in reports.values():
        position = _last(order, report.adapter_digest)
        before = next(
            (d for d in reversed(order[:position] if position > -1 else order) if d != report.adapter_digest), None
        )
        previous = reports.get(before) if before else None
        cards.append((position, _card(report, previous, settings) | {"deployed": position > -1}))
    return [card for _, card in sorted(cards, key=lambda pair: -pair[0])]


def scores(report: EvaluationReport, who: str) -> dict[str, float | None]:
    """The figures of `base` or `twin`; a figure that was not measured, or is not finite, is None."""
    found: dict[str, float | None] = {"bits_per_byte": getattr(report.likelihood, who)}
    overlap = getattr(report.overlap, who)
    found |= {"longest_overlap_words": overlap.maximum, "recited_share": overlap.recited_share}
    for voice in report.voice:
        found[f"voice_{voice.family}"] = voice.value if who == "twin" else 0.0 if voice.valid else None
    return {name: value if value is not None and math.isfinite(value) else None for name, value in found.items()}


def _card(report: EvaluationReport, previous: EvaluationReport | None, settings: EvaluationSettings) -> dict[str, Any]:
    decision = decide(report, settings, report.adapter_digest)
    return {
        "recipe": report.recipe,
        "adapter_digest": report.adapter_digest,
        "base_model": report.base_model,
        "dataset_versions": report.dataset_versions,
        "scores": {
            "base": scores(report, "base"),
            "twin": scores(report, "twin"),
            "previous": scores(previous, "twin") if previous else None,
        },
        "gain": _finite(report.likelihood.gain.model_dump()),
        "recall_at_5": _finite(report.recall.recall_at_5),
        "passed": decision.passed,
        "reasons": decision.reasons,
        "remarks": decision.remarks,
    }


def _read(artifacts: ArtifactStore, name: str) -> EvaluationReport:
    file = artifacts.get(f"evaluations/{name}") / "report.json"
    try:
        return EvaluationReport.model_validate_json(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StorageError(f"{file}: cannot be read: {error}", "materialize `evaluation_report` again") from error


def _last(order: Sequence[str], digest: str) -> int:
    return max((position for position, one in enumerate(order) if one == digest), default=-1)


def _finite(value: Any) -> Any:
    """What JSON can hold: a number that is not finite is None."""
    return json.loads(json.dumps(value), parse_constant=lambda _: None)
