"""What Dagster loads: everything below `defs/`."""

from pathlib import Path

import dagster as dg

from twin_assets.machine.allocator import give_back_freed_memory

# The processes of runs load this module, and the code server and the daemon live for weeks.
give_back_freed_memory()


@dg.definitions
def defs() -> dg.Definitions:
    """All assets, checks, jobs, sensors and resources of the twin."""
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
