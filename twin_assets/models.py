"""Where a sentence model's files are: in a bundled package checked by digest, in a local folder, or from a hub."""

import importlib.util
import shutil
import tempfile
from pathlib import Path

from twin_assets.digests import file_sha256
from twin_assets.errors import ModelError
from twin_assets.settings import ROOT, ModelConfig, slug


def embedding_model_folder(config: ModelConfig, models_dir: Path) -> Path:
    """The folder with the model's files, in the layout of sentence-transformers.

    A bundled package's weights are compared with the pinned SHA-256 each time; a hub's files are fetched once, into
    `models_dir`. Raises ModelError when the files are missing or are not the ones that were pinned.
    """
    if config.role != "embedding":
        raise ModelError(f"a model with the role {config.role!r} cannot embed", "set features.embedder to one that can")
    return _folder(config, models_dir)


def reranker_folder(config: ModelConfig, models_dir: Path) -> Path:
    """The folder with a cross-encoder's files, found and checked as an embedding model's. Raises ModelError."""
    if config.role != "reranker":
        raise ModelError(
            f"a model with the role {config.role!r} cannot rerank", "set retrieval.reranker to one that can"
        )
    return _folder(config, models_dir)


def _folder(config: ModelConfig, models_dir: Path) -> Path:
    if config.package:
        return _verified(_package_folder(config.package), config)
    if config.path:
        folder = config.path.expanduser()
        return _verified(folder if folder.is_absolute() else ROOT / folder, config)
    if config.hub:
        return _verified(_from_hub(config.hub, models_dir, config.role), config)
    raise ModelError(f"the {config.role} model has no package, path or hub", "name one in its file in config/models/")


def _package_folder(package: str) -> Path:
    """The `model` folder of an installed package; the package itself is not imported."""
    found = importlib.util.find_spec(package.replace("-", "_"))
    if found is None or found.origin is None:
        raise ModelError(
            f"the package {package!r} is not installed", "install requirements/core.txt again (`make twin`)"
        )
    return Path(found.origin).parent / "model"


def _verified(folder: Path, config: ModelConfig) -> Path:
    """The folder, when it holds a model's weights, and the pinned ones where a digest is given."""
    weights = folder / Path(config.file).name if config.file else folder / "model.safetensors"
    if not weights.is_file() and (config.sha256 or not any(folder.glob("*.bin"))):
        raise ModelError(f"no model file at {str(weights)!r}", "install the package again, or correct the path")
    if config.sha256 and (actual := file_sha256(weights)) != config.sha256:
        raise ModelError(
            f"{weights.name} in {str(folder)!r} has the SHA-256 {actual}, not {config.sha256}",
            "install the package again; if the change is intended, correct sha256 in config/models/",
        )
    return folder


def _from_hub(hub: str, models_dir: Path, role: str) -> Path:
    """Files of a hub id, optionally `id@revision`; they appear under their name whole or not at all."""
    folder = models_dir / role / slug(hub)
    if folder.is_dir():
        return folder
    from huggingface_hub import snapshot_download

    name, _, revision = hub.partition("@")
    folder.parent.mkdir(parents=True, exist_ok=True)
    staged = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        snapshot_download(name, revision=revision or None, local_dir=staged)
        staged.rename(folder)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
        raise ModelError(
            f"the model {hub!r} could not be fetched: {reason}",
            "check its name and the network, or give a local `path:`",
        ) from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return folder
