"""The author's text leaves this machine only for a teacher that was named."""

from typing import Any

import pytest

from twin_assets.datasets.consent import is_local, permitted
from twin_assets.datasets.questions import Question
from twin_assets.errors import ConfigError
from twin_assets.settings import DatasetSettings, TeacherConfig

PUBLIC = Question("prompt", "s1", "d1", "words of a public passage", private=False)
PRIVATE = Question("prompt", "s2", "d2", "words of a private one", private=True)
MODEL = "openai/gpt-4o-mini"


def teacher(model: str = MODEL, api_base: str | None = None) -> TeacherConfig:
    return TeacherConfig(role="teacher", model=model, api_base=api_base)


@pytest.mark.parametrize(
    ("api_base", "local"),
    [
        ("engine", True),
        ("http://127.0.0.1:11434", True),
        ("http://127.9.9.9/v1", True),
        ("http://[::1]:8000/v1", True),
        ("http://localhost:8000", True),
        (None, False),
        ("https://api.openai.com/v1", False),
        ("http://192.168.1.7:8000", False),
        ("http://localhost.evil.example/v1", False),
        ("http://127.0.0.1.evil.example/v1", False),
        ("127.0.0.1:8000", False),
        ("not a url", False),
    ],
)
def test_only_the_engine_and_loopback_addresses_are_this_machine(api_base: str | None, local: bool) -> None:
    assert is_local(teacher(api_base=api_base)) is local


def test_a_teacher_on_this_machine_is_asked_everything() -> None:
    config = teacher("openai/base", "engine")
    assert permitted(config, DatasetSettings(), [PUBLIC, PRIVATE]) == [PUBLIC, PRIVATE]


@pytest.mark.parametrize(
    ("api_base", "where"), [(None, "the provider 'openai'"), ("https://llm.example/v1", "'llm.example'")]
)
def test_any_other_is_refused_with_what_would_be_sent_where(api_base: str | None, where: str) -> None:
    with pytest.raises(ConfigError) as caught:
        permitted(teacher(api_base=api_base), DatasetSettings(), [PUBLIC, PRIVATE])
    message = str(caught.value)
    assert f"2 passages of your writing (10 words, 1 of the passages private) would be sent to {where}" in message
    assert MODEL in message
    assert "datasets.allow_teachers" in message
    assert PUBLIC.passage not in message


def test_nothing_is_refused_where_nothing_would_be_sent() -> None:
    assert permitted(teacher(), DatasetSettings(), []) == []


@pytest.mark.parametrize(
    ("settings", "sent"),
    [
        ({"allow_teachers": (MODEL,)}, [PUBLIC]),
        ({"allow_teachers_private": (MODEL,)}, [PRIVATE]),
        ({"allow_teachers": (MODEL,), "allow_teachers_private": (MODEL,)}, [PUBLIC, PRIVATE]),
    ],
)
def test_an_allowed_teacher_is_sent_what_it_is_allowed(settings: dict[str, Any], sent: list[Question]) -> None:
    assert permitted(teacher(), DatasetSettings(**settings), [PUBLIC, PRIVATE]) == sent


def test_one_that_was_allowed_does_not_allow_another() -> None:
    with pytest.raises(ConfigError):
        permitted(teacher("openai/gpt-4o"), DatasetSettings(allow_teachers=(MODEL,)), [PUBLIC])
