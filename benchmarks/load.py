"""Rounds of clients that stream answers from a service and, as the baseline, from its engine."""

import argparse
import asyncio
import itertools
import json
import os
import random
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_TOKEN = re.compile(rb'"content": ?"(?!")')
"""In the event of a piece of text; the first and last events of SGLang hold an empty one."""

Way = tuple[int, dict[str, Any]]
"""The port that is asked, and the request without its messages."""


@dataclass
class Round:
    """What the clients saw in one round: seconds to the first token, seconds between two, and how requests ended."""

    firsts: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    ended: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def figures(self) -> dict[str, float]:
        """In milliseconds; answers and tokens a second."""
        figures = {"answers/s": self.ended["answered"] / self.seconds}
        figures |= {"tokens/s": (len(self.firsts) + len(self.gaps)) / self.seconds}
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
            if _TOKEN.search(line):
                times.append(time.perf_counter())
            done = done or line.startswith(b"data: [DONE]")
        writer.close()
    except OSError as error:
        seen.ended[type(error).__name__] += 1
        return
    if status != 200 or not done or not times or len(times) > tokens:
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
            await one_answer(port, {**body, **asking(chance.choice(questions))}, arguments.tokens, seen)

    spread = min(arguments.tokens / arguments.rate, arguments.round)
    await asyncio.gather(*(client(chance.uniform(0, spread)) for _ in range(arguments.clients)))
    seen.seconds = time.perf_counter() - started
    return seen


def asking(question: str) -> dict[str, Any]:
    """The messages of a chat of one question."""
    return {"messages": [{"role": "user", "content": question}]}


def resident(pid: int) -> float:
    """Memory of a process in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def processor(pid: int) -> float:
    """Seconds of processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(ways: dict[str, Way], pid: int, arguments: argparse.Namespace, questions: Sequence[str]) -> None:
    """Rounds in turns, after one of each that does not count; then the report. The first way is the baseline, the
    second one the service, whose process is `pid`."""
    baseline, service = ways
    rounds: dict[str, list[Round]] = {way: [] for way in ways}
    # The first search waits until the libraries and the embedder are loaded, which is not what is measured.
    port, body = ways[service]
    asyncio.run(one_answer(port, {**body, **asking(questions[0]), "retrieval": True}, arguments.tokens, Round()))
    memory, used = [], []
    pairs = max(3, round(arguments.seconds / arguments.round))
    for number in range(-1, pairs):
        for way in [*ways] if number % 2 else [*ways][::-1]:
            before = processor(pid)
            seen = asyncio.run(one_round(*ways[way], arguments, questions))
            if number < 0:
                continue
            rounds[way].append(seen)
            if way == service:
                memory.append(resident(pid))
                used.append((processor(pid) - before) / sum(seen.ended.values()))
    report(rounds[baseline], rounds[service], baseline)
    third = max(1, len(memory) // 3)
    parts = [memory[:third], memory[third:-third] or memory[-third:], memory[-third:]]
    first, middle, last = (statistics.median(part) for part in parts)
    shown = f"{first:.1f}, {middle:.1f} and {last:.1f} MiB in the thirds of the rounds"
    sys.stdout.write(f"  memory {shown}: {middle - first:+.1f}, then {last - middle:+.1f} MiB\n")
    sys.stdout.write(f"  processor time of the service: {statistics.median(used) * 1000:.1f} ms an answer\n")


def report(before: Sequence[Round], after: Sequence[Round], baseline: str) -> None:
    """Print the medians over the rounds, and how requests ended."""
    first, ours = ([one.figures() for one in rounds] for rounds in (before, after))
    sys.stdout.write(
        f"  {'':16} {baseline:>9} {'service':>9} {'added':>9}   (median of {len(first)} pairs of rounds)\n"
    )
    for name in first[0]:
        of_first, of_ours = ([one[name] for one in figures] for figures in (first, ours))
        added = statistics.median(b - a for a, b in zip(of_first, of_ours, strict=True))
        both = f"{statistics.median(of_first):9.2f} {statistics.median(of_ours):9.2f}"
        sys.stdout.write(f"  {name:16} {both} {added:+9.2f}{'' if name.endswith('/s') else ' ms'}\n")
    for way, ones in ((baseline, before), ("service", after)):
        ended = sum((one.ended for one in ones), Counter())
        refused, answered = ended.pop("429", 0), ended.pop("answered", 0)
        sys.stdout.write(f"  {way}: {answered} answers, {refused} refused (429), errors: {dict(ended) or 0}\n")
