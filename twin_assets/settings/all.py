"""Settings: the environment over `config/*.yaml`, checked whole before anything starts.

`TWIN_CONFIG` names the config folder (default `config`), `TWIN_SOURCES` a sources file or a folder of writing
(default `config/sources.yaml`), `TWIN_HOME` the folder of this author's state (default `.twin/<author>`). Any key
of `twin.yaml` can be overridden as `TWIN_PORTS__SERVICE=8090`.
"""

import os
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from twin_assets.config_files import check, load_yaml
from twin_assets.errors import ConfigError
from twin_assets.settings.alerts import AlertsConfig
from twin_assets.settings.datasets import DatasetSettings
from twin_assets.settings.features import CollectionSettings, FeatureSettings, RetrievalSettings, StorageSettings
from twin_assets.settings.models import ModelConfig, TeacherConfig
from twin_assets.settings.recipes import Recipe
from twin_assets.settings.section import ROOT
from twin_assets.settings.serving import EngineSettings, EvaluationSettings, Ports, ServiceSettings
from twin_assets.settings.sources import SourcesConfig, load_sources, slug


class Settings(BaseSettings):
    """All settings of one author's twin on one machine."""

    model_config = SettingsConfigDict(
        env_prefix="TWIN_",
        env_nested_delimiter="__",
        extra="ignore",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    ports: Ports = Ports()
    storage: StorageSettings = StorageSettings()
    collection: CollectionSettings = CollectionSettings()
    features: FeatureSettings = FeatureSettings()
    datasets: DatasetSettings = DatasetSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    engine: EngineSettings = EngineSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    service: ServiceSettings = ServiceSettings()
    config_dir: Path
    home: Path
    sources_config: SourcesConfig
    sources_file: Path | None = None
    """The sources file, or the folder of writing, that `sources_config` was read from."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over what the files say."""
        return env_settings, init_settings

    @property
    def sources(self) -> SourcesConfig:
        """Whose writing it is and where it lies."""
        return self.sources_config

    @property
    def author(self) -> str:
        """The name of the person whose twin this is."""
        return self.sources.author

    @property
    def lance_uri(self) -> str:
        """Where the tables lie."""
        return _under(self.home, self.storage.lance)

    @property
    def artifacts_uri(self) -> str:
        """Where adapters and reports lie."""
        return _under(self.home, self.storage.artifacts)

    @property
    def collection_dir(self) -> Path:
        """What live sources remember, and what was forgotten."""
        return self.home / "collection"

    @property
    def models_dir(self) -> Path:
        """Converted models, shared by all authors on this machine."""
        return Path(os.environ.get("TWIN_MODELS", self.home.parent / "models"))

    def url(self, process: Literal["dagster", "mlflow", "engine", "service"]) -> str:
        """The loopback URL of one of the twin's processes."""
        return f"http://127.0.0.1:{getattr(self.ports, process)}"

    @cached_property
    def recipes(self) -> dict[str, Recipe]:
        """Every recipe of `config/recipes/`, by file name, and `name@size` for what is cut to a size."""
        files = sorted((self.config_dir / "recipes").glob("*.yaml"))
        return {n: r for f in files for n, r in check(Recipe, load_yaml(f), f).variants(f.stem).items()}

    @cached_property
    def alerts(self) -> AlertsConfig:
        """The rules of `alerts.yaml`; a config folder without one has the project's own."""
        file = self.config_dir / "alerts.yaml"
        file = file if file.is_file() else ROOT / "config" / "alerts.yaml"
        return check(AlertsConfig, load_yaml(file), file)

    def model(self, name: str) -> ModelConfig:
        """The model called `name`. Raises ConfigError when there is no such file, or it is a teacher's."""
        return check(ModelConfig, *self._model_file(name))

    def chat_models(self) -> dict[str, ModelConfig]:
        """Every chat model of `config/models/`, by file name."""
        files = sorted((self.config_dir / "models").glob("*.yaml"))
        roles = {file: load_yaml(file) for file in files}
        return {f.stem: check(ModelConfig, content, f) for f, content in roles.items() if content.get("role") == "chat"}

    def teacher(self) -> TeacherConfig:
        """The configured teacher. Raises ConfigError when there is no such file."""
        return check(TeacherConfig, *self._model_file(self.datasets.teacher))

    def _model_file(self, name: str) -> tuple[dict[str, Any], Path]:
        file = self.config_dir / "models" / f"{name}.yaml"
        if not file.is_file():
            known = ", ".join(sorted(f.stem for f in file.parent.glob("*.yaml")))
            raise ConfigError(f"no model is called {name!r}: {file} does not exist", f"use one of: {known}")
        return load_yaml(file), file


def _under(home: Path, location: str) -> str:
    return location if "://" in location else str(home / location)


def load_settings(sources: Path | None = None) -> Settings:
    """Read and check every config file. Raises ConfigError: one line that names the file and the key."""
    config_dir = Path(os.environ.get("TWIN_CONFIG", ROOT / "config")).resolve()
    if not config_dir.is_dir():
        raise ConfigError(f"no config folder at {str(config_dir)!r}", "set TWIN_CONFIG to one, or unset it")
    file = config_dir / "twin.yaml"
    named = (sources or Path(os.environ.get("TWIN_SOURCES", config_dir / "sources.yaml"))).resolve()
    author_sources = load_sources(named)
    home = Path(os.environ.get("TWIN_HOME", ROOT / ".twin" / slug(author_sources.author))).resolve()
    values = {**load_yaml(file), "config_dir": config_dir, "home": home, "sources_config": author_sources}
    values["sources_file"] = named
    try:
        settings = check(Settings, values, file)
    except SettingsError as error:
        raise ConfigError(f"an environment variable is wrong: {error}", "unset it, or correct it") from error
    for recipe in settings.recipes.values():
        settings.model(recipe.base_model)
    settings.model(settings.features.embedder)
    if settings.retrieval.reranker:
        settings.model(settings.retrieval.reranker)
    settings.teacher()
    _ = settings.alerts
    return settings
