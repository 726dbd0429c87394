"""Deploying and rolling back against the fake engine."""

import os
from pathlib import Path
from typing import Any

import pytest

from twin_assets.deployment import records
from twin_assets.deployment.deploy import adapters_to_load, check_adapter, deploy, fetch_from, rollback
from twin_assets.deployment.engine import Engine
from twin_assets.deployment.records import Candidate, Deployment, DeploymentStore
from twin_assets.errors import DeploymentError, EngineError
from twin_assets.storage import ArtifactStore

AUTHOR = "Ada Example"


@pytest.fixture
def store(tmp_path: Path) -> DeploymentStore:
    return DeploymentStore(tmp_path / "home")


def put(engine: Engine, store: DeploymentStore, candidate: Candidate) -> Deployment:
    return deploy(engine, store, candidate, Path, AUTHOR)


def test_a_candidate_that_passes_its_probe_becomes_current(
    engine: Engine, store: DeploymentStore, candidate: Any
) -> None:
    assert store.current() is None
    deployed = put(engine, store, candidate("aa" * 16))
    assert store.current() == deployed
    assert deployed.adapter_name == "twin-" + "aa" * 8
    assert deployed.previous is None
    assert "0.500 nats per token" in deployed.probe
    assert list(engine.loaded_adapters()) == [deployed.adapter_name]


def test_the_one_before_stays_loaded_and_older_ones_do_not(
    engine: Engine, store: DeploymentStore, candidate: Any
) -> None:
    one, two, three = (put(engine, store, candidate(c * 32)) for c in "abc")
    assert set(engine.loaded_adapters()) == {two.adapter_name, three.adapter_name}
    assert [d.deployment_id for d in store.history()] == [one.deployment_id, two.deployment_id, three.deployment_id]
    assert three.previous == two.deployment_id
    assert adapters_to_load(store, Path) == {d.adapter_name: Path(d.adapter_uri) for d in (two, three)}


def test_deploying_what_answers_already_changes_nothing_and_mends_a_restarted_engine(
    engine: Engine, fake: Any, store: DeploymentStore, candidate: Any
) -> None:
    same = candidate("a" * 32)
    first = put(engine, store, same)
    fake.adapters.clear()
    assert put(engine, store, same) == first
    assert list(engine.loaded_adapters()) == [first.adapter_name]
    assert len(store.history()) == 1


@pytest.mark.parametrize(("fault", "message"), [("like_base", "differs from the base"), ("silent", "empty answer")])
def test_a_failed_probe_leaves_the_current_one_current(
    engine: Engine, fake: Any, store: DeploymentStore, candidate: Any, fault: str, message: str
) -> None:
    good = put(engine, store, candidate("a" * 32))
    bad = candidate("b" * 32)
    getattr(fake, fault).add(bad.adapter_name)
    with pytest.raises(DeploymentError, match=message):
        put(engine, store, bad)
    assert store.current() == good
    assert list(engine.loaded_adapters()) == [good.adapter_name]


def test_an_adapter_that_the_server_refuses_is_a_deployment_error(
    engine: Engine, fake: Any, store: DeploymentStore, candidate: Any
) -> None:
    fake.refuse_chat = "rank too high"
    with pytest.raises(DeploymentError, match="rank too high"):
        put(engine, store, candidate("a" * 32))
    assert store.current() is None
    assert engine.loaded_adapters() == {}


def test_a_server_that_is_away_changes_nothing(store: DeploymentStore, candidate: Any) -> None:
    with Engine("http://127.0.0.1:9") as away, pytest.raises(EngineError, match="127"):
        put(away, store, candidate("a" * 32))
    assert store.current() is None


def test_rolling_back_goes_to_the_one_before_and_then_further(
    engine: Engine, store: DeploymentStore, candidate: Any
) -> None:
    one, _, three = (put(engine, store, candidate(c * 32)) for c in "abc")
    back = rollback(engine, store, Path, AUTHOR)
    assert back.adapter_digest == "b" * 32
    assert back.probe.startswith("rolled back")
    assert three.adapter_name in engine.loaded_adapters()
    assert store.current() == back
    further = rollback(engine, store, Path, AUTHOR)
    assert further.adapter_digest == one.adapter_digest
    with pytest.raises(DeploymentError, match="no earlier deployment"):
        rollback(engine, store, Path, AUTHOR)


def test_a_rollback_to_files_that_are_gone_leaves_the_current_one(
    engine: Engine, store: DeploymentStore, candidate: Any
) -> None:
    one, two = (put(engine, store, candidate(c * 32)) for c in "ab")
    (Path(one.adapter_uri) / "adapter_model.safetensors").unlink()
    with pytest.raises(DeploymentError, match=r"adapter_model\.safetensors"):
        rollback(engine, store, Path, AUTHOR)
    assert store.current() == two


@pytest.mark.parametrize("crash_at", [1, 2, 3, 4])
def test_a_crash_at_any_write_leaves_a_current_deployment_that_was_probed(
    engine: Engine, store: DeploymentStore, candidate: Any, monkeypatch: pytest.MonkeyPatch, crash_at: int
) -> None:
    first, second = put(engine, store, candidate("a" * 32)), candidate("b" * 32)
    real, calls = os.fsync, iter(range(1, 9))

    def fsync(descriptor: int) -> None:
        if next(calls) == crash_at:
            raise KeyboardInterrupt
        real(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr(records.os, "fsync", fsync)
        with pytest.raises(KeyboardInterrupt):
            put(engine, store, second)
    current = store.current()
    assert current is not None
    assert current.adapter_digest == (first.adapter_digest if crash_at == 1 else second.adapter_digest)
    assert current.adapter_name in engine.loaded_adapters()
    assert store.history()[-1] == current
    put(engine, store, second)
    third = put(engine, store, candidate("c" * 32))
    assert [d.adapter_digest[0] for d in store.history()] == ["a", "b", "c"]
    assert store.current() == third


def test_a_disk_that_is_full_is_said_and_the_old_record_stands(
    engine: Engine, store: DeploymentStore, candidate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = put(engine, store, candidate("a" * 32))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(records.os, "fsync", full)
    with pytest.raises(DeploymentError, match="No space left"):
        put(engine, store, candidate("b" * 32))
    assert store.current() == first


def test_another_process_deploys_and_a_store_that_read_before_sees_it(
    engine: Engine, store: DeploymentStore, candidate: Any, tmp_path: Path
) -> None:
    first = put(engine, store, candidate("a" * 32))
    reader = DeploymentStore(tmp_path / "home")
    assert reader.kept() == [first]
    second = put(engine, store, candidate("b" * 32))
    assert (reader.current(), reader.kept()) == (second, [second, first])


def test_what_did_not_change_is_not_read_again(
    engine: Engine, store: DeploymentStore, candidate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed = put(engine, store, candidate("a" * 32))
    assert store.kept() == [deployed]
    monkeypatch.setattr(Path, "read_text", None)
    assert store.kept() == [deployed]


def test_a_damaged_record_is_named(store: DeploymentStore, tmp_path: Path) -> None:
    folder = tmp_path / "home" / "deployment"
    folder.mkdir(parents=True)
    (folder / "current.json").write_text('{"adapter_digest": ')
    with pytest.raises(DeploymentError, match=r"current\.json: cannot be read"):
        store.current()


def test_weights_that_are_not_finite_a_rank_too_high_and_torn_files_are_refused(make_adapter: Any) -> None:
    check_adapter(make_adapter("good"), max_rank=4)
    with pytest.raises(DeploymentError, match=r"'lora_A\.weight' is not finite"):
        check_adapter(make_adapter("nan", value=float("nan")))
    with pytest.raises(DeploymentError, match="has rank 128, above the engine's 64"):
        check_adapter(make_adapter("large", rank=128), max_rank=64)
    torn = make_adapter("torn")
    (torn / "adapter_model.safetensors").write_bytes(b"\0" * 7)
    with pytest.raises(DeploymentError, match="cannot be read"):
        check_adapter(torn)
    (torn / "adapter_config.json").write_text("{")
    with pytest.raises(DeploymentError, match=r"adapter_config\.json"):
        check_adapter(torn)


def test_adapters_are_fetched_from_the_artifact_store_by_their_uri(make_adapter: Any, tmp_path: Path) -> None:
    artifacts = ArtifactStore(str(tmp_path / "artifacts"), tmp_path / "cache")
    folder = make_adapter("mine")
    assert fetch_from(artifacts)(str(folder)) == folder
