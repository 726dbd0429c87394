"""Uploads that never became a source: removed once they are old."""

import shutil
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

UNUSED = timedelta(days=7)
"""How long an upload waits to become a source, or the material of a draft."""


def remove_unused_uploads(home: Path, used: Iterable[Path], now: datetime, age: timedelta = UNUSED) -> list[str]:
    """Remove the uploads that no source lies in and that are older than `age`; returns their ids.

    Args:
        home: the author's home.
        used: the paths of the sources.
        now: the time, with its zone.
        age: how old an upload must be.
    """
    uploads = (home / "uploads").resolve()
    if not uploads.is_dir():
        return []
    in_use = {path.resolve() for path in used}
    removed = []
    for folder in sorted(one for one in uploads.iterdir() if one.is_dir() and not one.is_symlink()):
        kept = any(path == folder or folder in path.parents for path in in_use)
        if not kept and now.timestamp() - folder.stat().st_mtime > age.total_seconds():
            shutil.rmtree(folder)
            removed.append(folder.name)
    return removed
