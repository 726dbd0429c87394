"""One twin for all tests: first those of its life (test_life), then the story of a person who uses it (test_story)."""

from collections.abc import Iterator

import pytest

from twin_assets_tests.e2e.whole_twin import WholeTwin, small_twin


@pytest.fixture(scope="session")
def whole_twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeTwin]:
    """A twin that is not started yet; whatever runs of it at the end is stopped."""
    twin = small_twin(tmp_path_factory.mktemp("twin"))
    yield twin
    twin.end()
