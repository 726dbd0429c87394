"""A sentence-transformers model on a processor: converted to OpenVINO once, a batch in each thread."""

import json
import logging
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from twin_assets.errors import ModelError
from twin_assets.features import openvino_conversion
from twin_assets.features.encoders import Ids, Precision, Vectors, import_openvino
from twin_assets.features.openvino_conversion import ConversionError
from twin_assets.settings import ROOT

MOST_STREAMS = 8
"""Batches computed at once, each with memory of its own. More processors than that share the work within a batch."""
PAD_TO = 8
"""Batches are as wide as a multiple of this. For each shape OpenVINO makes machine code, and keeps it."""
_FIRST_USE = threading.Lock()
"""Held while something of OpenVINO may be used for the first time. Its Python binding then initializes C++ statics and
lets other threads run meanwhile: one that needs the same static waits for it with the interpreter's lock in hand, and
both wait for ever."""

_log = logging.getLogger(__name__)


def computes_bfloat16() -> bool:
    """Whether the processor has units for it: OpenVINO would choose it by itself, or halves as short as it."""
    with _FIRST_USE:
        core = import_openvino().Core()
        short = core.get_property("CPU", "INFERENCE_PRECISION_HINT") != import_openvino().Type.f32
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
        self._requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        with _FIRST_USE:
            self._compiled = import_openvino().Core().compile_model(_converted(folder, converted), "CPU", options)
            for _ in range(self.batches_at_once):
                self._requests.put(self._compiled.create_infer_request())
            self.dimensions = self.encode(np.ones((1, 1), np.int64), np.ones((1, 1), np.int64)).shape[1]
            """The length of a vector."""

    def encode(self, ids: Ids, mask: Ids) -> Vectors:
        """A vector for each row."""
        width = ((0, 0), (0, -ids.shape[1] % PAD_TO))
        request = self._requests.get()
        try:
            found: Vectors = request.infer({0: np.pad(ids, width), 1: np.pad(mask, width)})[0].copy()
        finally:
            self._requests.put(request)
        return found


def _converted(folder: Path, kept: Path | None) -> Any:
    """The model as OpenVINO's graph; where it is kept, it appears whole or not at all, and is made by one process."""
    if kept is None:
        with tempfile.TemporaryDirectory() as place:
            _convert(folder, Path(place))
            return _read(Path(place))
    if (graph := _read(kept)) is not None:
        return graph
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(kept.with_name(f".{kept.name}.lock")):
            if (graph := _read(kept)) is not None:
                return graph
            shutil.rmtree(kept, ignore_errors=True)
            staged = kept.with_name(f".{kept.name}.staged")
            shutil.rmtree(staged, ignore_errors=True)
            staged.mkdir()
            try:
                _convert(folder, staged)
                staged.rename(kept)
            finally:
                shutil.rmtree(staged, ignore_errors=True)
    except OSError as error:
        raise ModelError(
            f"the converted model could not be written to {str(kept)!r}: {error}",
            "free 100 MB of disk space, or set TWIN_MODELS to another folder; then run again",
        ) from error
    return _read(kept)


def _read(place: Path) -> Any:
    """The graph in a folder; None where there is none that is whole."""
    if not place.is_dir():
        return None
    try:
        return import_openvino().Core().read_model(place / openvino_conversion.FILE)
    except RuntimeError as error:
        _log.warning("the converted model in %r cannot be read, and is made anew: %s", str(place), error)
        return None


def _convert(folder: Path, target: Path) -> None:
    """Convert in another process. Raises ModelError, ConversionError."""
    command = [sys.executable, "-m", openvino_conversion.__name__, str(folder.absolute()), str(target)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode in (openvino_conversion.NOT_LOADED, openvino_conversion.NOT_CONVERTED):
        what, remedy = json.loads(done.stdout.splitlines()[-1])
        if done.returncode == openvino_conversion.NOT_LOADED:
            raise ModelError(what, remedy)
        raise ConversionError(what)
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise ConversionError(f"the conversion of the model in {str(folder)!r} ended by itself: {last[:300]}")
