"""The one resource: settings and what they lead to, read afresh for each run."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from twin_assets.machine.local import engine_base
from twin_assets.progress import Report
from twin_assets.settings import Settings, SourceConfig, load_settings
from twin_assets.storage import ArtifactStore, TableStore

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from twin_assets.datasets.questions import Question
    from twin_assets.deployment.engine import Engine
    from twin_assets.features.embed import Embedder


class Twin:
    """An author's settings, tables, artifacts, models and engine, each made when it is first asked for."""

    def __init__(self) -> None:
        self.settings: Settings = load_settings()

    @cached_property
    def tables(self) -> TableStore:
        """The Lance tables."""
        return TableStore.of(self.settings)

    @cached_property
    def artifacts(self) -> ArtifactStore:
        """Adapters and reports."""
        return ArtifactStore.of(self.settings)

    @cached_property
    def embedder(self) -> "Embedder":
        """The configured sentence embedder."""
        from twin_assets.features.embedders import configured_embedder

        return configured_embedder(self.settings)

    @cached_property
    def engine(self) -> "Engine":
        """The running SGLang server. Raises EngineError when it does not come up in its time."""
        from twin_assets.deployment.engine import Engine

        engine = Engine(self.settings.url("engine"))
        engine.wait_ready(self.settings.engine.start_timeout_s)
        return engine

    def close(self) -> None:
        """Close the connections to the engine, if it was asked for."""
        if "engine" in self.__dict__:
            self.engine.close()

    @property
    def base_name(self) -> str:
        """The name of the base model that all recipes share."""
        return engine_base(self.settings)

    @cached_property
    def base_folder(self) -> Path:
        """The base model's folder, converted when it is not yet."""
        from twin_assets.chat_model import prepare_chat_model

        return prepare_chat_model(self.settings.model(self.base_name), self.base_name, self.settings.models_dir)

    @cached_property
    def base_digest(self) -> str:
        """Digest of the base model's files."""
        from twin_assets.chat_model import model_digest

        return model_digest(self.base_folder)

    def chat_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text by the base model's own tokenizer."""
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encodings]

    @property
    def teacher_name(self) -> str:
        """What writes instructions; the local teacher is the base model, so its digest is part of the name."""
        from twin_assets.datasets.consent import ENGINE

        config = self.settings.teacher()
        return f"{self.base_name}@{self.base_digest[:12]}" if config.api_base == ENGINE else config.model

    def ask_teacher(self, questions: "Sequence[Question]", report: Report) -> list[str | None]:
        """The teacher's instructions; None for a question that it may not be asked, or has no answer to.

        The local engine is waited for only when there is something to ask. Raises ConfigError when the teacher is not
        on this machine and was not allowed.
        """
        from twin_assets.datasets.consent import ENGINE, permitted
        from twin_assets.datasets.responses import FILE, ResponseCache
        from twin_assets.datasets.teacher import Teacher

        config = self.settings.teacher()
        allowed = permitted(config, self.settings.datasets, questions)
        url = self.engine.base_url if config.api_base == ENGINE and allowed else self.settings.url("engine")
        with ResponseCache(self.settings.home / FILE) as cache:
            teacher = Teacher(config, url, cache, self.teacher_name, report=report)
            answers = dict(zip((q.sample_id for q in allowed), teacher.ask(allowed), strict=True))
            calls, asked, answered, cost = teacher.spent
        report(f"{calls} calls of {config.model}: {asked} + {answered} tokens, {cost:.4f} USD")
        return [answers.get(question.sample_id) for question in questions]

    @cached_property
    def _tokenizer(self) -> "Tokenizer":
        from tokenizers import Tokenizer

        return Tokenizer.from_file(str(self.base_folder / "tokenizer.json"))

    def source(self, name: str) -> SourceConfig:
        """The configured source of that name. Raises dagster.Failure when it was taken out of the config."""
        for source in self.settings.sources.sources:
            if source.name == name:
                return source
        raise dg.Failure(f"source {name!r} is not in the sources file any more", allow_retries=False)


class TwinResource(dg.ConfigurableResource):
    """Gives each run the settings as they are now."""

    def open(self) -> Twin:
        """Read the settings. Raises ConfigError naming file and key."""
        return Twin()


@dg.definitions
def resources() -> dg.Definitions:
    """The resource under the name that assets ask for."""
    return dg.Definitions(resources={"twin": TwinResource()})
