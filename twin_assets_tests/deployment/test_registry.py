"""MLflow's runs and registry, on a SQLite file made once."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from twin_assets.deployment.registry import EXPERIMENT, ModelRegistry
from twin_assets.errors import DeploymentError

pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")

HISTORY = [{"step": 0, "eval_loss": 3.2}, {"step": 20, "loss": 2.9}, {"step": 40, "loss": 2.5, "eval_loss": 2.6}]
PARAMS = {"base_model": "tiny", "sft": {"lora_r": 16, "learning_rate": 5e-4}}


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with MLflow's tables: making them takes longer than all else here."""
    from mlflow import MlflowClient

    file = tmp_path_factory.mktemp("mlflow") / "empty.db"
    MlflowClient(f"sqlite:///{file}").search_registered_models()
    return file


@pytest.fixture
def uri(empty_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.chdir(tmp_path)
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    return f"sqlite:///{tmp_path / 'mlflow.db'}"


def register(registry: ModelRegistry, digest: str) -> int:
    return registry.register(digest, "default", {"bits_per_byte": 1.13}, f"/store/adapters/{digest}", PARAMS, HISTORY)


def test_an_adapter_is_registered_once_as_the_challenger(uri: str) -> None:
    from mlflow import MlflowClient

    registry = ModelRegistry(uri)
    assert registry.version_of("d1") is None
    assert registry.holder("challenger") is None
    version = register(registry, "d1")
    assert register(registry, "d1") == version == registry.version_of("d1")
    assert register(registry, "d2") != version
    assert registry.holder("challenger") == (2, "d2")
    stored = MlflowClient(uri).get_model_version("twin", str(version))
    assert stored.tags["adapter_uri"] == "/store/adapters/d1"
    assert stored.tags["bits_per_byte"] == "1.13"
    assert stored.source == f"runs:/{stored.run_id}/adapter"


def test_the_champion_is_the_one_that_was_promoted(uri: str) -> None:
    registry = ModelRegistry(uri)
    first, second = register(registry, "d1"), register(registry, "d2")
    registry.promote(second)
    assert registry.holder("champion") == (second, "d2")
    registry.promote(first)
    assert registry.holder("champion") == (first, "d1")
    with pytest.raises(DeploymentError, match="99"):
        registry.promote(99)


def test_the_loss_curve_is_logged_with_its_steps_and_not_twice(uri: str) -> None:
    from mlflow import MlflowClient

    registry = ModelRegistry(uri)
    run_id = registry.log_training("d1", "default", PARAMS, HISTORY, {"train_loss": 2.7})
    assert registry.log_training("d1", "default", PARAMS, HISTORY) == run_id
    client = MlflowClient(uri)
    assert [(m.step, m.value) for m in client.get_metric_history(run_id, "loss")] == [(20, 2.9), (40, 2.5)]
    assert [m.step for m in client.get_metric_history(run_id, "eval_loss")] == [0, 40]
    run = client.get_run(run_id)
    assert run.data.params == {"base_model": "tiny", "sft.lora_r": "16", "sft.learning_rate": "0.0005"}
    assert run.data.metrics["train_loss"] == 2.7
    assert run.info.status == "FINISHED"


def test_what_a_killed_process_left_half_logged_is_logged_anew(uri: str) -> None:
    from mlflow import MlflowClient

    registry, client = ModelRegistry(uri), MlflowClient(uri)
    experiment = client.create_experiment(EXPERIMENT)
    half = client.create_run(experiment, tags={"adapter_digest": "d1"}).info.run_id
    whole = registry.log_training("d1", "default", PARAMS, HISTORY)
    assert whole != half
    assert [run.info.run_id for run in client.search_runs([experiment])] == [whole]


def test_a_server_that_is_away_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(DeploymentError, match="127") as caught:
        ModelRegistry("http://127.0.0.1:9").version_of("d1")
    assert "twin up" in caught.value.remedy
