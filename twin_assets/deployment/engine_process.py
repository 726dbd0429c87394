"""How SGLang is started: the command line and the environment, on a CPU or a GPU. Pure but for finding the device."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from twin_assets.errors import ConfigError, ModelError
from twin_assets.settings import Settings

BASE = "base"
"""The base model's name on the server; an adapter `a` is addressed as `base:a` and never as `a`."""

PLATFORM_DIR = Path(__file__).parent / "torch_cpu_platform"
LAUNCHER = PLATFORM_DIR / "launch_engine.py"

TARGET_MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""Every linear layer: an adapter with a module that was not named at the start could not be loaded later."""

ADAPTERS_PER_BATCH = 3
"""The current adapter, the one before it (or the one being tried), and the base model, which counts as one."""


def engine_command(
    settings: Settings,
    base_model: Path,
    adapters: Mapping[str, Path],
    python: Path,
    tool_call_parser: str | None = None,
) -> list[str]:
    """The command that starts the server; further adapters can be loaded while it runs, even when none is given.

    Args:
        settings: the device, the port and the limits.
        base_model: the folder of the base model.
        adapters: folders of the adapters to load at the start, by name.
        python: the interpreter of the serving environment.
        tool_call_parser: how the base model writes calls of tools; without it they come as text.

    Raises ModelError: a folder is not there. Raises ConfigError: a GPU was asked for and there is none.
    """
    for folder in (base_model, *adapters.values()):
        if not folder.is_dir():
            raise ModelError(f"no model folder at {str(folder)!r}", "run `twin up` to have it made again")
    engine = settings.engine
    command = [str(python), str(LAUNCHER), "--model-path", str(base_model), "--served-model-name", BASE]
    command += ["--host", "127.0.0.1", "--port", str(settings.ports.engine), "--log-level", "info", "--enable-metrics"]
    command += ["--max-running-requests", str(engine.max_running_requests)]
    command += ["--enable-lora", "--max-loras-per-batch", str(ADAPTERS_PER_BATCH)]
    command += ["--max-lora-rank", str(engine.max_lora_rank), "--lora-target-modules", *TARGET_MODULES]
    command += _device_arguments(settings, engine_device(settings, python))
    if tool_call_parser is not None:
        command += ["--tool-call-parser", tool_call_parser]
    if adapters:
        command += ["--lora-paths", *(f"{name}={folder}" for name, folder in sorted(adapters.items()))]
    return [*command, *engine.extra_args]


def engine_environment(settings: Settings) -> dict[str, str]:
    """Variables to start the server with, over those of this process; the launcher adds what only a CPU needs.

    Two of the OpenMP variables keep idle threads from spinning, which on few cores costs nine tenths of the speed. A
    core is left for what asks the server: threads wait for the slowest of them at each of the many small steps of a
    decode, so one that has to share its core holds all of them up (two on two busy cores were a third slower than one).
    `/health` says at once whether the server is up: that it generates was proved by its warm-up.
    """
    path = [str(PLATFORM_DIR), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "OMP_NUM_THREADS": str(settings.engine.threads or max((os.cpu_count() or 1) - 1, 1)),
        "OMP_WAIT_POLICY": "PASSIVE",
        "GOMP_SPINCOUNT": "0",
        "TOKENIZERS_PARALLELISM": "false",
        "SGLANG_ENABLE_HEALTH_ENDPOINT_GENERATION": "false",
        "PYTHONPATH": os.pathsep.join(path),
    }


def engine_device(settings: Settings, python: Path) -> Literal["cpu", "cuda"]:
    """The device that the server runs on; `auto` is CUDA where the serving environment's PyTorch can use it.

    Raises ConfigError: `cuda` was asked for and PyTorch cannot use it.
    """
    wanted = settings.engine.device
    if wanted == "cpu":
        return "cpu"
    if _cuda_works(python):
        return "cuda"
    if wanted == "cuda":
        raise ConfigError(
            "engine.device is 'cuda', and the serving environment cannot use CUDA here",
            "set engine.device to `auto` or `cpu`, or install a CUDA build (`pip install sglang`) into .venv-serve",
        )
    return "cpu"


def _device_arguments(settings: Settings, device: Literal["cpu", "cuda"]) -> list[str]:
    if device == "cuda":
        return ["--device", "cuda"]
    arguments = ["--device", "cpu", "--attention-backend", "torch_native", "--sampling-backend", "pytorch"]
    arguments += ["--lora-backend", "torch_native", "--dtype", "float32", "--mem-fraction-static", "0.5"]
    return [*arguments, "--max-total-tokens", str(settings.engine.max_total_tokens), "--sleep-on-idle"]


@cache
def _cuda_works(python: Path) -> bool:
    if shutil.which("nvidia-smi") is None:
        return False
    asked = subprocess.run([str(python), "-c", "import torch; print(torch.cuda.is_available())"], capture_output=True)
    return asked.stdout.strip() == b"True"
