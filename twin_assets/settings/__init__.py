"""Settings: the environment over `config/*.yaml`, checked whole before anything starts.

`TWIN_CONFIG` names the config folder (default `config`), `TWIN_SOURCES` a sources file or a folder of writing
(default `config/sources.yaml`), `TWIN_HOME` the folder of this author's state (default `.twin/<author>`). Any key
of `twin.yaml` can be overridden as `TWIN_PORTS__SERVICE=8090`.
"""

from twin_assets.settings.alerts import AlertRule, AlertsConfig, DriftSettings
from twin_assets.settings.all import Settings, load_settings
from twin_assets.settings.datasets import LARGEST_UNANSWERABLE, SHARES, DatasetSettings, Family, PreferenceOrigins
from twin_assets.settings.features import CollectionSettings, FeatureSettings, RetrievalSettings, StorageSettings
from twin_assets.settings.models import ModelConfig, TeacherConfig
from twin_assets.settings.recipes import DpoStage, Recipe, SftStage, Size, size_tokens
from twin_assets.settings.section import ROOT, Fraction, PersonalData, Port, Positive, Strict, Weight
from twin_assets.settings.serving import EngineSettings, EvaluationSettings, Ports, ServiceSettings
from twin_assets.settings.sources import SourceConfig, SourcesConfig, load_sources, slug

__all__ = [
    "LARGEST_UNANSWERABLE",
    "ROOT",
    "SHARES",
    "AlertRule",
    "AlertsConfig",
    "CollectionSettings",
    "DatasetSettings",
    "DpoStage",
    "DriftSettings",
    "EngineSettings",
    "EvaluationSettings",
    "Family",
    "FeatureSettings",
    "Fraction",
    "ModelConfig",
    "PersonalData",
    "Port",
    "Ports",
    "Positive",
    "PreferenceOrigins",
    "Recipe",
    "RetrievalSettings",
    "ServiceSettings",
    "Settings",
    "SftStage",
    "Size",
    "SourceConfig",
    "SourcesConfig",
    "StorageSettings",
    "Strict",
    "TeacherConfig",
    "Weight",
    "load_settings",
    "load_sources",
    "size_tokens",
    "slug",
]
