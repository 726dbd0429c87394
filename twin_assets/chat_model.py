"""The chat model as a folder of safetensors with a correct tokenizer, whatever `config/models/*.yaml` names.

A bundled package holds a GGUF file. It is checked by digest and converted once; the package itself is never
imported. The result is proved before it is used: digits are single tokens, and a question that every chat model can
answer is answered and ended.
"""

import fcntl
import importlib.metadata
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from twin_assets.digests import digest, file_sha256
from twin_assets.errors import ModelError
from twin_assets.gguf_conversion import convert, prove, quiet
from twin_assets.progress import Report, silent
from twin_assets.settings import ModelConfig

CONVERTER = 1
"""Raised when the conversion changes, so that folders made by an older one are made again."""

_MARKER = ".twin-model.json"
_DIGEST = ".twin-digest.json"
_SUFFIXES = frozenset({".safetensors", ".json", ".jinja", ".txt", ".model"})


def prepare_chat_model(config: ModelConfig, name: str, models_dir: Path, report: Report = silent) -> Path:
    """The folder of a chat model, ready for the trainer and the engine; converted or downloaded when need be.

    Args:
        config: a model of `config/models/`, with one of `package` (and `file`, `sha256`), `path` or `hub`.
        name: the model's name, which a converted folder is called.
        models_dir: where converted models are kept.
        report: takes a line for each step that takes long.

    Raises ModelError: files are missing, are not the ones that were pinned, or do not make a working chat model.
    """
    if config.path is not None:
        return _checked(config.path.expanduser().resolve(), f"model {name!r}")
    if config.hub is not None:
        return _checked(_downloaded(config.hub, report), f"model {name!r} ({config.hub})")
    if config.package is None or config.file is None or config.sha256 is None:
        raise ModelError(
            f"config/models/{name}.yaml names no model",
            "give `path:` (a local folder), `hub:` (a hub id), or `package:` with `file:` and `sha256:`",
        )
    target = models_dir / name
    marker = {"sha256": config.sha256, "converter": CONVERTER}
    if _read_json(target / _MARKER) == marker:
        return target
    gguf = package_file(config.package, config.file)
    _verify(gguf, config.sha256, config.package)
    models_dir.mkdir(parents=True, exist_ok=True)
    with _locked(models_dir / f".{name}.lock"):
        if _read_json(target / _MARKER) == marker:
            return target
        staged = models_dir / f".{name}.staged"
        shutil.rmtree(staged, ignore_errors=True)
        try:
            with quiet():
                report(f"converting {gguf.name} to safetensors (about half a minute)")
                convert(gguf, staged)
                report("checking the converted model: tokenizer, and one greedy answer")
                prove(staged, name)
            (staged / _MARKER).write_text(json.dumps(marker))
            _swap(staged, target)
        except OSError as error:
            raise ModelError(
                f"model {name!r} could not be written to {str(target)!r}: {error}",
                "free about 1 GB of disk space, or set TWIN_MODELS to another folder; then run again",
            ) from error
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    return target


def model_digest(folder: Path) -> str:
    """Digest of a model's files by name and content: what an adapter is trained on and loaded onto.

    Kept in a hidden file beside the model's files, and computed again only when one of them changed in size or
    time. Raises ModelError when the folder holds no weights.
    """
    files = sorted(f for f in folder.glob("*") if f.suffix in _SUFFIXES and not f.name.startswith("."))
    if not any(f.suffix == ".safetensors" for f in files):
        raise ModelError(f"no *.safetensors in {str(folder)!r}", "correct the model's `path:` in config/models/")
    seen = [[f.name, f.stat().st_size, f.stat().st_mtime_ns] for f in files]
    cache = folder / _DIGEST
    known = _read_json(cache)
    if known is not None and known.get("files") == seen:
        return str(known["digest"])
    value = digest("model", [(f.name, file_sha256(f)) for f in files])
    if os.access(folder, os.W_OK):
        scratch = cache.with_name(f"{_DIGEST}.{os.getpid()}")
        scratch.write_text(json.dumps({"files": seen, "digest": value}))
        scratch.replace(cache)
    return value


def package_file(package: str, file: str) -> Path:
    """Where a file of an installed package lies, without importing the package. Raises ModelError."""
    try:
        found = Path(str(importlib.metadata.distribution(package).locate_file(file)))
    except importlib.metadata.PackageNotFoundError:
        raise ModelError(
            f"the package {package!r} is not installed", "run `make twin` (requirements/core.txt)"
        ) from None
    if not found.is_file():
        raise ModelError(
            f"the package {package!r} has no file {file!r}", "correct `file:` or install the pinned version"
        )
    return found


def _verify(file: Path, expected: str, package: str) -> None:
    found = file_sha256(file)
    if found != expected:
        raise ModelError(
            f"{file.name} of package {package!r} is not the pinned file: sha256 expected {expected}, found {found}",
            f"install the version of {package} that requirements/core.txt pins, with `--force-reinstall --no-deps`",
        )


def _checked(folder: Path, what: str) -> Path:
    if not folder.is_dir():
        raise ModelError(f"{what}: no folder at {str(folder)!r}", "correct `path:` in its file of config/models/")
    missing = [n for n in ("config.json", "tokenizer.json", "tokenizer_config.json") if not (folder / n).is_file()]
    if not next(folder.glob("*.safetensors"), None):
        missing.append("*.safetensors")
    tokenizer = _read_json(folder / "tokenizer_config.json") or {}
    if not (tokenizer.get("chat_template") or (folder / "chat_template.jinja").is_file()):
        missing.append("a chat template (chat_template.jinja)")
    if missing:
        raise ModelError(
            f"{what} at {str(folder)!r} lacks {', '.join(missing)}",
            "use an instruction-tuned model in safetensors format, with its fast tokenizer and chat template",
        )
    return folder


def _downloaded(hub: str, report: Report) -> Path:
    """A snapshot of `owner/name` or `owner/name@revision`, from the hub's cache when it is there."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    repository, _, revision = hub.partition("@")
    patterns = [f"*{suffix}" for suffix in sorted(_SUFFIXES)]
    report(f"fetching {hub} from the model hub, unless it is in the cache")
    try:
        return Path(snapshot_download(repository, revision=revision or None, allow_patterns=patterns))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        reason = " ".join(str(error).split())[:300]
        raise ModelError(
            f"model {hub!r} could not be had from the hub: {reason}",
            "check the id, the network and (for a gated model) HF_TOKEN; or give a local folder as `path:`",
        ) from error


def _swap(staged: Path, target: Path) -> None:
    """Rename into place: a crash leaves the old folder, none, or the new one, never half of one."""
    retired = target.with_name(f".{target.name}.old")
    shutil.rmtree(retired, ignore_errors=True)
    if target.exists():
        target.rename(retired)
    staged.rename(target)
    shutil.rmtree(retired, ignore_errors=True)


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """One process at a time; the lock goes with its holder, however that ends."""
    with file.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _read_json(file: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
