"""What makes an asset stale besides what it is made from: settings that change its content, and no others."""

import shutil
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from twin_assets.lineage import Node
from twin_assets.parameters import parameters
from twin_assets.records import FeedbackEvent
from twin_assets.settings import ROOT, load_settings
from twin_assets.storage import TableStore

DATASET = Node("instruction_dataset")


@pytest.fixture
def digest_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Parameters of a node, with changes to a file of the config."""
    config = tmp_path / "config"
    shutil.copytree(ROOT / "config", config)
    monkeypatch.setenv("TWIN_CONFIG", str(config))

    def digest_of(node: Node, file: str = "twin.yaml", **changes: Any) -> str:
        path = config / file
        before = path.read_text()
        path.write_text(yaml.safe_dump({**(yaml.safe_load(before) or {}), **changes}))
        try:
            return parameters(load_settings(ROOT / "config" / "sources.yaml"), node)
        finally:
            path.write_text(before)

    return digest_of


@pytest.mark.parametrize("change", [{"model": "openai/other"}, {"max_calls": 7}, {"temperature": 0.5}])
def test_another_way_of_asking_makes_instructions_stale(digest_with: Any, change: dict[str, Any]) -> None:
    assert digest_with(DATASET, "models/local.yaml", **change) != digest_with(DATASET)


def test_how_many_questions_are_asked_at_once_makes_nothing_stale(digest_with: Any) -> None:
    assert digest_with(DATASET, "models/local.yaml", concurrency=3) == digest_with(DATASET)


@pytest.mark.parametrize("asset", ["sft_adapter", "evaluation_report"])
def test_the_engines_settings_make_nothing_stale(digest_with: Any, asset: str) -> None:
    node = Node(asset, "default")
    assert digest_with(node, engine={"threads": 7, "max_running_requests": 2}) == digest_with(node)


def test_a_recipe_makes_its_adapter_stale(digest_with: Any) -> None:
    node = Node("sft_adapter", "default")
    assert digest_with(node, "recipes/default.yaml", sft={"max_steps": 7}) != digest_with(node)


def test_a_recipe_that_leaves_dataset_and_sizes_as_they_are_has_the_parameters_it_had(digest_with: Any) -> None:
    node = Node("sft_adapter", "default")
    same = digest_with(node, "recipes/default.yaml", dataset="latest", sizes=["all"])
    assert same == digest_with(node)
    assert digest_with(node, "recipes/default.yaml", dataset="0123456789ab") != same
    assert digest_with(Node("sft_adapter", "default@9"), "recipes/default.yaml", sizes=[9, "all"]) != same


def test_how_pairs_are_made_makes_pairs_stale_and_instructions_not(digest_with: Any) -> None:
    pairs = Node("preference_dataset")
    for change in ({"preference_pairs": 7}, {"preference_origins": {"plain": 9}}, {"preference_round": 1}):
        assert digest_with(pairs, datasets=change) != digest_with(pairs, datasets={})
        assert digest_with(DATASET, datasets=change) == digest_with(DATASET, datasets={})


def test_pairs_are_made_anew_after_a_batch_of_feedback_and_not_for_each_click(
    digest_with: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWIN_HOME", str(tmp_path / "home"))
    pairs, now = Node("preference_dataset"), datetime(2026, 1, 1, tzinfo=UTC)
    tables = TableStore(str(tmp_path / "home" / "lance"))
    seen = [digest_with(pairs, datasets={"feedback_batch": 3})]
    for count in range(1, 4):
        events = [FeedbackEvent.of(f"d{n}", "thumb_up", "Why?", "So.", now) for n in range(count)]
        tables.sync(FeedbackEvent, events)
        seen.append(digest_with(pairs, datasets={"feedback_batch": 3}))
    assert [a == b for a, b in pairwise(seen)] == [True, True, False]
