"""Reading config files: YAML checked by pydantic, with errors of one line that name file and key."""

import difflib
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from twin_assets.errors import ConfigError

M = TypeVar("M", bound=BaseModel)


def load_yaml(file: Path) -> dict[str, Any]:
    """The mapping a YAML file holds; an empty file is an empty mapping. Raises ConfigError."""
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{file}: no such file", "restore it from the repository, or set TWIN_CONFIG") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"{file}: cannot be read as YAML: {reason}", "correct the file") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(f"{file}: holds a {type(content).__name__}, not keys with values", "write `key: value` lines")
    return content


def check(model: type[M], values: dict[str, Any], file: Path) -> M:
    """The values as a `model`. Raises ConfigError that names the file and the first wrong key."""
    try:
        return model(**values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise ConfigError(f"{file}: unknown key {key!r}", _suggestion(model, first["loc"])) from None
        if first["type"] == "missing":
            raise ConfigError(f"{file}: key {key!r} is missing", "add it") from None
        value = repr(first["input"])[:120]
        raise ConfigError(f"{file}: key {key!r} is {value}: {first['msg']}", "correct the value") from None


def _suggestion(model: type[BaseModel], location: tuple[int | str, ...]) -> str:
    fields = model.model_fields
    for part in location[:-1]:
        nested = fields[str(part)].annotation if str(part) in fields else None
        if not (isinstance(nested, type) and issubclass(nested, BaseModel)):
            return "remove it, or correct its name"
        fields = nested.model_fields
    close = difflib.get_close_matches(str(location[-1]), fields, 1)
    return f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(fields)}"
