"""What a person sees of an answer in the terminal."""

import io
from typing import Any

import pytest

from twin_assets.cli import ask, main
from twin_assets.settings import Settings, load_settings

ANSWER = "The barograph drew a line as flat as a harbour in June, and then the pen went down the paper. " * 3
URL = f"https://wenna.example/{'a-long-way-to-go/' * 8}"


@pytest.fixture
def settings(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of the sample author with a home of their own."""
    monkeypatch.setenv("TWIN_HOME", str(tmp_path))
    return load_settings()


def shown(settings: Settings, monkeypatch: pytest.MonkeyPatch, citations: list[dict[str, str]]) -> str:
    reply = {"choices": [{"message": {"content": ANSWER}}], "citations": citations}
    monkeypatch.setattr(ask, "_complete", lambda *_: reply)
    written = io.StringIO()
    ask.show_answer(main.terminal(80, written), settings, "What of the barograph?", model="twin", retrieval=True)
    return written.getvalue()


def test_every_word_of_a_long_answer_is_shown(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = shown(settings, monkeypatch, [])
    assert panel.replace("│", " ").split()[-len(ANSWER.split()) - 1 : -1] == ANSWER.split()
    assert max(map(len, panel.splitlines())) <= 80


def test_the_address_of_a_source_can_be_copied_whole(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = shown(settings, monkeypatch, [{"title": "[draft] Pressure", "url": URL, "text": "words"}]).splitlines()
    assert "[1] [draft] Pressure" in lines
    assert f"    {URL}" in lines
