"""The embedder that the settings name, and the one that made a table of vectors."""

from collections.abc import Callable

from twin_assets.errors import StorageError
from twin_assets.features.embed import Embedder, PrecisionSetting
from twin_assets.models import embedding_model_folder
from twin_assets.settings import Settings


def configured_embedder(settings: Settings) -> Embedder:
    """The embedder of `features.embedder` in `features.embedding_precision`. Raises ConfigError, ModelError."""
    return _embedder(settings, settings.features.embedder, settings.features.embedding_precision)


def embedder_of(settings: Settings) -> Callable[[str], Embedder]:
    """Finds an embedder by its full name (`model@digest`, then `/precision`): what a reader needs while the table of
    the configured one is still being built. It raises StorageError when the model has changed since, ConfigError when
    its file in `config/models/` is gone.
    """

    def find(name: str) -> Embedder:
        label, _, rest = name.partition("@")
        embedder = _embedder(settings, label, "bfloat16" if rest.endswith("/bfloat16") else "float32")
        if embedder.name != name:
            raise StorageError(
                f"the chunks were embedded by {name!r}, and that model is now {embedder.name!r}",
                "materialize `chunk_embeddings` again",
            )
        return embedder

    return find


def _embedder(settings: Settings, name: str, precision: PrecisionSetting) -> Embedder:
    folder = embedding_model_folder(settings.model(name), settings.models_dir)
    return Embedder(folder, name, precision, settings.models_dir / "openvino")
