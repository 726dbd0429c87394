"""Datasets as JSONL files in the forms that the trainer reads; the same samples give the same bytes."""

import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from twin_assets.digests import digest_set
from twin_assets.errors import StorageError
from twin_assets.prompts import request_messages, sample_messages
from twin_assets.records import InstructionSample, PreferenceSample, Split


def export_sft(samples: Sequence[InstructionSample], split: Split, author: str, path: Path) -> int:
    """Write the samples of a split as `{"messages": [...]}` and return how many; raises StorageError."""
    chosen = sorted((s for s in samples if s.split == split), key=lambda s: s.sample_id)
    return _write(({"messages": sample_messages(author, s.instruction, s.answer, s.context)} for s in chosen), path)


def export_preferences(samples: Sequence[PreferenceSample], split: Split, author: str, path: Path) -> int:
    """Write the pairs of a split as `{"messages", "chosen", "rejected"}` and return how many; raises StorageError.

    `messages` is the request; `chosen` and `rejected` are one assistant message each.
    """
    chosen = sorted((s for s in samples if s.split == split), key=lambda s: s.sample_id)
    rows = (
        {
            "messages": request_messages(author, s.instruction),
            "chosen": {"role": "assistant", "content": s.chosen},
            "rejected": {"role": "assistant", "content": s.rejected},
        }
        for s in chosen
    )
    return _write(rows, path)


def dataset_digest(samples: Iterable[InstructionSample | PreferenceSample]) -> str:
    """The identity of a dataset: what its rows say, in whatever order they come."""
    return digest_set(sample.row_digest() for sample in samples)


def _write(rows: Iterable[dict[str, Any]], path: Path) -> int:
    """Write beside the file, then rename: a crash or a full disk leaves the old file or the new one."""
    count = 0
    staged = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, staged = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            for row in rows:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                count += 1
            file.flush()
            os.fsync(file.fileno())
        Path(staged).replace(path)
    except OSError as error:
        raise StorageError(f"{str(path)!r} could not be written: {error}", "free disk space, then run again") from error
    finally:
        if staged:
            Path(staged).unlink(missing_ok=True)
    return count
