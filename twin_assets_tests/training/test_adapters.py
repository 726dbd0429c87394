import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from twin_assets.digests import config_digest, digest
from twin_assets.errors import TrainingError
from twin_assets.settings import DpoStage, Recipe, SftStage
from twin_assets.training.adapters import adapter_digest, adapter_identity, collect, trainer_version


def trained(folder: Path, weights: dict[str, Any] | None = None, **config: Any) -> Path:
    """An output folder as Axolotl leaves one, with the stray files that it leaves, too."""
    folder.mkdir()
    generator = np.random.default_rng(0)
    prefix = "base_model.model.model.layers.0"
    tensors = {
        f"{prefix}.{module}.lora_{side}.weight": generator.normal(size=(4, 4)).astype(np.float32)
        for module in ("self_attn.q_proj", "mlp.up_proj")
        for side in "AB"
    }
    save_file({**tensors, **(weights or {})}, folder / "adapter_model.safetensors")
    values = {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": ["up_proj", "q_proj"], "bias": "none"}
    values |= {"base_model_name_or_path": str(folder), "inference_mode": False, **config}
    (folder / "adapter_config.json").write_text(json.dumps(values))
    (folder / "model.safetensors").write_bytes(b"stray")
    (folder / "README.md").write_text("a model card")
    return folder


def test_the_adapter_alone_is_collected_and_names_no_path_of_this_machine(tmp_path: Path) -> None:
    path = collect(trained(tmp_path / "output"), tmp_path / "adapter", "smollm2")
    assert sorted(file.name for file in path.iterdir()) == ["adapter_config.json", "adapter_model.safetensors"]
    text = (path / "adapter_config.json").read_text()
    assert str(tmp_path) not in text
    assert json.loads(text)["base_model_name_or_path"] == "smollm2"


def test_the_digest_of_an_adapter_does_not_depend_on_where_or_in_what_order_it_was_written(tmp_path: Path) -> None:
    one = collect(trained(tmp_path / "one"), tmp_path / "a", "base")
    two = collect(trained(tmp_path / "two", target_modules=["q_proj", "up_proj"]), tmp_path / "b", "base")
    assert adapter_digest(one) == adapter_digest(two)


def test_other_weights_are_another_adapter(tmp_path: Path) -> None:
    name = "base_model.model.model.layers.0.mlp.up_proj.lora_B.weight"
    one = collect(trained(tmp_path / "one"), tmp_path / "a", "base")
    two = collect(trained(tmp_path / "two", {name: np.ones((4, 4), np.float32)}), tmp_path / "b", "base")
    assert adapter_digest(one) != adapter_digest(two)


@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors"])
def test_an_output_without_an_adapter_is_an_error_though_a_whole_model_lies_there(tmp_path: Path, name: str) -> None:
    output = trained(tmp_path / "output")
    (output / name).unlink()
    with pytest.raises(TrainingError, match=name):
        collect(output, tmp_path / "adapter", "base")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"use_dora": True}, "more than LoRA"),
        ({"modules_to_save": ["lm_head"]}, "more than LoRA"),
        ({"bias": "all"}, "more than LoRA"),
        ({"peft_type": "IA3"}, "no LoRA"),
        ({"target_modules": []}, "no LoRA"),
        ({"target_modules": ["q_proj", "o_proj"]}, "o_proj"),
    ],
)
def test_an_adapter_that_could_not_be_served_is_an_error(tmp_path: Path, config: dict[str, Any], said: str) -> None:
    with pytest.raises(TrainingError, match=said):
        collect(trained(tmp_path / "output", **config), tmp_path / "adapter", "base")
    assert not (tmp_path / "adapter").exists()


def test_weights_that_are_not_finite_are_an_error(tmp_path: Path) -> None:
    name = "base_model.model.model.layers.0.mlp.up_proj.lora_A.weight"
    output = trained(tmp_path / "output", {name: np.full((4, 4), np.nan, np.float32)})
    with pytest.raises(TrainingError, match="not finite"):
        collect(output, tmp_path / "adapter", "base")


def test_an_adapter_that_changes_nothing_is_an_error(tmp_path: Path) -> None:
    zeros = {
        f"base_model.model.model.layers.0.{module}.lora_B.weight": np.zeros((4, 4), np.float32)
        for module in ("self_attn.q_proj", "mlp.up_proj")
    }
    with pytest.raises(TrainingError, match="changes nothing"):
        collect(trained(tmp_path / "output", zeros), tmp_path / "adapter", "base")


def test_a_torn_weights_file_is_an_error(tmp_path: Path) -> None:
    output = trained(tmp_path / "output")
    file = output / "adapter_model.safetensors"
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(TrainingError, match="cannot be read"):
        collect(output, tmp_path / "adapter", "base")


def test_identity_follows_everything_that_decides_what_is_trained() -> None:
    recipe = Recipe()
    identities = {
        adapter_identity(recipe, "base", "data", "trainer"),
        adapter_identity(recipe, "base", "data", "trainer", stage="dpo"),
        adapter_identity(Recipe(sft=SftStage(lora_r=8)), "base", "data", "trainer"),
        adapter_identity(Recipe(axolotl={"weight_decay": 0.1}), "base", "data", "trainer"),
        adapter_identity(recipe, "other", "data", "trainer"),
        adapter_identity(recipe, "base", "other", "trainer"),
        adapter_identity(recipe, "base", "data", "other"),
        adapter_identity(Recipe(sizes=(500,)), "base", "data", "trainer"),
    }
    assert len(identities) == 8


def test_identity_does_not_follow_what_changes_nothing() -> None:
    identity = adapter_identity(Recipe(), "base", "data", "trainer")
    assert adapter_identity(Recipe(deploy=False), "base", "data", "trainer") == identity
    assert adapter_identity(Recipe(dpo=DpoStage(beta=0.5)), "base", "data", "trainer") == identity
    # Which version is pinned is in the dataset's digest; all of it is what it was before there were sizes.
    assert adapter_identity(Recipe(dataset="0123456789ab"), "base", "data", "trainer") == identity
    before = Recipe().model_dump(mode="json", exclude={"deploy", "dpo", "dataset", "sizes"})
    expected = digest("adapter", "sft", config_digest(before), "base", "data", "trainer")
    assert identity == expected


def test_the_trainers_version_is_what_its_list_pins(tmp_path: Path) -> None:
    assert trainer_version().startswith("axolotl==")
    (tmp_path / "train.txt").write_text("axolotl==1.0\ntorch==2.0  # for the CPU\n")
    with pytest.raises(TrainingError, match="peft, transformers, trl"):
        trainer_version(tmp_path / "train.txt")
