"""Which author's twin a command is about."""

import os
from pathlib import Path

from twin_assets.files import read_json, write_json
from twin_assets.machine.local import adopt_environment
from twin_assets.settings import ROOT, Settings, load_settings


def choose(sources: Path | None, *, remember: bool = False) -> Settings:
    """Settings for the sources given, else those of TWIN_SOURCES, else those that ran last, else the sample author.

    With `remember` the choice is what later commands are about, unless TWIN_HOME puts the author's state elsewhere.
    What was remembered and is not there any more is passed over. Raises ConfigError.
    """
    note = ROOT / ".twin" / "active.json"
    last = read_json(note).get("sources")
    last = last if last and Path(last).exists() else None
    remember = remember and "TWIN_HOME" not in os.environ
    config_dir = Path(os.environ.get("TWIN_CONFIG", ROOT / "config"))
    given = sources or os.environ.get("TWIN_SOURCES")
    chosen = Path(given or last or config_dir / "sources.yaml").expanduser().resolve()
    settings = load_settings(chosen)
    adopt_environment(settings, chosen)
    if remember:
        write_json(note, {"sources": str(chosen), "author": settings.author, "home": str(settings.home)})
    return settings


def urls(settings: Settings) -> dict[str, str]:
    """What a person opens, by what it is."""
    return {
        "chat": settings.url("service"),
        "API": f"{settings.url('service')}/v1/chat/completions",
        "Dagster": f"{settings.url('dagster')}/asset-groups",
        "MLflow": settings.url("mlflow"),
        "SGLang": settings.url("engine"),
    }
