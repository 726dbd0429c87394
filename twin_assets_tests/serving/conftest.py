"""The service on a real port, over the fake engine, with a search that is a list."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from openai import OpenAI

from twin_assets.deployment.engine import Engine
from twin_assets.deployment.records import Deployment, DeploymentStore
from twin_assets.errors import StorageError
from twin_assets.retrieval import Filter
from twin_assets.serving.app import create_app
from twin_assets.serving.context import Quotation
from twin_assets_tests.serving import own_twin


def _deployment_conftest() -> Any:
    name = "deployment_conftest"
    if name not in sys.modules:
        file = Path(__file__).parents[1] / "deployment" / "conftest.py"
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


shared = _deployment_conftest()
fake, engine, served = shared.fake, shared.engine, shared.served
make_adapter, candidate, make_settings = shared.make_adapter, shared.candidate, shared.make_settings

dagster, own_settings, api = own_twin.dagster, own_twin.own_settings, own_twin.api

NOTES = "The kettle argument has three parts. " * 12
PASSAGES = [
    Quotation("doc1", "chunk1", "On kettles", "https://example.org/kettles", 10, 10 + len(NOTES), NOTES, 0.5),
    Quotation("doc2", "chunk2", "<b>Boats</b>", "posts/boats.md", 0, 20, "<script>boats</script> sink slowly.", 0.25),
    Quotation("doc3", "chunk3", "", "javascript:alert(1)", 0, 9, "A remark.", 0.125),
]


class ListSearch:
    """Gives the first `k` of its passages, and remembers what it was asked."""

    def __init__(self) -> None:
        self.queries: list[tuple[str, int]] = []
        self.filters: list[Filter] = []
        self.passages = list(PASSAGES)
        self.fault = ""

    def __call__(self, query: str, k: int, only: Filter) -> list[Quotation]:
        self.queries.append((query, k))
        self.filters.append(only)
        if self.fault:
            raise StorageError(self.fault)
        return self.passages[:k]


@pytest.fixture
def search() -> ListSearch:
    return ListSearch()


@pytest.fixture
def settings(fake: Any, make_settings: Any) -> Any:
    return make_settings(int(fake.url.rsplit(":", 1)[1]))


@pytest.fixture
def store(settings: Any) -> DeploymentStore:
    return DeploymentStore(settings.home)


@pytest.fixture
def put(engine: Engine, store: DeploymentStore, candidate: Any) -> Callable[[str], Deployment]:
    """Deploys an adapter of a digest."""
    from twin_assets.deployment.deploy import deploy

    return lambda digest: deploy(engine, store, candidate(digest), Path, "Ada Example")


@pytest.fixture
def service(settings: Any, search: ListSearch) -> Iterator[str]:
    """The service's URL."""
    with shared.fake_sglang.served(create_app(settings, search, Path)) as url:
        yield url


@pytest.fixture
def client(service: str) -> Iterator[OpenAI]:
    """OpenAI's own client of the service."""
    with OpenAI(base_url=f"{service}/v1", api_key="none", max_retries=0, timeout=30) as openai:
        yield openai


@pytest.fixture
def http(service: str) -> Iterator[httpx.Client]:
    """A client of the service."""
    with httpx.Client(base_url=service, trust_env=False, timeout=30) as client:
        yield client
