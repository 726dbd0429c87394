"""Checks of pairs pass on a sound dataset and fail on what would make tuning on it worthless."""

from dataclasses import replace
from typing import Any

import pytest

from twin_assets.datasets.pair_checks import pair_checks
from twin_assets.datasets.pairs import FEWEST
from twin_assets.prompts import NOT_WRITTEN
from twin_assets.records import InstructionSample, PreferenceSample
from twin_assets_tests.datasets.conftest import make_document, make_sample, paragraph

TESTED = make_sample("h", "test", document_id="held")


def of(name: str, **changes: Any) -> tuple[PreferenceSample, InstructionSample, Any]:
    document = make_document(f"A start. {paragraph(name)} An end.", name)
    start = len("A start. ")
    sample = make_sample(name, document_id=document.document_id, start=start, end=start + len(paragraph(name)))
    place = (sample.sample_id, sample.document_id, sample.start, sample.end)
    values = (sample.instruction, sample.answer, paragraph((name, "x")), "base:x", "train", "", "write", "", ())
    return replace(PreferenceSample(*place, *values), **changes), sample, document


def outcomes(changes: dict[str, Any], count: int = 4) -> dict[str, bool]:
    made = [of(f"p{n}", **(changes if n == 0 else {})) for n in range(count)]
    pairs, samples, documents = (list(column) for column in zip(*made, strict=True))
    return {c.name: c.passed for c in pair_checks(pairs, [*samples, TESTED], documents)}


def test_sound_pairs_pass_every_check() -> None:
    assert set(outcomes({}).values()) == {True}
    assert {c.passed for c in pair_checks([], [], [])} == {True}


@pytest.mark.parametrize(
    ("change", "failing"),
    [
        ({"chosen": "Not his words."}, "grounded"),
        ({"chosen": NOT_WRITTEN}, None),
        ({"chosen": "Hers.", "origin": "edit:e1"}, None),
        ({"used_document_ids": ("held",)}, "leakage"),
        ({"instruction": TESTED.instruction.upper()}, "leakage"),
        ({"context": f"[1] {TESTED.answer}"}, "leakage"),
        ({"rejected": TESTED.answer}, "leakage"),
        ({"split": "test"}, "leakage"),
        ({"sample_id": of("p1")[0].sample_id}, "duplicates"),
    ],
)
def test_each_fault_fails_its_check_alone(change: dict[str, Any], failing: str | None) -> None:
    assert [name for name, passed in outcomes(change).items() if not passed] == ([failing] if failing else [])


def test_rejected_answers_longer_over_all_or_all_of_one_origin_warn() -> None:
    made = [of(f"p{n}") for n in range(FEWEST)]
    pairs, samples, documents = (list(column) for column in zip(*made, strict=True))
    longer = [replace(p, rejected=f"{p.rejected} {p.rejected}") for p in pairs]
    checks = {c.name: c for c in pair_checks(longer, samples, documents)}
    assert not checks["length_bias"].passed
    assert not checks["origins"].passed
    assert not checks["length_bias"].blocking
    mixed = [replace(p, origin="plain:r") if n % 2 else p for n, p in enumerate(pairs)]
    assert {c.passed for c in pair_checks(mixed, samples, documents)} == {True}
