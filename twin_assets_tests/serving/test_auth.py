"""Who may do what, over every route there is: a route that nobody decided on fails here."""

import json
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from twin_assets.cli.ask import own_key
from twin_assets.errors import ConfigError
from twin_assets.serving.__main__ import open_to
from twin_assets.serving.access import exposed
from twin_assets.serving.app import create_app
from twin_assets.serving.keys import KeyStore, local_key_file
from twin_assets.serving.routes.login import own_path
from twin_assets.serving.sessions import COOKIE, Sessions, csrf_token
from twin_assets.settings import ServiceSettings, Settings

NOBODY, READER, OWNER = "nobody", "reader", "owner"
DECISIONS = {
    "GET /healthz": NOBODY,
    "GET /readyz": NOBODY,
    "GET /static": NOBODY,
    "GET /login": NOBODY,
    "POST /login": NOBODY,
    "POST /logout": NOBODY,
    "GET /openapi.json": READER,
    "GET /v1/models": READER,
    "GET /v1/models/{name}": READER,
    "POST /v1/chat/completions": READER,
    "POST /v1/embeddings": READER,
    "POST /v1/responses": READER,
    "POST /api/search": READER,
    "GET /api/documents/{document_id}": READER,
    "DELETE /api/documents/{document_id}": OWNER,
    "POST /api/drafts": OWNER,
    "GET /api/drafts": OWNER,
    "GET /api/drafts/{draft_id}": OWNER,
    "POST /api/drafts/{draft_id}/revise": OWNER,
    "POST /api/drafts/{draft_id}/accept": OWNER,
    "POST /api/feedback": OWNER,
    "GET /api/lineage/{trace_id}": OWNER,
    "GET /api/sources": OWNER,
    "POST /api/sources": OWNER,
    "POST /api/sources/recognize": OWNER,
    "PATCH /api/sources/{name}": OWNER,
    "DELETE /api/sources/{name}": OWNER,
    "POST /api/sources/{name}/collect": OWNER,
    "POST /api/uploads": OWNER,
    "GET /api/runs": OWNER,
    "GET /api/runs/{run_id}/events": OWNER,
    "GET /api/deployments": OWNER,
    "POST /api/deployments/rollback": OWNER,
    "GET /api/datasets": OWNER,
    "GET /api/evaluations": OWNER,
    "GET /api/monitoring": OWNER,
    "GET /api/monitoring/{day}/report": OWNER,
    "GET /metrics": OWNER,
    "GET /": OWNER,
    "GET /write": OWNER,
    "GET /ask": OWNER,
    "GET /sources": OWNER,
    "GET /twin": OWNER,
    "GET /health": OWNER,
}
"""The decision on each route of the contract; those that are not there yet do no harm."""
ROLES = ("none", "wrong", "revoked", "reader", "owner", "session", "ended session", "session without csrf")
ENOUGH = {NOBODY: set(ROLES), READER: {"reader", "owner", "session"}, OWNER: {"owner", "session"}}


@dataclass
class Guarded:
    """A service that can be reached from elsewhere, with keys of every sort."""

    app: Any
    client: httpx.Client
    secrets: dict[str, str]
    keys: KeyStore
    settings: Settings

    def headers(self, role: str, method: str = "GET") -> dict[str, str]:
        """What a request of a role brings along."""
        service = self.app.state.service
        if role == "none":
            return {}
        if "session" not in role:
            return {"Authorization": f"Bearer {self.secrets[role]}"}
        key = self.keys.find(self.secrets["owner"])
        assert key is not None
        token = service.sessions.open(key)
        headers = {"Cookie": f"{COOKIE}={token}"}
        if role == "ended session":
            service.sessions.close(token)
        if role == "session" and method != "GET":
            headers["X-CSRF-Token"] = csrf_token(token)
        return headers


@pytest.fixture
def guarded(own_settings: Settings, served: Any, search: Any) -> Iterator[Guarded]:
    service = ServiceSettings(host="0.0.0.0", session_hours=1, requests_per_minute=10_000)
    settings = own_settings.model_copy(update={"service": service})
    keys = KeyStore.of(settings)
    made = {
        name: keys.add(name, "reader" if name == "reader" else "owner")[1] for name in ("reader", "owner", "revoked")
    }
    keys.revoke("revoked")
    app = create_app(settings, search, Path)
    with served(app) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield Guarded(app, client, made | {"wrong": "twin_" + "A" * 43}, keys, settings)


def routes_of(app: Any) -> list[tuple[str, str]]:
    """Method and path of every route, the OpenAPI document and static files included."""
    found = []
    for route in iter_route_contexts(app.routes):
        methods = {"GET"} if isinstance(route.original_route, Mount) else route.methods or set()
        found += [(method, str(route.path)) for method in sorted(methods - {"HEAD"})]
    return found


def test_there_is_a_decision_on_every_route(guarded: Guarded):
    found = {f"{method} {path}" for method, path in routes_of(guarded.app)}
    assert "PATCH /api/sources/{name}" in found
    assert found - set(DECISIONS) == set(), "decide who may use it: in access.py, and here"


@pytest.mark.parametrize("role", ROLES)
def test_each_route_is_open_to_those_it_is_for_and_to_nobody_else(guarded: Guarded, role: str):
    for method, path in routes_of(guarded.app):
        decision = DECISIONS[f"{method} {path}"]
        url = re.sub(r"\{.*?\}", "00000000-0000-0000-0000-000000000000", path)
        url = f"{url}/chat.css" if path == "/static" else url
        answer = guarded.client.request(method, url, headers=guarded.headers(role, method))
        enough = ENOUGH[decision] | ({"session without csrf"} if method == "GET" else set())
        refused = answer.status_code in (401, 403) and path != "/login"
        assert refused == (role not in enough), f"{method} {path} by {role}: {answer.status_code} {answer.text[:200]}"
        if refused:
            assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


def test_methods_and_spellings_that_no_rule_names_are_for_the_owner(guarded: Guarded):
    for role in ("none", "reader"):
        headers = guarded.headers(role)
        for method, path in (
            ("GET", "/api/nonsense"),
            ("HEAD", "/api/sources"),
            ("GET", "/static/../api/sources"),
            ("GET", "/static/..%2f..%2fapp.py"),
            ("GET", "//api/sources"),
            ("GET", "/api/sources/"),
            ("GET", "/API/sources"),
            ("GET", "/healthz/../api/sources"),
            ("OPTIONS", "/api/sources"),
        ):
            raw = httpx.Request(method, str(guarded.client.base_url) + path, headers=headers)
            answer = guarded.client.send(raw)
            assert answer.status_code in (401, 403, 404), f"{method} {path}"
            assert "letters" not in answer.text


def test_no_file_outside_the_static_folder_is_served(guarded: Guarded):
    for path in (
        "/static/../__main__.py",
        "/static/%2e%2e/__main__.py",
        "/static/..%5c__main__.py",
        "/static//etc/passwd",
    ):
        request = guarded.client.build_request("GET", "/")
        request.url = request.url.copy_with(raw_path=path.encode())
        answer = guarded.client.send(request)
        assert answer.status_code in (401, 404), path
        assert "import" not in answer.text
        assert "root:" not in answer.text


def test_a_page_asked_for_without_a_session_leads_to_the_login(guarded: Guarded):
    answer = guarded.client.get("/", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2F")
    page = guarded.client.get("/login?next=/sources")
    assert 'name="next" type="hidden" value="/sources"' in page.text


def test_the_owner_signs_in_changes_something_and_signs_out(guarded: Guarded):
    client = guarded.client
    form = {"key": guarded.secrets["owner"], "next": "/sources"}
    answer = client.post("/login", data=form, headers={"Origin": str(client.base_url).rstrip("/")})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sources")
    cookie = answer.headers["set-cookie"]
    for attribute in ("HttpOnly", "Secure", "SameSite=strict", "Path=/", "Max-Age=3600"):
        assert attribute in cookie
    token = cookie.split(";")[0].removeprefix(f"{COOKIE}=")
    mine = {"Cookie": f"{COOKIE}={token}"}
    assert client.get("/api/sources", headers=mine).status_code == 200
    change = {"paused": True}
    for csrf in ("", "0" * 64, csrf_token("another")):
        answer = client.patch("/api/sources/feed", json=change, headers=mine | {"X-CSRF-Token": csrf})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "csrf_token_missing")
    sure = mine | {"X-CSRF-Token": csrf_token(token)}
    assert client.patch("/api/sources/feed", json=change, headers=sure).status_code == 200
    assert token not in (guarded.settings.home / "sessions.json").read_text()
    assert client.post("/logout", headers=sure).status_code == 303
    assert client.get("/api/sources", headers=mine).status_code == 401


def test_a_session_ends_with_its_key(guarded: Guarded):
    mine = guarded.headers("session")
    assert guarded.client.get("/api/sources", headers=mine).status_code == 200
    guarded.keys.revoke("owner")
    assert guarded.client.get("/api/sources", headers=mine).status_code == 401


def test_a_session_ends_by_time_and_outlives_a_restart(tmp_path: Path):
    keys, clock = KeyStore(tmp_path / "keys.json"), [1000.0]
    key, _ = keys.add("me", "owner")
    token = Sessions(tmp_path / "s.json", keys, 1, lambda: clock[0]).open(key)
    again = Sessions(tmp_path / "s.json", keys, 1, lambda: clock[0])
    assert again.key_of(token) == key
    clock[0] += 3600
    assert again.key_of(token) is None
    assert stat.S_IMODE((tmp_path / "s.json").stat().st_mode) == 0o600


def test_only_the_owner_s_key_signs_in_and_not_too_often(guarded: Guarded):
    for key in (guarded.secrets["reader"], guarded.secrets["revoked"], "nonsense"):
        answer = guarded.client.post("/login", data={"key": key})
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers
    answers = [guarded.client.post("/login", data={"key": "x"}) for _ in range(12)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0


def test_another_site_s_page_changes_nothing_with_keys_or_without(guarded: Guarded, api: httpx.Client):
    owner = guarded.headers("owner")
    for client, headers in ((guarded.client, owner), (api, {})):
        for foreign in (
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://127.0.0.1.evil.example"},
            {"Sec-Fetch-Site": "cross-site"},
        ):
            for method, path in (
                ("POST", "/api/uploads?name=a.md"),
                ("DELETE", "/api/sources/feed"),
                ("POST", "/login"),
            ):
                answer = client.request(method, path, content=b"x", headers=headers | foreign)
                assert (answer.status_code, answer.json()["error"]["code"]) == (403, "wrong_origin")
    assert len(api.get("/api/sources").json()["sources"]) == 2


def test_a_key_has_a_rate_of_its_own(guarded: Guarded):
    slow = guarded.keys.add("slow", "reader", 3)[1]
    answers = [guarded.client.get("/v1/models", headers={"Authorization": f"Bearer {slow}"}) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert int(answers[-1].headers["retry-after"]) <= 20
    assert guarded.client.get("/v1/models", headers=guarded.headers("reader")).status_code == 200


def test_keys_are_kept_as_digests_that_nobody_else_reads(guarded: Guarded):
    file = guarded.settings.home / "keys.json"
    text = file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not any(secret in text for secret in guarded.secrets.values())
    assert [key["name"] for key in json.loads(text)["keys"]] == ["reader", "owner"]
    with pytest.raises(ConfigError, match="already"):
        guarded.keys.add("owner", "owner")
    with pytest.raises(ConfigError, match="no key"):
        guarded.keys.revoke("nobody")


def test_a_file_of_keys_that_cannot_be_read_opens_nothing(guarded: Guarded):
    (guarded.settings.home / "keys.json").write_text("{")
    answer = guarded.client.get("/api/sources", headers=guarded.headers("none") | {"Authorization": "Bearer x"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "keys_unreadable")


def test_the_service_opens_to_others_only_with_an_owner_s_key(own_settings: Settings, search: Any):
    assert not exposed(ServiceSettings())
    assert exposed(ServiceSettings(host="0.0.0.0"))
    # A proxy on this machine passes on what comes by another name.
    assert exposed(ServiceSettings(hosts=("twin.example.org",)))
    settings = own_settings.model_copy(update={"service": ServiceSettings(host="0.0.0.0")})
    app = create_app(settings, search, Path)
    KeyStore.of(settings).add("guest", "reader")
    with pytest.raises(ConfigError, match="no owner's key"):
        open_to(app.state.service)
    KeyStore.of(settings).add("me", "owner")
    open_to(app.state.service)
    file = local_key_file(settings)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    found = app.state.service.keys.find(file.read_text())
    assert found is not None
    assert found.scope == "owner"


def test_twin_ask_opens_the_guarded_service_of_its_own_machine(guarded: Guarded, own_settings: Settings):
    assert own_key(guarded.settings) == {}
    open_to(guarded.app.state.service)
    assert guarded.client.get("/api/sources", headers=own_key(guarded.settings)).status_code == 200
    # Where no key is needed, none is sent.
    assert own_key(own_settings) == {}


def test_signing_in_leads_to_no_other_site():
    assert own_path("/sources?x=1") == "/sources?x=1"
    for target in ("https://evil.example", "//evil.example", "/\\evil.example", "evil", "/a\nSet-Cookie: x", ""):
        assert own_path(target) == "/"


def test_malformed_bodies_are_refused_in_words(guarded: Guarded):
    owner = guarded.headers("owner")
    for body in (b"", b"{", b"[]", b'"x"', b"\xff\xfe", b'{"what": 1}', b"[" * 50_000, b'{"what": "\\ud800"}'):
        for method, path in (
            ("POST", "/api/sources"),
            ("PATCH", "/api/sources/feed"),
            ("POST", "/api/sources/recognize"),
        ):
            headers = owner | {"Content-Type": "application/json"}
            answer = guarded.client.request(method, path, content=body, headers=headers)
            assert answer.status_code == 400, (body[:20], path, answer.text)
            assert answer.json()["error"]["message"]
