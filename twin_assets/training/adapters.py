"""Adapters: what they are (identity), what a training run left (checked), and how they are handed on."""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from twin_assets.digests import config_digest, digest, file_sha256
from twin_assets.errors import TrainingError
from twin_assets.settings import ROOT, Recipe

Stage = Literal["sft", "dpo"]

RUNNER = 1
"""Raised when run.py or the plugin change what is trained, so that adapters get new identities."""

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
_PINNED = ("axolotl", "peft", "torch", "transformers", "trl")
_PIN = re.compile(r"^([A-Za-z0-9_.-]+)==([^\s;]+)", re.MULTILINE)


@dataclass(frozen=True)
class TrainedAdapter:
    """An adapter that was checked: a folder with its config and weights only, and what was measured in training."""

    path: Path
    digest: str
    result: dict[str, Any]
    history: list[dict[str, Any]]


def adapter_identity(
    recipe: Recipe, base_digest: str, dataset_digest: str, trainer_version: str, stage: Stage = "sft"
) -> str:
    """What an adapter is: the digest of recipe, base model, dataset and trainer.

    For SFT the recipe's `dpo` section does not count; for DPO let `dataset_digest` be a digest of the SFT adapter's
    identity and the preference data.
    """
    # The version of the dataset is in its digest; a recipe that takes all of it is what it was before there were sizes.
    excluded = {"deploy", "dataset"} | ({"dpo"} if stage == "sft" else set())
    excluded |= {"sizes"} if recipe.size == "all" else set()
    content = recipe.model_dump(mode="json", exclude=excluded)
    return digest("adapter", stage, config_digest(content), base_digest, dataset_digest, trainer_version)


def trainer_version(requirements: Path = ROOT / "requirements" / "train.txt") -> str:
    """The pinned versions that decide what a training run computes. Raises TrainingError when one is not pinned."""
    text = requirements.read_text(encoding="utf-8") if requirements.is_file() else ""
    pins = dict(_PIN.findall(text))
    missing = [name for name in _PINNED if name not in pins]
    if missing:
        raise TrainingError(f"{requirements} does not pin {', '.join(missing)}", "restore it from the repository")
    return " ".join(f"{name}=={pins[name]}" for name in _PINNED) + f" runner=={RUNNER}"


def collect(output: Path, target: Path, base_name: str) -> Path:
    """Check the adapter in a trainer's output folder and put it alone into `target`, which is made anew.

    The copy's config names the base model by `base_name`, not by a path of this machine.
    Raises TrainingError when there is no adapter, or it cannot be served.
    """
    for name in (CONFIG, WEIGHTS):
        if not (output / name).is_file():
            raise TrainingError(f"the trainer left no {name} in {str(output)!r}", "run again, and see train.log there")
    config = json.loads((output / CONFIG).read_text(encoding="utf-8"))
    _verify(config, output / WEIGHTS)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    config |= {"base_model_name_or_path": base_name, "inference_mode": True}
    config["target_modules"] = sorted(config["target_modules"])
    (target / CONFIG).write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    shutil.copyfile(output / WEIGHTS, target / WEIGHTS)
    return target


def adapter_digest(folder: Path) -> str:
    """Digest of an adapter's config and weights: which adapter exactly was evaluated, registered and deployed."""
    return digest("adapter", [(name, file_sha256(folder / name)) for name in (CONFIG, WEIGHTS)])


def _verify(config: dict[str, Any], weights: Path) -> None:
    """Raises TrainingError unless the adapter is one plain LoRA with finite weights for each module it names."""
    from safetensors import SafetensorError, safe_open

    remedy = "train again; if it comes back, lower `learning_rate` in the recipe"
    modules = config.get("target_modules")
    if config.get("peft_type") != "LORA" or not isinstance(config.get("r"), int) or not modules:
        raise TrainingError(f"the adapter is no LoRA with a rank and modules: {config.get('peft_type')!r}", remedy)
    if config.get("use_dora") or config.get("modules_to_save") or config.get("bias", "none") != "none":
        raise TrainingError("the adapter holds more than LoRA matrices, which the engine cannot serve", remedy)
    try:
        with safe_open(weights, framework="pt") as tensors:
            names = list(tensors.keys())
            changed = False
            for name in names:
                tensor = tensors.get_tensor(name)
                if not bool(tensor.isfinite().all()):
                    raise TrainingError(f"the adapter's weight {name!r} is not finite", remedy)
                changed = changed or (".lora_B." in name and bool(tensor.any()))
    except (SafetensorError, OSError) as error:
        raise TrainingError(f"{str(weights)!r} cannot be read: {error}", remedy) from error
    for module in modules:
        if not any(f".{module}.lora_A." in name for name in names):
            raise TrainingError(f"the adapter has no weights for its module {module!r}", remedy)
    if not changed:
        raise TrainingError("the adapter changes nothing: all its B matrices are zero", remedy)
