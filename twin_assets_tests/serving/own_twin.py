"""A twin with a sources file of its own, and a Dagster that answers what real ones answered (fixtures)."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from twin_assets.serving.app import create_app
from twin_assets.settings import Settings, load_settings
from twin_assets_tests.loopback import Request, Response, loopback

SOURCES = """\
author: Ada Example
sources:
  # her letters
  - name: letters
    path: letters
    kind: markdown
  - name: feed
    url: https://ada.example.org/feed
    schedule: weekly
"""


@dataclass
class RecordedDagster:
    """Answers GraphQL by the operation's name with what was set, and keeps what was asked."""

    port: int = 0
    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        """One query."""
        body = json.loads(request.body)
        operation = body["query"].split("(")[0].split()[-1]
        self.asked.append((operation, body["variables"]))
        answer = self.answers[operation]
        data = answer(body["variables"]) if callable(answer) else answer
        return Response(json.dumps({"data": data}), headers={"Content-Type": "application/json"})

    def variables(self, operation: str) -> list[dict[str, Any]]:
        """What each query of an operation asked for."""
        return [variables for name, variables in self.asked if name == operation]


@pytest.fixture
def dagster() -> Iterator[RecordedDagster]:
    """Dagster, as far as HTTP shows it; without runs."""
    recorded = RecordedDagster(answers={"TwinRuns": {"runsOrError": {"__typename": "Runs", "results": []}}})
    with loopback({"/graphql": recorded}) as server:
        recorded.port = int(server.url.rsplit(":", 1)[1])
        yield recorded


@pytest.fixture
def own_settings(fake: Any, dagster: RecordedDagster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings read from a sources file in a folder of its own."""
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "one.md").write_text("# One\n\nThe first of her letters, about a kettle.\n")
    (tmp_path / "sources.yaml").write_text(SOURCES)
    monkeypatch.setenv("TWIN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TWIN_PORTS__ENGINE", fake.url.rsplit(":", 1)[1])
    monkeypatch.setenv("TWIN_PORTS__DAGSTER", str(dagster.port))
    return load_settings(tmp_path / "sources.yaml")


@pytest.fixture
def api(own_settings: Settings, served: Any, search: Callable[..., Any]) -> Iterator[httpx.Client]:
    """A client of the service of that twin."""
    with served(create_app(own_settings, search, Path)) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield client
