"""What computes an embedder's vectors: OpenVINO on a processor, PyTorch on a GPU."""

import logging
import platform
import sys
import threading
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from twin_assets.errors import ModelError

Precision = Literal["float32", "bfloat16"]
Vectors = NDArray[np.float32]
"""Shape (texts, dimensions), each row of length 1."""
Ids = NDArray[np.int64]
"""Token ids, or their mask of ones and zeros: shape (texts, tokens of the longest)."""

_GPU_DEVICES = tuple(Path(path) for path in ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd"))
"""NVIDIA's, Windows' for Linux, AMD's."""

_log = logging.getLogger(__name__)


class Encoder(Protocol):
    """A loaded model. Safe to use from several threads."""

    @property
    def dimensions(self) -> int:
        """The length of a vector."""

    @property
    def batches_at_once(self) -> int:
        """How many threads should call `encode`."""

    @property
    def batch_tokens(self) -> int:
        """The tokens of a batch at which it is fastest, padding included."""

    def encode(self, ids: Ids, mask: Ids) -> Vectors:
        """A vector for each row of token ids."""


def best_precision() -> Precision:
    """What this machine computes in without emulating it, bfloat16 if it can."""
    if may_have_gpu():
        import torch

        if torch.cuda.is_available():
            return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
    from twin_assets.features.openvino_encoder import computes_bfloat16

    return "bfloat16" if computes_bfloat16() else "float32"


def load_encoder(folder: Path, precision: Precision, converted: Path | None) -> Encoder:
    """The fastest encoder for this machine.

    Args:
        folder: the model's files in the layout of sentence-transformers.
        precision: of the transformer's arithmetic.
        converted: where the model converted to OpenVINO is kept, and found by the next process; None for nowhere.

    A model that OpenVINO cannot compute is left to PyTorch, with a warning. Raises ModelError: it cannot be loaded.
    """
    from twin_assets.features.openvino_conversion import ConversionError
    from twin_assets.features.openvino_encoder import OpenVinoEncoder

    if may_have_gpu():
        encoder = TorchEncoder(folder, precision)
        if encoder.on_gpu:
            return encoder
    try:
        return OpenVinoEncoder(folder, precision, converted)
    except ConversionError as error:
        _log.warning("%s; it is computed by PyTorch, more slowly", error)
        return TorchEncoder(folder, precision)


def may_have_gpu() -> bool:
    """Whether there is a device that PyTorch may know how to use. To ask PyTorch itself takes seconds of imports."""
    return (platform.system(), platform.machine()) == ("Darwin", "arm64") or any(d.exists() for d in _GPU_DEVICES)


def import_openvino() -> Any:
    """OpenVINO without the package that would report its use to its makers, should that be installed."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino


class TorchEncoder:
    """A model in PyTorch, where sentence-transformers puts it: on a GPU, if there is one."""

    batches_at_once = 1
    batch_tokens = 2_048

    def __init__(self, folder: Path, precision: Precision) -> None:
        self._model = load_sentence_transformer(folder, precision)
        self._lock = threading.Lock()

    @property
    def on_gpu(self) -> bool:
        """Whether it is on something faster than the processor."""
        return str(self._model.device) != "cpu"

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return int(self._model.get_embedding_dimension())

    def encode(self, ids: Ids, mask: Ids) -> Vectors:
        """A vector for each row; pooling is in 32 bits always."""
        import torch

        device = self._model.device
        features = {"input_ids": torch.from_numpy(ids).to(device), "attention_mask": torch.from_numpy(mask).to(device)}
        transformer, *above = self._model
        with self._lock, torch.inference_mode():
            features = transformer(features)
            # A mean over 256 tokens in bfloat16 would lose what the transformer kept.
            features["token_embeddings"] = features["token_embeddings"].float()
            for module in above:
                features = module(features)
            normalized = torch.nn.functional.normalize(features["sentence_embedding"].float(), dim=1)
        found: Vectors = normalized.cpu().numpy()
        return found


def load_sentence_transformer(folder: Path, precision: Precision, device: str | None = None) -> Any:
    """A model from its folder, on its best device unless one is named. Raises ModelError."""
    from sentence_transformers import SentenceTransformer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    try:
        options = {"dtype": precision}
        return SentenceTransformer(str(folder), device=device, local_files_only=True, model_kwargs=options).eval()
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"the embedding model in {str(folder)!r} cannot be loaded: {error}",
            "use a folder in the layout of sentence-transformers",
        ) from error
