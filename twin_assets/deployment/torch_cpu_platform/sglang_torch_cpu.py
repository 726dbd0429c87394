"""An SGLang out-of-tree platform: plain PyTorch on a CPU, without the `sgl_kernel` build that no registry serves.

SGLang finds it by the entry point in `sglang_torch_cpu-0.1.dist-info` beside this file: the folder on PYTHONPATH
is an installed distribution to `importlib.metadata`, and nothing has to be built. It imports nothing of the
project, because it runs in the serving environment.
"""

import functools
import os
from collections.abc import Callable
from typing import Any

from sglang.srt.platforms.cpu import CpuDeviceMixin
from sglang.srt.platforms.device_mixin import PlatformEnum
from sglang.srt.platforms.interface import PlatformCapabilities, SRTPlatform


def activate() -> str | None:
    """The platform's class, when this platform was asked for by name; on a GPU SGLang is left as shipped."""
    return "sglang_torch_cpu.TorchCpuPlatform" if os.environ.get("SGLANG_PLATFORM") == "torch_cpu" else None


class TorchCpuPlatform(CpuDeviceMixin, SRTPlatform):  # type: ignore[misc]  # the bases are of the serving environment
    """SGLang's own CPU operations, with attention and LoRA in plain PyTorch."""

    _enum = PlatformEnum.OOT
    capabilities = PlatformCapabilities()

    def get_default_attention_backend(self) -> str:
        """Scaled dot product attention of PyTorch."""
        return "torch_native"

    def is_pin_memory_available(self, device: Any = None) -> bool:
        """There is no device to copy to."""
        return False

    def init_backend(self) -> None:
        """Ignore requests for pinned memory: SGLang's LoRA code pins without asking the platform."""
        import torch

        for name in ("tensor", "empty", "zeros", "ones", "arange"):
            setattr(torch, name, _unpinned(getattr(torch, name)))
        torch.Tensor.pin_memory = lambda self, device=None: self


def _unpinned(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, pin_memory: bool = False, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return call
