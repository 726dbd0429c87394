"""How a twin is trained: the files of `config/recipes/`."""

import re
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from twin_assets.settings.section import Positive, Strict


class SftStage(Strict):
    """Supervised fine-tuning on the author's own text."""

    max_steps: Positive = 120
    max_epochs: Positive = 4
    sequence_len: Positive = 512
    micro_batch_size: Positive = 1
    learning_rate: float = 1e-3
    lora_r: Positive = 16
    lora_alpha: Positive = 32
    eval_every: Positive = 30
    eval_rows: Positive = 32
    """Validation samples that the loss is measured on while training; evaluation has the test split."""
    patience: Positive = 3
    """Evaluations without a lower loss after which training stops."""


class DpoStage(Strict):
    """Direct preference optimization from the SFT adapter onwards."""

    max_steps: Positive = 16
    max_epochs: Positive = 1
    sequence_len: Positive = 512
    micro_batch_size: Positive = 2
    learning_rate: float = 5e-5
    beta: float = 0.1
    nll_weight: Annotated[float, Field(ge=0)] = 1.0
    """Weight of the negative log-likelihood of the chosen text, which keeps it likely."""


_TOKENS = re.compile(r"([1-9][0-9]*)(k|m)? tokens")
Size = Positive | Literal["all"] | Annotated[str, Field(pattern=f"^{_TOKENS.pattern}$")]
"""How much of the training split: so many samples, so many tokens (`200k tokens`), or all of it."""


class Recipe(Strict):
    """`recipes/<name>.yaml`: a choice of how to train; `axolotl` holds further keys of Axolotl's own config.

    A recipe of several sizes is as many partitions of the training assets: `default` for `all` and `default@500`.
    """

    base_model: str = "smollm2-135m-instruct"
    dataset: Annotated[str, Field(pattern=r"^(latest|[0-9a-f]{8,32})$")] = "latest"
    """The version of `instruction_dataset` that is trained and evaluated on: `latest`, or the first 8 digits or more of
    the digest of any that there was (`twin datasets list`)."""
    sizes: Annotated[tuple[Size, ...], Field(min_length=1)] = ("all",)
    seed: int = 42
    precision: Literal["auto", "bfloat16", "float32"] = "auto"
    """`auto` is bfloat16 on a processor that computes in it, else float32 (ten times faster there than emulation)."""
    sft: SftStage = SftStage()
    dpo: DpoStage | None = DpoStage()
    axolotl: dict[str, Any] = Field(default_factory=dict)
    deploy: bool = True

    @field_validator("sizes")
    @classmethod
    def _once(cls, sizes: tuple[Size, ...]) -> tuple[Size, ...]:
        if len(set(sizes)) < len(sizes):
            raise ValueError("names a size twice")
        return sizes

    @property
    def size(self) -> Size:
        """The size of a variant, which has one."""
        return self.sizes[0]

    def variants(self, name: str) -> dict[str, "Recipe"]:
        """The recipe once for each of its sizes, by the name of its partition."""
        names = {size: name if size == "all" else f"{name}@{str(size).replace(' ', '-')}" for size in self.sizes}
        return {names[size]: self.model_copy(update={"sizes": (size,)}) for size in self.sizes}


def size_tokens(size: Size) -> int | None:
    """How many tokens a size is; None for one in samples."""
    found = _TOKENS.fullmatch(str(size))
    return int(found[1]) * {None: 1, "k": 1000, "m": 1_000_000}[found[2]] if found else None
