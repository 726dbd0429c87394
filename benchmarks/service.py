"""Load on the service: what it adds to an engine of a fixed speed, and whether its memory grows.

    python benchmarks/service.py [--clients 50] [--seconds 60] [--round 5] [--tokens 64] [--rate 20] [--chunks 0]

The service is a process of its own with a temporary home and a deployed adapter, in front of `stub_engine.py`, which
writes at a fixed speed. In short rounds that take turns the same clients stream answers from the service and, as the
baseline, from the stub itself. What is printed is the median over pairs of rounds, of p50 and p99 in a round. With
`--chunks` each question is searched for, too, in a store of so many synthetic chunks, with the project's embedder.
`--seconds` are those of the rounds with the service.
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from benchmarks.search import DIMENSIONS, NEVER, Synthetic, build_index, write  # noqa: E402
from twin_assets.deployment.records import Candidate, Deployment, DeploymentStore  # noqa: E402
from twin_assets.features.embedders import configured_embedder  # noqa: E402
from twin_assets.settings import load_settings  # noqa: E402
from twin_assets.storage import TableStore  # noqa: E402

DEPLOYMENTS = 20
"""In the history: a twin that was trained for some months."""


@dataclass
class Round:
    """What the clients saw in one round: seconds to the first token, seconds between two, and how requests ended."""

    firsts: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    ended: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def figures(self) -> dict[str, float]:
        """In milliseconds, and answers a second."""
        figures = {"answers/s": self.ended["answered"] / self.seconds}
        for name, times in (("first token", self.firsts), ("gap", self.gaps)):
            cuts = statistics.quantiles(times, n=100)
            figures |= {f"{name} p50": cuts[49] * 1000, f"{name} p99": cuts[98] * 1000}
        return figures


async def one_answer(port: int, body: dict[str, Any], tokens: int, seen: Round) -> None:
    """Ask once over a connection of its own, and time each token as it comes."""
    raw = json.dumps(body).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
    started, times = time.perf_counter(), []
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        fields = f"Content-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n"
        writer.write((head + fields).encode() + raw)
        status = int((await reader.readline()).split()[1])
        done = False
        while line := await reader.readline():
            if b'"content":"' in line or b'"content": "' in line:
                times.append(time.perf_counter())
            done = done or line.startswith(b"data: [DONE]")
        writer.close()
    except OSError as error:
        seen.ended[type(error).__name__] += 1
        return
    if status != 200 or not done or len(times) != tokens:
        seen.ended["429" if status == 429 else f"status {status}, {len(times)} tokens"] += 1
        return
    seen.ended["answered"] += 1
    seen.firsts.append(times[0] - started)
    seen.gaps += [after - before for before, after in itertools.pairwise(times)]


async def one_round(port: int, body: dict[str, Any], arguments: argparse.Namespace, questions: Sequence[str]) -> Round:
    """All clients ask again and again; each begins at a moment of its own within the length of an answer."""
    seen, started = Round(), time.perf_counter()
    chance = random.Random(7)  # noqa: S311

    async def client(delay: float) -> None:
        await asyncio.sleep(delay)
        while time.perf_counter() - started < arguments.round:
            await one_answer(port, {**body, **_asking(chance.choice(questions))}, arguments.tokens, seen)

    spread = min(arguments.tokens / arguments.rate, arguments.round)
    await asyncio.gather(*(client(chance.uniform(0, spread)) for _ in range(arguments.clients)))
    seen.seconds = time.perf_counter() - started
    return seen


def _asking(question: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": question}]}


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
    build_index(store, "default")
    return made.texts(NEVER // 2, 200, 6)


def resident(pid: int) -> float:
    """Memory of a process in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def processor(pid: int) -> float:
    """Seconds of processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(engine: int, service: int, pid: int, arguments: argparse.Namespace, questions: Sequence[str]) -> None:
    """Rounds in turns, after one of each that does not count; then the report."""
    direct = {"model": "base", "stream": True, "max_tokens": arguments.tokens, "temperature": 0}
    through = {**direct, "model": "twin", "retrieval": bool(arguments.chunks)}
    ways = {"stub": (engine, direct), "service": (service, through)}
    rounds: dict[str, list[Round]] = {way: [] for way in ways}
    # The first search waits until the libraries and the embedder are loaded, which is not what is measured.
    asyncio.run(one_answer(service, {**through, **_asking(questions[0]), "retrieval": True}, arguments.tokens, Round()))
    memory, used = [], []
    pairs = max(3, round(arguments.seconds / arguments.round))
    for number in range(-1, pairs):
        for way in [*ways] if number % 2 else [*ways][::-1]:
            before = processor(pid)
            seen = asyncio.run(one_round(*ways[way], arguments, questions))
            if number < 0:
                continue
            rounds[way].append(seen)
            if way == "service":
                memory.append(resident(pid))
                used.append((processor(pid) - before) / sum(seen.ended.values()))
    report(rounds, memory, used)


def report(rounds: dict[str, list[Round]], memory: Sequence[float], used: Sequence[float]) -> None:
    """Print the medians over the rounds, how requests ended, and how memory grew."""
    stub, service = ([one.figures() for one in rounds[way]] for way in ("stub", "service"))
    sys.stdout.write(f"  {'':16} {'stub':>9} {'service':>9} {'added':>9}   (median of {len(stub)} pairs of rounds)\n")
    for name in stub[0]:
        of_stub, ours = ([one[name] for one in figures] for figures in (stub, service))
        added = statistics.median(b - a for a, b in zip(of_stub, ours, strict=True))
        both = f"{statistics.median(of_stub):9.2f} {statistics.median(ours):9.2f}"
        sys.stdout.write(f"  {name:16} {both} {added:+9.2f}{'' if name == 'answers/s' else ' ms'}\n")
    for way, ones in rounds.items():
        ended = sum((one.ended for one in ones), Counter())
        refused, answered = ended.pop("429", 0), ended.pop("answered", 0)
        sys.stdout.write(f"  {way}: {answered} answers, {refused} refused (429), errors: {dict(ended) or 0}\n")
    third = statistics.median(memory[: max(1, len(memory) // 3)])
    end = statistics.median(memory[-max(1, len(memory) // 3) :])
    sys.stdout.write(f"  memory {third:.1f} MiB in the first third, {end:.1f} in the last: {end - third:+.1f} MiB\n")
    sys.stdout.write(f"  processor time of the service: {statistics.median(used) * 1000:.1f} ms an answer\n")


def main() -> None:
    """Read the command line, start both processes, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--round", type=float, default=5.0, help="seconds of a round, until no client asks again")
    parser.add_argument("--tokens", type=int, default=64, help="of an answer")
    parser.add_argument("--rate", type=float, default=20.0, help="tokens a second of each stream")
    parser.add_argument("--chunks", type=int, default=0, help="chunks to search; 0 for no retrieval")
    parser.add_argument("--home", type=Path, help="a folder for home and logs, which stays there")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        home = arguments.home or Path(scratch)
        (home / "writing").mkdir(parents=True, exist_ok=True)
        (home / "sources.yaml").write_text(f"author: Ada Example\nsources: [{{name: blog, path: {home}/writing}}]\n")
        engine, service = free_port(), free_port()
        mine = {"TWIN_HOME": str(home), "TWIN_SOURCES": str(home / "sources.yaml"), "PYTHONPATH": str(PROJECT)}
        mine |= {"TWIN_PORTS__ENGINE": str(engine), "TWIN_PORTS__SERVICE": str(service)}
        os.environ |= mine
        questions = fill(arguments.chunks) if arguments.chunks else ["What do you think of kettles?"]
        stub = [sys.executable, str(PROJECT / "benchmarks" / "stub_engine.py"), str(engine)]
        stub += ["--rate", str(arguments.rate)]
        ours = [sys.executable, "-m", "twin_assets.serving"]
        with process(stub, dict(os.environ), f"http://127.0.0.1:{engine}/health", home / "stub.log"):
            deploy(home, engine)
            ready = f"http://127.0.0.1:{service}/healthz"
            with process(ours, dict(os.environ), ready, home / "service.log") as running:
                sys.stdout.write(f"{arguments.clients} clients, {arguments.chunks} chunks searched\n")
                measure(engine, service, running.pid, arguments, questions)


if __name__ == "__main__":
    main()
