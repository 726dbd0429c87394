"""Base models and teachers: the files of `config/models/`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from twin_assets.settings.section import Positive, Strict


class ModelConfig(Strict):
    """`models/<name>.yaml`: a model from a bundled package (checked by digest), a local folder or a hub id."""

    role: Literal["chat", "embedding", "reranker"]
    package: str | None = None
    file: str | None = None
    sha256: str | None = None
    path: Path | None = None
    hub: str | None = None
    tool_call_parser: str | None = None
    """How a chat model writes calls of tools, in SGLang's words (`qwen25`, `llama3`, `hermes`, `auto`, …)."""


class TeacherConfig(Strict):
    """`models/<name>.yaml` with `role: teacher`: who writes instructions, by LiteLLM's name for it."""

    role: Literal["teacher"]
    model: str
    api_base: str | None = None
    """`engine` stands for the local SGLang server."""
    api_key_env: str | None = None
    temperature: float = 0.0
    max_tokens: Positive = 120
    concurrency: Positive = 32
    max_calls: Annotated[int, Field(ge=0)] = 1000
    """Samples asked of the teacher in one version; the others keep the instruction that rules made."""
