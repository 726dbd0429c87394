"""Start SGLang's server, after what it needs on a CPU is in place. Runs alone, in the serving environment.

    python launch_engine.py --device cpu --model-path DIR ...

All arguments are SGLang's own. With `--device cpu` the platform beside this file is chosen, and torchvision is made
importable: PyPI's torchvision wheel is built for CUDA, and on a CPU build of PyTorch its operators do not load, which
`import torchvision` does not survive. Each worker that SGLang spawns imports this file anew, so both hold there, too.
"""

import itertools
import os
import runpy
import sys
from importlib.util import find_spec
from pathlib import Path

PLATFORM = "SGLANG_PLATFORM"


def asks_for_cpu(arguments: list[str]) -> bool:
    """Whether `--device cpu` is among the arguments."""
    return "--device=cpu" in arguments or ("--device", "cpu") in itertools.pairwise(arguments)


def declare_torchvision_operators() -> None:
    """Declare the operators that `import torchvision` looks for, when its own library does not load."""
    import torch

    found = find_spec("torchvision")
    if found is None or found.origin is None:
        return
    library = Path(found.origin).with_name("_C.so")
    try:
        torch.ops.load_library(str(library))
    except OSError:
        for operator in ("nms", "qnms"):
            torch.library.define(
                f"torchvision::{operator}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
            )


if asks_for_cpu(sys.argv):
    os.environ[PLATFORM] = "torch_cpu"
if os.environ.get(PLATFORM) == "torch_cpu":
    declare_torchvision_operators()
if __name__ == "__main__":
    runpy.run_module("sglang.launch_server", run_name="__main__", alter_sys=False)
