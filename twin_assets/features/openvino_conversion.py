"""A sentence-transformers model converted to OpenVINO, in a process of its own.

    python -m twin_assets.features.openvino_conversion FOLDER TARGET

PyTorch and what it takes to trace a model fill 500 MiB, which the process that embeds would never give back. Exit
status 2: the model cannot be loaded; 3: OpenVINO cannot compute it. What and its remedy are the last line, as JSON.
"""

import json
import sys
import warnings
from pathlib import Path
from typing import Any

from twin_assets.errors import ModelError
from twin_assets.features.encoders import import_openvino, load_sentence_transformer

FILE = "model.xml"
"""Of a converted model; its weights lie beside it."""
NOT_LOADED, NOT_CONVERTED = 2, 3
LEAST_COSINE = 0.9999
"""To PyTorch's vectors in 32 bits. Tracing follows one path through a model's code; another path shows here."""


class ConversionError(Exception):
    """OpenVINO cannot compute the model, or does not compute the same."""


def convert(folder: Path, target: Path) -> None:
    """Write the whole model, pooling and all, as a graph for any number of texts and tokens into an existing folder.

    Raises ModelError: it cannot be loaded; ConversionError: it cannot be converted.
    """
    import torch

    ov = import_openvino()
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
            examples = [_example(texts, tokens) for texts, tokens in ((1, 3), (5, 40))]
            cosines = [(compiled(one)[0] * model(**one).numpy()).sum(axis=1).min() for one in examples]
        except (RuntimeError, TypeError, ValueError, KeyError, AttributeError) as error:
            raise ConversionError(f"OpenVINO cannot convert the model in {str(folder)!r}: {error}") from error
    if not min(cosines) >= LEAST_COSINE:
        raise ConversionError(f"OpenVINO's vectors of the model in {str(folder)!r} are others than PyTorch's")
    ov.save_model(graph, target / FILE, compress_to_fp16=False)


def _example(texts: int, tokens: int) -> dict[str, Any]:
    """Texts of any words, each but the first shorter than the one before."""
    import torch

    mask = torch.ones(texts, tokens, dtype=torch.int64)
    for row in range(texts):
        mask[row, max(tokens - row, 1) :] = 0
    ids = torch.arange(texts * tokens, dtype=torch.int64).reshape(texts, tokens) % 1_000 + 1
    return {"input_ids": ids * mask, "attention_mask": mask}


def main(folder: str, target: str) -> int:
    """Convert, or say why not. Returns the exit status."""
    try:
        convert(Path(folder), Path(target))
    except ModelError as error:
        return _said(error.what, error.remedy, NOT_LOADED)
    except ConversionError as error:
        return _said(str(error), "", NOT_CONVERTED)
    return 0


def _said(what: str, remedy: str, status: int) -> int:
    sys.stdout.write(json.dumps([what, remedy]) + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
