from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.errors import ConfigError, InsufficientDataError
from twin_assets.settings import Recipe, SftStage
from twin_assets.training.recipes import REFUSED, render_dpo, render_sft


def sft(recipe: Recipe, train_tokens: int = 1_000_000) -> dict[str, Any]:
    return render_sft(
        recipe,
        base_model=Path("/models/base"),
        train_file=Path("/job/train.jsonl"),
        validation_file=Path("/job/validation.jsonl"),
        output_dir=Path("/job/output"),
        train_tokens=train_tokens,
    )


def dpo(recipe: Recipe, pairs: int = 100) -> dict[str, Any]:
    return render_dpo(
        recipe,
        base_model=Path("/models/base"),
        sft_adapter=Path("/adapters/sft"),
        train_file=Path("/job/train.jsonl"),
        output_dir=Path("/job/output"),
        pairs=pairs,
    )


def test_only_the_assistants_turn_is_trained_under_the_tokenizers_own_chat_template() -> None:
    config = sft(Recipe())
    assert config["chat_template"] == "tokenizer_default"
    assert config["datasets"][0]["roles_to_train"] == ["assistant"]
    assert config["datasets"][0]["train_on_eos"] == "turn"


def test_validation_is_a_file_of_its_own_and_never_a_part_of_the_training_rows() -> None:
    config = sft(Recipe())
    assert [entry["path"] for entry in config["test_datasets"]] == ["/job/validation.jsonl"]
    assert [entry["path"] for entry in config["datasets"]] == ["/job/train.jsonl"]
    assert not config.get("val_set_size")


def test_steps_are_bounded_by_epochs_over_the_packed_sequences() -> None:
    recipe = Recipe(sft=SftStage(max_steps=500, max_epochs=2, sequence_len=100, micro_batch_size=2, eval_every=500))
    assert sft(recipe, train_tokens=1001)["max_steps"] == 2 * 6  # 11 sequences are 6 batches
    assert sft(recipe, train_tokens=10_000_000)["max_steps"] == 500


def test_dpo_steps_are_bounded_by_the_pairs() -> None:
    assert dpo(Recipe(), pairs=5)["max_steps"] == 3
    assert dpo(Recipe(), pairs=500)["max_steps"] == Recipe().dpo.max_steps  # type: ignore[union-attr]


@given(st.integers(1, 400), st.integers(1, 200), st.integers(1, 100_000))
@settings(max_examples=100, deadline=None)
def test_the_last_step_is_always_an_evaluated_one(max_steps: int, eval_every: int, tokens: int) -> None:
    config = sft(Recipe(sft=SftStage(max_steps=max_steps, eval_every=eval_every)), train_tokens=tokens)
    assert 1 <= config["max_steps"] <= max_steps
    assert config["max_steps"] % config["eval_steps"] == 0
    assert config["eval_steps"] == config["save_steps"]


def test_nothing_to_train_on_is_said_and_not_tried() -> None:
    with pytest.raises(InsufficientDataError, match="tokens"):
        sft(Recipe(), train_tokens=0)
    with pytest.raises(InsufficientDataError, match="preference pairs"):
        dpo(Recipe(), pairs=0)


def test_keys_of_axolotl_in_the_recipe_are_merged_last() -> None:
    assert sft(Recipe(axolotl={"lr_scheduler": "linear", "weight_decay": 0.1}))["lr_scheduler"] == "linear"


@pytest.mark.parametrize("key", sorted(REFUSED))
def test_keys_that_would_break_identity_serving_or_privacy_are_refused_with_the_reason(key: str) -> None:
    with pytest.raises(ConfigError, match=f"axolotl.{key}") as error:
        sft(Recipe(axolotl={key: "anything"}))
    assert REFUSED[key] in error.value.what


def test_dpo_goes_on_from_the_sft_adapter_with_its_rank_and_keeps_the_chosen_text_likely() -> None:
    recipe = Recipe(sft=SftStage(lora_r=8, lora_alpha=24))
    config = dpo(recipe)
    assert config["lora_model_dir"] == "/adapters/sft"
    assert config["trainer_cls"] == "axolotl_plugin.AdapterDPOTrainer"
    assert (config["lora_r"], config["lora_alpha"]) == (8, 24)
    assert config["dpo_loss_type"] == ["sigmoid", "sft"]
    assert config["dpo_loss_weights"][1] > 0


def test_a_recipe_without_preference_tuning_has_no_dpo_config() -> None:
    with pytest.raises(ConfigError, match="dpo"):
        dpo(Recipe(dpo=None))


def test_configs_survive_yaml() -> None:
    for config in (sft(Recipe()), dpo(Recipe())):
        assert yaml.safe_load(yaml.safe_dump(config)) == config


def test_float32_is_asked_for_by_its_name_only() -> None:
    assert sft(Recipe(precision="float32"))["bfloat16"] is False
    assert sft(Recipe(precision="auto"))["bfloat16"] is True
