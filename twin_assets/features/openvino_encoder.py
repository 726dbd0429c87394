"""A sentence-transformers model on a processor: converted to OpenVINO once, a batch in each thread."""

import logging
import os
import queue
import shutil
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from twin_assets.features.encoders import Ids, Precision, Vectors, load_sentence_transformer

MOST_STREAMS = 8
"""Batches computed at once, each with memory of its own. More processors than that share the work within a batch."""
PAD_TO = 8
"""Batches are as wide as a multiple of this. For each shape OpenVINO makes machine code, and keeps it."""
LEAST_COSINE = 0.9999
"""To PyTorch's vectors in 32 bits. Tracing follows one path through a model's code; another path shows here."""

_FILE = "model.xml"

_log = logging.getLogger(__name__)


class ConversionError(Exception):
    """OpenVINO cannot compute the model, or does not compute the same."""


def computes_bfloat16() -> bool:
    """Whether the processor has units for it: OpenVINO would choose it by itself, or halves as short as it."""
    core = _openvino().Core()
    short = core.get_property("CPU", "INFERENCE_PRECISION_HINT") != _openvino().Type.f32
    return short and "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")


class OpenVinoEncoder:
    """A model whose batches are computed side by side, one thread each while there are not more than eight.

    Two threads on one batch wait for each other at each operator: beside other work they took six times as much of the
    processor for a question as one. And a batch of a thread may be small enough to stay in its core's cache.

    Args:
        folder: the model's files in the layout of sentence-transformers.
        precision: of the arithmetic.
        converted: a folder in which the converted model lies, or is put; None to convert it anew.

    Raises ModelError: the model cannot be loaded; ConversionError: it cannot be converted.
    """

    batch_tokens = 768

    def __init__(self, folder: Path, precision: Precision, converted: Path | None) -> None:
        processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self.batches_at_once = min(processors, MOST_STREAMS)
        options = {
            "INFERENCE_PRECISION_HINT": {"float32": "f32", "bfloat16": "bf16"}[precision],
            "INFERENCE_NUM_THREADS": processors,
            "NUM_STREAMS": str(self.batches_at_once),
        }
        self._compiled = _openvino().Core().compile_model(_converted_once(folder, converted), "CPU", options)
        self._requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for _ in range(self.batches_at_once):
            self._requests.put(self._compiled.create_infer_request())

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return int(self._compiled.output(0).get_partial_shape()[1].get_length())

    def encode(self, ids: Ids, mask: Ids) -> Vectors:
        """A vector for each row."""
        width = ((0, 0), (0, -ids.shape[1] % PAD_TO))
        request = self._requests.get()
        try:
            found: Vectors = request.infer({0: np.pad(ids, width), 1: np.pad(mask, width)})[0].copy()
        finally:
            self._requests.put(request)
        return found


def _openvino() -> Any:
    """OpenVINO without the package that would report its use to its makers, should that be installed."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino


def _converted_once(folder: Path, kept: Path | None) -> Any:
    """The model as OpenVINO's graph; where it is kept, it appears whole or not at all."""
    if kept is None:
        return _converted(folder)
    ov = _openvino()
    if kept.is_dir():
        try:
            return ov.Core().read_model(kept / _FILE)
        except RuntimeError as error:
            _log.warning("the converted model in %r cannot be read, and is made anew: %s", str(kept), error)
            shutil.rmtree(kept, ignore_errors=True)
    graph = _converted(folder)
    kept.parent.mkdir(parents=True, exist_ok=True)
    staged = Path(tempfile.mkdtemp(prefix=f".{kept.name}-", dir=kept.parent))
    try:
        ov.save_model(graph, staged / _FILE, compress_to_fp16=False)
        staged.rename(kept)
    except OSError:
        # Another process may have been faster, with the same.
        if not kept.is_dir():
            raise
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return graph


def _converted(folder: Path) -> Any:
    """The whole model, pooling and all, as a graph for any number of texts and tokens."""
    import torch

    ov = _openvino()
    whole = load_sentence_transformer(folder, "float32", "cpu")

    class Normalized(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.whole = whole

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            found = self.whole({"input_ids": input_ids, "attention_mask": attention_mask})
            return torch.nn.functional.normalize(found["sentence_embedding"], dim=1)

    model, shapes = Normalized(), [("input_ids", [-1, -1]), ("attention_mask", [-1, -1])]
    with warnings.catch_warnings(), torch.inference_mode():
        # The tracer warns of each decision in Python; whether one matters is seen below.
        warnings.simplefilter("ignore")
        try:
            graph = ov.convert_model(model, example_input=_example(3, 16), input=shapes)
            compiled = ov.Core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
            for texts, tokens in ((1, 3), (5, 40)):
                example = _example(texts, tokens)
                cosines = (compiled(example)[0] * model(**example).numpy()).sum(axis=1)
                if not cosines.min() >= LEAST_COSINE:
                    raise ConversionError(
                        f"converted, the model in {str(folder)!r} is another one: {cosines.min():.4f}"
                    )
        except (RuntimeError, TypeError, ValueError, KeyError, AttributeError) as error:
            raise ConversionError(f"OpenVINO cannot convert the model in {str(folder)!r}: {error}") from error
    return graph


def _example(texts: int, tokens: int) -> dict[str, Any]:
    """Texts of any words, each but the first shorter than the one before."""
    import torch

    mask = torch.ones(texts, tokens, dtype=torch.int64)
    for row in range(texts):
        mask[row, max(tokens - row, 1) :] = 0
    ids = torch.arange(texts * tokens, dtype=torch.int64).reshape(texts, tokens) % 1_000 + 1
    return {"input_ids": ids * mask, "attention_mask": mask}
