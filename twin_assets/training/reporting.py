"""Where a training run says how it goes: Dagster's Pipes or standard output, while a log takes everything else.

Loaded by run.py from beside it; it cannot import twin_assets, which is not installed there.
"""

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO


class Reporter:
    """Says how it goes: to Dagster through Pipes, or as lines on standard output."""

    def __init__(self, out: TextIO, pipes: Any = None) -> None:
        self._out, self._pipes = out, pipes

    def line(self, text: str) -> None:
        """A line for a person."""
        if self._pipes is None:
            print(text, file=self._out, flush=True)
        else:
            self._pipes.log.info(text)

    def message(self, kind: str, payload: dict[str, Any]) -> None:
        """A message for the program that started this one."""
        if self._pipes is not None:
            self._pipes.report_custom_message({"kind": kind, **payload})

    def row(self, row: dict[str, Any]) -> None:
        """A row of history, as a message and as a line."""
        self.message("log", row)
        figures = [f"{name.replace('_', ' ')} {row[name]:.4g}" for name in ("loss", "eval_loss") if name in row]
        if row.get("tokens_per_s"):
            figures.append(f"{row['tokens_per_s']:.0f} tokens/s")
        if row.get("seconds_left"):
            figures.append(f"{row['seconds_left']:.0f} s left")
        self.line(f"step {row['step']} of {row['total']}: {', '.join(figures)}")


@contextmanager
def pipes() -> Iterator[Any]:
    """Dagster's Pipes when this process was started with them, else None."""
    module = importlib.import_module("dagster_pipes")
    if not module.PipesEnvVarParamsLoader().is_dagster_pipes_process():
        yield None
        return
    with module.open_dagster_pipes() as context:
        yield context


@contextmanager
def captured(log: Path) -> Iterator[TextIO]:
    """Let all output of this process go to the log, of libraries and native code, too; yields the former stdout."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept: list[int] = [os.dup(1), os.dup(2)]
    with log.open("ab") as file, os.fdopen(os.dup(kept[0]), "w") as out:
        for descriptor in (1, 2):
            os.dup2(file.fileno(), descriptor)
        try:
            yield out
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for descriptor, former in zip((1, 2), kept, strict=True):
                os.dup2(former, descriptor)
                os.close(former)
