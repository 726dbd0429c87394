"""Which author's twin a command is about, when none is named."""

from pathlib import Path

import pytest

from twin_assets.cli import context


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder of its own, and an environment that is put back."""
    monkeypatch.setenv("TWIN_CONFIG", str(context.ROOT / "config"))
    monkeypatch.setattr(context, "ROOT", tmp_path)
    monkeypatch.setattr(context, "adopt_environment", lambda *_: None)
    for name in ("TWIN_HOME", "TWIN_SOURCES"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def folder(root: Path) -> Path:
    sources = root / "writing" / "sources.yaml"
    sources.parent.mkdir()
    (sources.parent / "one.md").write_text("One.")
    sources.write_text("author: Ada\nsources:\n  - {name: blog, path: one.md}\n")
    return sources


def test_later_commands_are_about_what_ran_last(root: Path) -> None:
    context.choose(folder(root), remember=True)
    assert context.choose(None).author == "Ada"


def test_what_is_not_there_any_more_is_passed_over_for_the_sample_author(root: Path) -> None:
    sources = folder(root)
    context.choose(sources, remember=True)
    sources.unlink()
    assert context.choose(None).author == "Wenna Tregarrick"


def test_a_twin_with_a_home_elsewhere_is_not_what_later_commands_are_about(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWIN_HOME", str(root / "elsewhere"))
    context.choose(folder(root), remember=True)
    assert not (root / ".twin" / "active.json").exists()
