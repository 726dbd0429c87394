"""Whether a teacher may be sent the author's text: one on this machine may, any other only when it was named."""

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

from twin_assets.datasets.questions import Question
from twin_assets.datasets.words import word_count
from twin_assets.errors import ConfigError
from twin_assets.settings import DatasetSettings, TeacherConfig

ENGINE = "engine"
"""The `api_base` that stands for the twin's own SGLang server."""


def is_local(config: TeacherConfig) -> bool:
    """Whether what a teacher is sent stays on this machine: its `api_base` is the engine or a loopback address."""
    if config.api_base is None:
        return False
    if config.api_base == ENGINE:
        return True
    host = urlsplit(config.api_base).hostname or ""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def permitted(config: TeacherConfig, settings: DatasetSettings, questions: Sequence[Question]) -> list[Question]:
    """The questions that the teacher may be asked: all of them on this machine; elsewhere those about public writing
    when `datasets.allow_teachers` names it, and those about private writing when `allow_teachers_private` does.

    Raises ConfigError, before anything is sent, that says what would be sent where.
    """
    if is_local(config) or not questions:
        return list(questions)
    if config.model not in (*settings.allow_teachers, *settings.allow_teachers_private):
        total = sum(word_count(question.passage) for question in questions)
        private = sum(question.private for question in questions)
        raise ConfigError(
            f"the teacher {config.model!r} is not on this machine: {len(questions)} passages of your writing "
            f"({total:,} words, {private} of the passages private) would be sent to {_where(config)}",
            f"to allow it, add {config.model!r} to datasets.allow_teachers in config/twin.yaml (private writing only "
            "with datasets.allow_teachers_private); to keep everything here, set datasets.teacher to 'local'; a server "
            "on this machine is known by its api_base",
        )
    allowed = config.model in settings.allow_teachers_private
    public = config.model in settings.allow_teachers
    return [question for question in questions if (allowed if question.private else public)]


def _where(config: TeacherConfig) -> str:
    if config.api_base:
        return f"{urlsplit(config.api_base).hostname or config.api_base!r}"
    return f"the provider {config.model.partition('/')[0]!r}"
