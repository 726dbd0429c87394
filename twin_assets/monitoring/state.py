"""How the twin is now, as far as alerts ask: figures that are of a moment, and belong to no day's traces."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from twin_assets.monitoring.metrics import Metrics
from twin_assets.settings.alerts import Metric

_GB = 10**9


@dataclass(frozen=True, slots=True)
class State:
    """What is known; None stands for what could not be asked.

    `refused_recipe` is that of the last candidate if the gate refused it, empty when it passed or there was none.
    """

    failed_sources: Sequence[str] | None = None
    refused_recipe: str | None = None
    disk_free_bytes: int | None = None

    @property
    def metrics(self) -> Metrics:
        """As figures."""
        return {
            "failed_sources": None if self.failed_sources is None else len(self.failed_sources),
            "gate_refused": None if self.refused_recipe is None else float(bool(self.refused_recipe)),
            "disk_free_gb": None if self.disk_free_bytes is None else self.disk_free_bytes / _GB,
        }

    @property
    def details(self) -> dict[Metric, str]:
        """What there is to add to the figures, in words."""
        refused = f"recipe {self.refused_recipe}" if self.refused_recipe else ""
        return {"failed_sources": ", ".join(self.failed_sources or ()), "gate_refused": refused}


def disk_free(folder: Path) -> int:
    """Bytes that are free where a folder lies, or will."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    return shutil.disk_usage(there).free
