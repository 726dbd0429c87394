"""Both dataset assets, materialized in this process against a fake engine on the loopback interface."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

from twin_assets.chat_model import prepare_chat_model
from twin_assets.datasets.versions import preferences_for, read_version, versions
from twin_assets.defs.datasets.assets import instruction_dataset, preference_dataset
from twin_assets.defs.ledger import DATA_VERSION_TAG, INPUTS_TAG
from twin_assets.defs.resources import TwinResource
from twin_assets.defs.training import assets as training
from twin_assets.deployment.records import Deployment, DeploymentStore
from twin_assets.records import Chunk, CorpusDocument, FeedbackEvent, InstructionSample
from twin_assets.settings import Settings, load_settings
from twin_assets.storage import TableStore
from twin_assets_tests.datasets.conftest import make_chunks, make_corpus, paragraph, word_tokens
from twin_assets_tests.deployment import conftest as deployment

START = datetime(2015, 1, 10, tzinfo=UTC)


@pytest.fixture
def fake() -> Iterator[Any]:
    """The fake server."""
    engine = deployment.fake_sglang.FakeEngine()
    with deployment.fake_sglang.served(engine) as url:
        engine.url = url
        yield engine


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake: Any) -> Settings:
    """The sample author's settings with a home of their own, and a corpus in it."""
    models = load_settings().models_dir
    monkeypatch.setenv("TWIN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TWIN_MODELS", str(models))
    monkeypatch.setenv("TWIN_PORTS__ENGINE", fake.url.rpartition(":")[2])
    monkeypatch.setenv("TWIN_DATASETS__MIN_TEST_WORDS", "50")
    monkeypatch.setenv("TWIN_DATASETS__PREFERENCE_PAIRS", "12")
    found = load_settings()
    prepare_chat_model(found.model("smollm2-135m-instruct"), "smollm2-135m-instruct", models)
    return found


def write_corpus(settings: Settings, count: int) -> None:
    tables = TableStore.of(settings)
    dated = [dated_by(document, n) for n, document in enumerate(make_corpus(count))]
    tables.sync(CorpusDocument, dated)
    tables.sync(Chunk, make_chunks(dated))


def dated_by(document: Any, number: int) -> Any:
    return replace(document, published_at=START + timedelta(days=30 * number))


def materialized(instance: dg.DagsterInstance, upstream: str) -> dict[str, Any]:
    """Materialize both; the events by asset, with the checks that failed under `failed`."""
    for name in ("corpus", "chunks"):
        tags = {INPUTS_TAG: "inputs", DATA_VERSION_TAG: f"{name} {upstream}"}
        instance.report_runless_asset_event(dg.AssetMaterialization(name, tags=tags))
    result = dg.materialize(
        [instruction_dataset, preference_dataset], instance=instance, resources={"twin": TwinResource()}
    )
    assert result.success
    found: dict[str, Any] = {e.asset_key.to_user_string(): e for e in result.get_asset_materialization_events()}
    found["failed"] = {
        (e.asset_key.to_user_string(), e.check_name) for e in result.get_asset_check_evaluations() if not e.passed
    }
    return found


def metadata(event: Any) -> dict[str, Any]:
    return {k: v.value for k, v in event.step_materialization_data.materialization.metadata.items()}


def test_a_corpus_becomes_two_noted_versions_with_reports_and_an_old_one_can_be_read(settings: Settings, fake: Any):
    write_corpus(settings, 20)
    tables = TableStore.of(settings)
    edit = FeedbackEvent.of("d", "edit", "Write of fog.", paragraph("draft"), START, edited=paragraph("edit"))
    tables.sync(FeedbackEvent, [edit])
    with dg.DagsterInstance.ephemeral() as instance:
        first = materialized(instance, "1")
        asked = len(fake.requests)
        assert materialized(instance, "1") is not None
        assert len(fake.requests) == asked
        assert len(versions(tables)) == 2
        write_corpus(settings, 21)
        second = materialized(instance, "2")
    shown = metadata(first["instruction_dataset"])
    assert first["failed"] <= {("instruction_dataset", "style")}  # of made-up documents
    assert shown["split"].startswith("test is what was first written from")
    assert Path(shown["data_report"]).is_file()
    assert shown["tokens"].startswith("![answers by tokens")
    assert shown["previous_version"] == "none"
    assert "drifted_share" not in shown
    later = metadata(second["instruction_dataset"])
    old, new = versions(tables, "instruction_dataset")
    assert later["previous_version"] == old.digest == new.previous
    assert "drifted_share" in later
    assert json.loads(new.parents) == {"corpus": ["corpus 2"], "chunks": ["chunks 2"]}
    assert len(read_version(tables, "instruction_dataset", old.digest)) < len(tables.read(InstructionSample))
    pairs = read_version(tables, "preference_dataset", preferences_for(tables, new.digest))
    assert {p.origin.partition(":")[0] for p in pairs} >= {"edit"}


def test_the_deployed_twin_is_asked_through_its_adapter(
    settings: Settings, fake: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    write_corpus(settings, 20)
    for other in ("BASE", "PLAIN", "UNGROUNDED"):
        monkeypatch.setenv(f"TWIN_DATASETS__PREFERENCE_ORIGINS__{other}", "0")
    digest = "ab" * 16
    folder = settings.home / "artifacts" / "adapters" / digest
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text("{}")
    (folder / "_complete").write_text("x")
    values = {"adapter_digest": digest, "adapter_uri": "", "recipe": "default", "dataset_versions": {}}
    deployed = Deployment(**values, deployment_id="d", deployed_at=START, previous=None, probe="")
    DeploymentStore(settings.home).make_current(deployed)
    with dg.DagsterInstance.ephemeral() as instance:
        materialized(instance, "1")
    asked = [r["model"] for r in fake.requests if f"twin-{digest[:16]}" in r["model"]]
    assert len(asked) == 12


class Standing:
    """As much of a stage as the training assets ask for, with a recipe of one's own."""

    def __init__(self, settings: Settings, recorded: dict[str, str], **recipe: Any) -> None:
        changed = settings.recipes["default"].model_copy(update=recipe)
        shown = SimpleNamespace(recipes={"default": changed}, author=settings.author)
        self.node = SimpleNamespace(partition="default")
        self.twin = SimpleNamespace(tables=TableStore.of(settings), settings=shown, chat_tokens=word_tokens)
        self._recorded = recorded

    def version(self, asset: str) -> str:
        return self._recorded[asset]


def test_a_recipe_trains_on_the_newest_version_or_the_one_that_it_pins_cut_to_its_size(
    settings: Settings, fake: Any, tmp_path: Path
):
    write_corpus(settings, 20)
    tables = TableStore.of(settings)
    edit = FeedbackEvent.of("d", "edit", "Write of fog.", paragraph("draft"), START, edited=paragraph("edit"))
    tables.sync(FeedbackEvent, [edit])
    with dg.DagsterInstance.ephemeral() as instance:
        materialized(instance, "1")
        write_corpus(settings, 30)
        materialized(instance, "2")
    old, new = versions(tables, "instruction_dataset")
    recorded = {name: versions(tables, name)[-1].digest for name in ("instruction_dataset", "preference_dataset")}

    def trained(**recipe: Any) -> tuple[str, int, list[str]]:
        stage: Any = Standing(settings, recorded, **recipe)
        version = training.dataset_version(stage)
        file, _ = training._instruction_files(stage, version, tmp_path)
        pairs = training._pairs(stage, version, training.preference_version(stage))
        return version, len(file.read_text().splitlines()), [pair.origin.partition(":")[0] for pair in pairs]

    def rows(version: str) -> int:
        return sum(s.split == "train" for s in read_version(tables, "instruction_dataset", version))

    assert trained()[:2] == (new.digest, rows(new.digest))
    assert trained(dataset=old.digest[:8])[:2] == (old.digest, rows(old.digest))
    assert rows(old.digest) != rows(new.digest)
    assert trained(sizes=(9,))[1] == 9
    assert "edit" in trained(sizes=(9,))[2]
