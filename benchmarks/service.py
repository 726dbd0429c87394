"""Load on the service: what it adds to an engine of a fixed speed, and whether its memory grows.

    python benchmarks/service.py [--clients 50] [--seconds 60] [--round 5] [--tokens 64] [--rate 20] [--chunks 0]

The service is a process of its own with a temporary home and a deployed adapter, in front of `stub_engine.py`, which
writes at a fixed speed. In short rounds that take turns the same clients stream answers from the service and, as the
baseline, from the stub itself. What is printed is the median over pairs of rounds, of p50 and p99 in a round. With
`--chunks` each question is searched for, too, in a store of so many synthetic chunks, with the project's embedder.
`--seconds` are those of the rounds with the service.

    python benchmarks/service.py --running 30000 8080 --clients 32 --round 30 [--retrieval]

measures a twin that runs, with its real engine and its own adapter: the baseline asks the engine for the same adapter.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import URLError

import numpy as np
import psutil

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from benchmarks.load import measure  # noqa: E402
from benchmarks.search import build_index, write  # noqa: E402
from benchmarks.synthetic import DIMENSIONS, NEVER, Synthetic  # noqa: E402
from twin_assets.deployment.protocol import model_name  # noqa: E402
from twin_assets.deployment.records import Candidate, Deployment, DeploymentStore  # noqa: E402
from twin_assets.features.embedders import configured_embedder  # noqa: E402
from twin_assets.settings import load_settings  # noqa: E402
from twin_assets.storage import TableStore  # noqa: E402

QUESTION = "What do you think of kettles?"
DEPLOYMENTS = 20
"""In the history: a twin that was trained for some months."""


def free_port() -> int:
    """A free port of the loopback interface."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def process(command: Sequence[str], env: dict[str, str], url: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of our own until the end, once it answers `url`."""
    with log.open("wb") as out, subprocess.Popen(command, env=env, stdout=out, stderr=out) as started:
        try:
            _wait_for(url, started, log)
            yield started
        finally:
            started.terminate()
            started.wait(30)


def _wait_for(url: str, started: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and started.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise SystemExit(f"{url} does not answer:\n{log.read_text()[-2000:]}")


def deploy(home: Path, engine: int) -> None:
    """A history of deployments, of which the last one's adapter is on the engine."""
    store, before = DeploymentStore(home), None
    for number in range(DEPLOYMENTS):
        made = Candidate(
            adapter_digest=f"{number:064x}"[::-1],
            adapter_uri=str(home),
            recipe="default",
            dataset_versions={"instruction_dataset": "a" * 32, "preference_dataset": "b" * 32},
            model_version=number + 1,
        )
        before = Deployment.of(made, before, "passed", datetime.now(UTC))
        store.make_current(before)
        body = json.dumps({"lora_name": before.adapter_name, "lora_path": str(home)}).encode()
    with urllib.request.urlopen(f"http://127.0.0.1:{engine}/load_lora_adapter", body):
        pass


def fill(chunks: int) -> list[str]:
    """Write the chunks as the configured embedder's; returns questions in their words."""
    settings = load_settings()
    made, store = Synthetic(configured_embedder(settings).name), TableStore.of(settings)
    write(store, made, chunks, np.zeros((1, DIMENSIONS), np.float32))
    build_index(store, made, "default")
    return made.texts(NEVER // 2, 200, 6)


def beside_a_stub(arguments: argparse.Namespace, home: Path) -> None:
    """Start both processes, and measure."""
    (home / "writing").mkdir(parents=True, exist_ok=True)
    (home / "sources.yaml").write_text(f"author: Ada Example\nsources: [{{name: blog, path: {home}/writing}}]\n")
    engine, service = free_port(), free_port()
    mine = {"TWIN_HOME": str(home), "TWIN_SOURCES": str(home / "sources.yaml"), "PYTHONPATH": str(PROJECT)}
    mine |= {"TWIN_PORTS__ENGINE": str(engine), "TWIN_PORTS__SERVICE": str(service)}
    os.environ |= mine
    questions = fill(arguments.chunks) if arguments.chunks else [QUESTION]
    stub = [sys.executable, str(PROJECT / "benchmarks" / "stub_engine.py"), str(engine)]
    stub += ["--rate", str(arguments.rate)]
    ours = [sys.executable, "-m", "twin_assets.serving"]
    with process(stub, dict(os.environ), f"http://127.0.0.1:{engine}/health", home / "stub.log"):
        deploy(home, engine)
        ready = f"http://127.0.0.1:{service}/healthz"
        with process(ours, dict(os.environ), ready, home / "service.log") as running:
            sys.stdout.write(f"{arguments.clients} clients, {arguments.chunks} chunks searched\n")
            asked = {"stream": True, "max_tokens": arguments.tokens, "temperature": 0}
            through = {**asked, "model": "twin", "retrieval": bool(arguments.chunks)}
            ways = {"stub": (engine, {**asked, "model": "base"}), "service": (service, through)}
            measure(ways, running.pid, arguments, questions)


def a_running_twin(arguments: argparse.Namespace) -> None:
    """Measure the twin that `twin up` has started, against its own engine asked for the same adapter."""
    engine, service = arguments.running
    listening = psutil.net_connections("tcp")
    pid = next(one.pid for one in listening if one.status == "LISTEN" and one.laddr and one.laddr.port == service)
    with urllib.request.urlopen(f"http://127.0.0.1:{service}/api/deployments") as answer:
        adapter = json.load(answer)["current"]["adapter_name"]
    asked = {"stream": True, "max_tokens": arguments.tokens, "temperature": 0}
    through = {**asked, "model": "twin", "retrieval": arguments.retrieval}
    ways = {"engine": (engine, {**asked, "model": model_name(adapter)}), "service": (service, through)}
    sys.stdout.write(f"{arguments.clients} clients, adapter {adapter}, retrieval {arguments.retrieval}\n")
    measure(ways, pid, arguments, [QUESTION])


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--round", type=float, default=5.0, help="seconds of a round, until no client asks again")
    parser.add_argument("--tokens", type=int, default=64, help="of an answer")
    parser.add_argument("--rate", type=float, default=20.0, help="tokens a second of each of the stub's streams")
    parser.add_argument("--chunks", type=int, default=0, help="chunks to search; 0 for no retrieval")
    parser.add_argument("--home", type=Path, help="a folder for home and logs, which stays there")
    parser.add_argument("--running", type=int, nargs=2, metavar=("ENGINE", "SERVICE"), help="ports of a running twin")
    parser.add_argument("--retrieval", action="store_true", help="the running twin searches for each question, too")
    arguments = parser.parse_args()
    if arguments.running:
        a_running_twin(arguments)
        return
    with tempfile.TemporaryDirectory() as scratch:
        beside_a_stub(arguments, arguments.home or Path(scratch))


if __name__ == "__main__":
    main()
