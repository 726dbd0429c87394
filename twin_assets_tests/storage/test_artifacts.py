"""Artifacts: folders appear whole or not at all, locally and on S3."""

import json
import os
import subprocess
import sys

import pytest
from pyarrow import fs

from twin_assets.errors import StorageError
from twin_assets.settings import load_settings
from twin_assets.storage import ArtifactStore
from twin_assets.storage.artifacts import folder_digest


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "made"
    (made / "inner").mkdir(parents=True)
    (made / "a.bin").write_bytes(bytes(range(256)) * 100)
    (made / "inner" / "b.json").write_text("{}")
    (made / "empty").write_bytes(b"")
    return made


@pytest.fixture(params=["local", "s3"])
def artifacts(request, tmp_path):
    if request.param == "local":
        return ArtifactStore(str(tmp_path / "artifacts"), tmp_path / "cache")
    options = request.getfixturevalue("s3")
    return ArtifactStore(f"s3://twin/{tmp_path.name}/artifacts", tmp_path / "cache", options)


def test_a_folder_comes_back_as_it_was(artifacts, folder):
    assert not artifacts.has("adapters/x")
    assert artifacts.put("adapters/x", folder).endswith("/artifacts/adapters/x")
    assert artifacts.has("adapters/x")
    assert folder_digest(artifacts.get("adapters/x")) == folder_digest(folder)
    assert (artifacts.get("adapters/x") / "a.bin").read_bytes() == (folder / "a.bin").read_bytes()


def test_a_replaced_folder_keeps_nothing_of_the_old_one(artifacts, folder):
    artifacts.put("reports/x", folder)
    artifacts.get("reports/x")
    (folder / "a.bin").unlink()
    (folder / "new.txt").write_text("new")
    artifacts.put("reports/x", folder)
    files = {f.name for f in artifacts.get("reports/x").rglob("*") if f.is_file()}
    assert files == {"b.json", "empty", "new.txt", ArtifactStore.COMPLETE}


def test_what_is_missing_is_named_with_a_remedy(artifacts, folder):
    with pytest.raises(StorageError, match="no artifact 'adapters/none'") as error:
        artifacts.get("adapters/none")
    assert error.value.remedy
    with pytest.raises(StorageError, match=r"'adapters/x' below .* could not be written: no folder"):
        artifacts.put("adapters/x", folder / "nothing")
    assert not artifacts.has("adapters/x")


def test_an_upload_without_its_marker_is_not_there(tmp_path, folder, s3):
    artifacts = ArtifactStore(f"s3://twin/{tmp_path.name}", tmp_path / "cache", s3)
    artifacts.put("x", folder)
    remote = fs.S3FileSystem(access_key="test", secret_key="test", endpoint_override=s3["aws_endpoint"])
    remote.delete_file(f"twin/{tmp_path.name}/x/{ArtifactStore.COMPLETE}")
    assert not artifacts.has("x")


def test_a_store_out_of_reach_is_a_storage_error(tmp_path, folder):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="could not be written"):
        ArtifactStore(str(tmp_path / "file"), tmp_path / "cache").put("x", folder)


def test_what_a_dead_process_left_is_put_right(tmp_path, folder):
    artifacts = ArtifactStore(str(tmp_path / "artifacts"), tmp_path / "cache")
    artifacts.put("x", folder)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    place = tmp_path / "artifacts"
    (place / "x").rename(place / f".x.old-{dead.pid}")
    (place / f".x.new-{dead.pid}").mkdir()
    assert folder_digest(artifacts.get("x")) == folder_digest(folder)
    artifacts.put("x", folder)
    assert [f.name for f in place.iterdir()] == ["x"]


WRITER = """
import os, shutil, signal, sys
from pathlib import Path
from twin_assets.settings import load_settings
from twin_assets.storage import ArtifactStore
step, store, folder = int(sys.argv[1]), sys.argv[2], sys.argv[3]
count = 0
def dying(function):
    def run(*args, **kwargs):
        global count
        count += 1
        if count == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)
    return run
Path.rename = dying(Path.rename)
shutil.copytree = dying(shutil.copytree)
Path.write_text = dying(Path.write_text)
shutil.rmtree = dying(shutil.rmtree)
ArtifactStore(store, Path(store) / "cache").put("x", Path(folder))
"""


@pytest.mark.parametrize("step", range(1, 9))
def test_a_writer_killed_at_any_step_leaves_the_old_folder_or_the_new_one(tmp_path, folder, step):
    artifacts = ArtifactStore(str(tmp_path / "artifacts"), tmp_path / "cache")
    artifacts.put("x", folder)
    old = folder_digest(folder)
    (folder / "a.bin").write_bytes(b"new")
    new = folder_digest(folder)
    run = subprocess.run(
        [sys.executable, "-c", WRITER, str(step), str(tmp_path / "artifacts"), str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    found = folder_digest(artifacts.get("x"))
    assert found in {old, new}
    assert run.returncode == -9 or found == new
    artifacts.put("x", folder)
    assert folder_digest(artifacts.get("x")) == new


def test_the_stores_of_the_settings_reach_s3_with_the_settings_options(tmp_path, folder, s3, monkeypatch):
    monkeypatch.setenv("TWIN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TWIN_STORAGE__ARTIFACTS", f"s3://twin/{tmp_path.name}/of-settings")
    monkeypatch.setenv("TWIN_STORAGE__OPTIONS", json.dumps(s3))
    artifacts = ArtifactStore.of(load_settings())
    artifacts.put("x", folder)
    assert folder_digest(artifacts.get("x")) == folder_digest(folder)
