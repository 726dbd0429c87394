"""A whole twin on free ports, with a tiny random model in place of the real one: everything else is as in earnest."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from twin_assets.chat_model import prepare_chat_model
from twin_assets.files import read_json
from twin_assets.settings import ROOT, load_settings
from twin_assets_tests.ports import free_ports
from twin_assets_tests.tiny_model import make_tiny_model

PORTS = ("dagster", "code", "mlflow", "engine", "service")
SAMPLE = ROOT / "sample_author"


@dataclass
class WholeTwin:
    """A `twin up` in a process of its own."""

    folder: Path
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None

    @property
    def home(self) -> Path:
        """The author's home."""
        return self.folder / "home"

    @property
    def service(self) -> str:
        """The URL of the twin service."""
        return f"http://127.0.0.1:{self.environment['TWIN_PORTS__SERVICE']}"

    @cached_property
    def client(self) -> httpx.Client:
        """A client of the service: one for all requests, since to make one costs more than to ask."""
        # No connection is kept: the service is stopped and started between two requests.
        limits = httpx.Limits(max_keepalive_connections=0)
        return httpx.Client(base_url=self.service, trust_env=False, timeout=60, limits=limits)

    @property
    def log(self) -> Path:
        """What `twin up` printed."""
        return self.folder / "up.log"

    def start(self) -> None:
        """Start `twin up`, its output from nothing."""
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "twin_assets.cli.main", "up"],
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
            )

    def until(self, condition: Callable[[], Any], what: str, timeout_s: float) -> Any:
        """Wait for a condition while `twin up` runs; fails with the end of its output."""
        assert self.process is not None
        deadline = time.monotonic() + timeout_s
        while not (found := condition()):
            running = self.process.poll() is None
            late = time.monotonic() > deadline
            if late or not running:
                pytest.fail(f"{what}: {'too late' if late else 'ended'}\n{self.log.read_text()[-6000:]}")
            time.sleep(0.5)
        return found

    def ready(self, timeout_s: float = 900) -> None:
        """Wait until it has answered its own question."""
        self.until(lambda: "Ready after" in self.log.read_text(), "the twin is not ready", timeout_s)

    def stop(self) -> int:
        """Ctrl-C; returns the exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=90)

    def end(self) -> None:
        """Stop whatever runs of it, at whatever it is."""
        if self.process is not None and self.process.poll() is None:
            self.stop()
        self.twin("down")
        self.client.close()

    def twin(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another command of the program."""
        command = [sys.executable, "-m", "twin_assets.cli.main", *arguments]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, cwd=self.folder, timeout=120
        )

    def processes(self) -> dict[str, Any]:
        """What the supervisor wrote down."""
        return read_json(self.home / "run" / "processes.json")

    def chat(self, text: str, **extra: object) -> httpx.Response:
        """One request to the service."""
        body = {"model": "twin", "messages": [{"role": "user", "content": text}], "max_tokens": 12, **extra}
        return self.client.post("/v1/chat/completions", json=body)

    def deployed(self) -> str:
        """The digest of the adapter that answers now: a look that costs the twin at work next to nothing."""
        current = self.client.get("/api/deployments").json()["current"]
        return str(current["adapter_digest"])

    def materializations(self) -> list[tuple[str, str]]:
        """Asset and data version of each materialization so far, oldest first."""
        program = (
            "import dagster as dg\n"
            "instance = dg.DagsterInstance.get()\n"
            "for key in instance.all_asset_keys():\n"
            "    found = instance.fetch_materializations(key, limit=100).records\n"
            "    for r in reversed(found):\n"
            "        m = r.asset_materialization\n"
            "        print(r.storage_id, key.to_user_string(), m.partition or '', m.tags.get('dagster/data_version'))\n"
        )
        environment = {**self.environment, "DAGSTER_HOME": str(ROOT), "TWIN_DAGSTER": str(self.home / "dagster")}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, timeout=60
        )
        rows = sorted((line.split(" ") for line in done.stdout.splitlines()), key=lambda row: int(row[0]))
        return [(f"{name}[{partition}]" if partition else name, version) for _, name, partition, version in rows]


def small_twin(folder: Path) -> WholeTwin:
    """A small author: part of the sample author's blog and X archive, a recipe of a few steps, a tiny model."""
    config = folder / "config"
    shutil.copytree(ROOT / "config", config)
    shutil.copytree(SAMPLE / "sources" / "blog", folder / "blog")
    shutil.copyfile(SAMPLE / "exports" / "x.zip", folder / "x.zip")
    settings = load_settings(ROOT / "config" / "sources.yaml")
    real = prepare_chat_model(settings.model("smollm2-135m-instruct"), "smollm2-135m-instruct", settings.models_dir)
    make_tiny_model(real, folder / "tiny")
    write(config / "models" / "tiny.yaml", {"role": "chat", "path": str(folder / "tiny")})
    write(
        config / "models" / "local.yaml",
        {"role": "teacher", "model": "openai/base", "api_base": "engine", "max_calls": 4},
    )
    recipe = {"base_model": "tiny", "precision": "float32", "deploy": True}
    sft = {"max_steps": 12, "eval_every": 6, "sequence_len": 512, "micro_batch_size": 2, "learning_rate": 0.01}
    write(config / "recipes" / "default.yaml", {**recipe, "sft": sft, "dpo": {"max_steps": 2}})
    write(
        config / "twin.yaml",
        {
            "collection": {"allow_hosts": ["127.0.0.1"]},
            "datasets": {"preference_pairs": 6, "feedback_batch": 1},
            "evaluation": {"generation_words": 300, "max_test_samples": 12},
        },
    )
    sources = [{"name": "blog", "path": "../blog"}, {"name": "x", "path": "../x.zip"}]
    write(config / "sources.yaml", {"author": "Wenna Tregarrick", "sources": sources})
    environment = {
        **os.environ,
        "TWIN_CONFIG": str(config),
        "TWIN_SOURCES": str(config / "sources.yaml"),
        "TWIN_HOME": str(folder / "home"),
        "TWIN_MODELS": str(folder / "models"),
        **{f"TWIN_PORTS__{n.upper()}": str(p) for n, p in zip(PORTS, free_ports(len(PORTS)), strict=True)},
    }
    return WholeTwin(folder, environment)


def write(file: Path, content: object) -> None:
    """Write YAML."""
    file.write_text(yaml.safe_dump(content))
