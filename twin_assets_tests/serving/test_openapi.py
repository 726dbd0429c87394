"""schemathesis reads the OpenAPI document and asks whatever it allows, and what it does not: nothing breaks.

Dagster and the engine are up, as the fakes are, so a 5xx is a fault of the service.
"""

import contextlib
import socket
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as trying
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from twin_assets.deployment.deploy import deploy
from twin_assets.deployment.records import DeploymentStore
from twin_assets.serving.app import create_app
from twin_assets.settings import Settings

pytestmark = pytest.mark.slow
RUN = "11111111-2222-3333-4444-555555555555"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 25
ALLOWED = {("POST", "/api/deployments/rollback"): {409}}
"""Statuses that a twin with one deployment answers rightly: there is none to go back to."""


@pytest.fixture
def app(
    own_settings: Settings, dagster: Any, search: Any, engine: Any, candidate: Any, monkeypatch: pytest.MonkeyPatch
) -> Any:
    resolve = socket.getaddrinfo

    def loopback_only(host: Any, *rest: Any, **more: Any) -> Any:
        if host not in ("127.0.0.1", "localhost"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, *rest, **more)

    # A draft's links may be of any host: no name is asked for outside.
    monkeypatch.setattr(socket, "getaddrinfo", loopback_only)
    deploy(engine, DeploymentStore(own_settings.home), candidate("ab" * 16), Path, "Ada Example")
    done = {"runOrError": {"__typename": "Run", "runId": RUN, "status": "SUCCESS"}}
    page = {"logsForRun": {"__typename": "EventConnection", "events": [], "cursor": "1", "hasMore": False}}
    dagster.answers |= {
        "TwinRun": done,
        "TwinEvents": page,
        "TwinCandidate": {"assetOrError": {"__typename": "AssetNotFoundError"}},
        "TwinPartition": {"addDynamicPartition": {"__typename": "AddDynamicPartitionSuccess"}},
        "TwinLaunch": {"launchRun": {"__typename": "LaunchRunSuccess", "run": {"runId": RUN}}},
    }
    return create_app(own_settings, search, Path)


def test_the_service_keeps_what_its_openapi_document_promises(app: Any, served: Any):
    with served(app) as url:
        schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
        asked: set[str] = set()
        for result in schema.get_all_operations():
            operation = result.ok()
            _ask(operation, asked)
        assert {"PATCH /api/sources/{name}", "POST /api/uploads", "GET /metrics", "GET /api/monitoring"} <= asked


def _ask(operation: Any, asked: set[str]) -> None:
    method, path = operation.method.upper(), operation.path
    asked.add(f"{method} {path}")

    @trying(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def once(case: Any) -> None:
        # The first embedding loads its model, which takes a busy machine a minute.
        response = case.call(timeout=180)
        if response.status_code in ALLOWED.get((method, path), set()):
            return
        case.validate_response(response, checks=CHECKS)

    given(operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE))(once)()
    # Nothing can be wrong about an operation without parameters.
    with contextlib.suppress(Unsatisfiable):
        given(operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE))(once)()
