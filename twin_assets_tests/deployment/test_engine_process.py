"""The engine's command line and environment."""

import configparser
import os
import stat
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest

from twin_assets.deployment import engine_process
from twin_assets.deployment.engine_process import LAUNCHER, PLATFORM_DIR, engine_command, engine_environment
from twin_assets.errors import ConfigError, ModelError
from twin_assets.settings import EngineSettings, Ports

PYTHON = Path("env/bin/python")


def after(command: list[str], flag: str) -> str:
    return command[command.index(flag) + 1]


def test_on_a_cpu_the_command_names_the_platforms_back_ends(make_settings: Any, tmp_path: Path) -> None:
    settings = make_settings(ports=Ports(engine=31000), engine=EngineSettings(device="cpu", max_lora_rank=32))
    command = engine_command(settings, tmp_path, {}, PYTHON)
    assert command[:2] == [str(PYTHON), str(LAUNCHER)]
    assert LAUNCHER.is_file()
    expected = {
        "--model-path": str(tmp_path),
        "--served-model-name": "base",
        "--host": "127.0.0.1",
        "--port": "31000",
        "--device": "cpu",
        "--attention-backend": "torch_native",
        "--lora-backend": "torch_native",
        "--dtype": "float32",
        "--max-total-tokens": "16384",
        "--max-lora-rank": "32",
        "--max-loras-per-batch": "3",
    }
    assert {flag: after(command, flag) for flag in expected} == expected


def test_without_adapters_the_server_still_takes_them_later(make_settings: Any, tmp_path: Path) -> None:
    command = engine_command(make_settings(engine=EngineSettings(device="cpu")), tmp_path, {}, PYTHON)
    assert "--enable-lora" in command
    assert "--lora-paths" not in command
    at = command.index("--lora-target-modules") + 1
    assert set(command[at : at + 7]) == {f"{part}_proj" for part in ("q", "k", "v", "o", "gate", "up", "down")}


def test_adapters_are_given_by_name_and_folder(make_settings: Any, make_adapter: Any, tmp_path: Path) -> None:
    settings = make_settings(engine=EngineSettings(device="cpu", extra_args=("--log-requests",)))
    one, two = make_adapter("one"), make_adapter("two")
    command = engine_command(settings, tmp_path, {"b": two, "a": one}, PYTHON)
    at = command.index("--lora-paths")
    assert command[at + 1 :] == [f"a={one}", f"b={two}", "--log-requests"]


def test_the_model_says_how_its_calls_of_tools_are_read(make_settings: Any, tmp_path: Path) -> None:
    settings = make_settings(engine=EngineSettings(device="cpu"))
    assert after(engine_command(settings, tmp_path, {}, PYTHON, "qwen25"), "--tool-call-parser") == "qwen25"
    assert "--tool-call-parser" not in engine_command(settings, tmp_path, {}, PYTHON)


def test_a_folder_that_is_not_there_is_named(make_settings: Any, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="gone"):
        engine_command(make_settings(), tmp_path / "gone", {}, PYTHON)


def machine_with_gpu(folder: Path, torch_says: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with `nvidia-smi`, and an interpreter whose PyTorch says what it is told to."""
    for name, text in (("nvidia-smi", ""), ("python", f"echo {torch_says}")):
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755 | stat.S_IEXEC)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    engine_process._cuda_works.cache_clear()
    return folder / "python"


def test_a_gpu_is_used_as_shipped_where_pytorch_can_use_it(
    make_settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = engine_command(make_settings(), tmp_path, {}, machine_with_gpu(tmp_path, "True", monkeypatch))
    assert after(command, "--device") == "cuda"
    assert "torch_native" not in command
    assert "--max-total-tokens" not in command


def test_a_gpu_that_pytorch_cannot_use_is_left_alone_and_is_an_error_when_asked_for(
    make_settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = machine_with_gpu(tmp_path, "False", monkeypatch)
    assert after(engine_command(make_settings(), tmp_path, {}, python), "--device") == "cpu"
    with pytest.raises(ConfigError, match=r"engine\.device is 'cuda'"):
        engine_command(make_settings(engine=EngineSettings(device="cuda")), tmp_path, {}, python)


def test_the_environment_is_offline_and_finds_the_platform(make_settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    environment = engine_environment(make_settings())
    assert environment["HF_HUB_OFFLINE"] == "1"
    assert environment["OMP_WAIT_POLICY"] == "PASSIVE"
    assert environment["PYTHONPATH"] == os.pathsep.join([str(PLATFORM_DIR), "elsewhere"])


def test_one_core_is_left_for_what_asks_the_engine(make_settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def threads(cores: int | None, **engine: int) -> str:
        monkeypatch.setattr(os, "cpu_count", lambda: cores)
        return engine_environment(make_settings(engine=EngineSettings(**engine)))["OMP_NUM_THREADS"]

    assert [threads(cores) for cores in (None, 1, 2, 16)] == ["1", "1", "1", "15"]
    assert threads(2, threads=2) == "2"


def test_the_platforms_folder_is_a_distribution_with_sglangs_entry_point() -> None:
    (found,) = distributions(path=[str(PLATFORM_DIR)])
    (entry,) = found.entry_points
    assert (entry.group, entry.name) == ("sglang.srt.platforms", "torch_cpu")
    module, _, attribute = entry.value.partition(":")
    assert f"def {attribute}(" in (PLATFORM_DIR / f"{module}.py").read_text()
    assert configparser.ConfigParser().read(next(PLATFORM_DIR.glob("*.dist-info")) / "entry_points.txt")


@pytest.mark.parametrize("arguments", [["--device", "cpu"], ["--model-path", "x", "--device=cpu"]])
def test_the_launcher_chooses_the_platform_for_a_cpu_only(arguments: list[str]) -> None:
    program = f"import sys; sys.path.insert(0, {str(PLATFORM_DIR)!r}); sys.argv = ['x', '--device', 'cuda']\n"
    program += "import os, launch_engine; assert 'SGLANG_PLATFORM' not in os.environ\n"
    program += f"assert launch_engine.asks_for_cpu({arguments!r})"
    environment = {k: v for k, v in os.environ.items() if k != "SGLANG_PLATFORM"}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
