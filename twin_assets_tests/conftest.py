"""How often hypothesis tries, and what goes together when tests run side by side (`pytest -n 2`).

Hypothesis tries 100 examples that are the same each time; `--hypothesis-profile=nightly` for 10,000.
"""

from pathlib import PurePath
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("default", max_examples=100, deadline=None, derandomize=True)
settings.register_profile("nightly", max_examples=10_000, deadline=None)
settings.load_profile("default")

WHOLE_TWIN = "e2e"
"""The folder whose tests share one twin, and tell its life in their order."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first: the whole twin, then the files with slow tests."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path.parent.name != WHOLE_TWIN, item.path not in slow))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Files go to the workers one by one, in the order of collection; the whole twin's go as one."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            # xdist's own groups (`loadgroup`) go by a suffix of the node id, which pytest 9 no longer lets it set.
            file = PurePath(super()._split_scope(nodeid))
            return str(file.parent if file.parent.name == WHOLE_TWIN else file)

    config.option.loadscopereorder = False
    return ByFile(config, log)
