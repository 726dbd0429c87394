"""`twin keys` over a home of its own."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from twin_assets.cli.main import app
from twin_assets.serving.keys import KeyStore


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "one.md").write_text("One.")
    (tmp_path / "sources.yaml").write_text("author: Ada\nsources:\n  - {name: blog, path: one.md}\n")
    monkeypatch.setenv("TWIN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TWIN_SOURCES", str(tmp_path / "sources.yaml"))
    monkeypatch.setattr("twin_assets.cli.context.adopt_environment", lambda *_: None)
    return tmp_path / "home"


def test_a_key_is_shown_once_listed_without_its_secret_and_revoked(home: Path):
    made = CliRunner().invoke(app, ["keys", "add", "phone", "--scope", "owner", "--rate", "30"])
    assert made.exit_code == 0, made.output
    secret = made.output.split()[-1]
    store = KeyStore(home / "keys.json")
    key = store.find(secret)
    assert key is not None
    assert (key.name, key.scope, key.requests_per_minute) == ("phone", "owner", 30)
    listed = CliRunner().invoke(app, ["keys", "list"]).output
    assert "phone" in listed
    assert key.key_id in listed
    assert secret not in listed
    assert CliRunner().invoke(app, ["keys", "revoke", "phone"]).exit_code == 0
    assert store.find(secret) is None


def test_there_are_two_scopes(home: Path):
    assert CliRunner().invoke(app, ["keys", "add", "x", "--scope", "admin"]).exit_code == 2
    assert not (home / "keys.json").exists()
