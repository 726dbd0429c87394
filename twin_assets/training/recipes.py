"""Recipes as configs of Axolotl: pure functions, so that what will be trained can be read and tested beforehand.

The chat template is the tokenizer's own, which is what the engine serves with; of each sample only the assistant's
turn is trained. Validation is a file of its own, never a random part of the training rows.
"""

import math
from pathlib import Path
from typing import Any

from twin_assets.errors import ConfigError, InsufficientDataError
from twin_assets.settings import DpoStage, Recipe

PLUGIN = "axolotl_plugin"
"""The module beside run.py that Axolotl loads as a plugin."""

_MADE_HERE = "the twin sets it from the assets that go into training"
_SERVED = "the adapter must be servable on the base model as one plain LoRA"
_PRIVATE = "the author's data stays on this machine"
_RECIPE_KEY = "it is a key of the recipe itself"

REFUSED: dict[str, str] = {
    **dict.fromkeys(("base_model", "seed"), _RECIPE_KEY),
    **dict.fromkeys(
        (
            "adapter",
            "auto_resume_from_checkpoints",
            "base_model_config",
            "chat_template",
            "chat_template_jinja",
            "dataset_prepared_path",
            "datasets",
            "lora_model_dir",
            "merge_lora",
            "output_dir",
            "plugins",
            "pretraining_dataset",
            "resume_from_checkpoint",
            "reward_model",
            "rl",
            "test_datasets",
            "tokenizer_config",
            "tokenizer_type",
            "trainer_cls",
            "val_set_size",
        ),
        _MADE_HERE,
    ),
    **dict.fromkeys(
        (
            "added_tokens_overrides",
            "lora_alpha_pattern",
            "lora_fan_in_fan_out",
            "lora_modules_to_save",
            "lora_rank_pattern",
            "lora_target_parameters",
            "peft_layer_replication",
            "peft_trainable_token_indices",
            "peft_use_dora",
            "relora",
            "special_tokens",
            "tokens",
        ),
        _SERVED,
    ),
    **dict.fromkeys(("hub_model_id", "hub_strategy", "push_dataset_to_hub"), _PRIVATE),
}
"""Keys of Axolotl that `recipe.axolotl` may not hold, each with the reason."""

_MESSAGES = {"field_messages": "messages", "message_property_mappings": {"role": "role", "content": "content"}}


def render_sft(
    recipe: Recipe, *, base_model: Path, train_file: Path, validation_file: Path, output_dir: Path, train_tokens: int
) -> dict[str, Any]:
    """Axolotl's config for supervised fine-tuning.

    Args:
        recipe: the recipe; its `axolotl` keys are merged last.
        base_model: folder of the base model.
        train_file: JSONL rows `{"messages": [...]}`.
        validation_file: the same of other documents.
        output_dir: where checkpoints and the adapter go.
        train_tokens: tokens of all training rows under the chat template, which bound the number of steps.

    Raises ConfigError for a refused key, InsufficientDataError when there is nothing to train on.
    """
    stage = recipe.sft
    packed = math.ceil(train_tokens / stage.sequence_len)
    steps = _bounded_steps(stage.max_steps, stage.max_epochs, packed, stage.micro_batch_size, "tokens")
    # The best evaluated checkpoint is kept, so the last step has to be an evaluated one.
    evaluations = max(1, round(steps / stage.eval_every))
    eval_every = steps // evaluations
    steps = eval_every * evaluations
    chat = {"ds_type": "json", "split": "train", "type": "chat_template", **_MESSAGES}
    trained = {"roles_to_train": ["assistant"], "train_on_eos": "turn"}
    config = {
        **_common(recipe, base_model, output_dir, steps),
        "datasets": [{"path": str(train_file), **chat, **trained}],
        "test_datasets": [{"path": str(validation_file), **chat, **trained}],
        "sequence_len": stage.sequence_len,
        "sample_packing": True,
        "pad_to_sequence_len": True,
        # One sample a batch: the mean over batches that Trainer reports is then the mean over samples, the same
        # function that the plugin's `held_out_loss` computes for preference tuning.
        "eval_sample_packing": False,
        "eval_batch_size": 1,
        "micro_batch_size": stage.micro_batch_size,
        "learning_rate": stage.learning_rate,
        "lora_r": stage.lora_r,
        "lora_alpha": stage.lora_alpha,
        "eval_steps": eval_every,
        "save_steps": eval_every,
        "early_stopping_patience": stage.patience,
        "load_best_model_at_end": True,
        "metric_for_best_model": "eval_loss",
        "greater_is_better": False,
    }
    return _with_overrides(config, recipe.axolotl)


def render_dpo(
    recipe: Recipe, *, base_model: Path, sft_adapter: Path, train_file: Path, output_dir: Path, pairs: int
) -> dict[str, Any]:
    """Axolotl's config for direct preference optimization (Rafailov et al., 2023, arXiv:2305.18290).

    The SFT adapter itself is trained on, and a frozen copy of it is the reference, so that the result is one LoRA
    of the same rank on the base model. Axolotl 0.19 ignores `lora_model_dir` under `rl: dpo` and would start from
    the base model; the plugin's trainer does what is meant. The negative log-likelihood of the chosen text is added
    to the loss (Pang et al., 2024, arXiv:2404.19733), which keeps the author's text likely.

    Args:
        recipe: the recipe, whose `dpo` is set.
        base_model: folder of the base model.
        sft_adapter: folder of the adapter to go on from.
        train_file: JSONL rows `{"messages": [...], "chosen": {...}, "rejected": {...}}`.
        output_dir: where checkpoints and the adapter go.
        pairs: rows of `train_file`, which bound the number of steps.

    Raises ConfigError for a refused key or a recipe without `dpo`, InsufficientDataError without pairs.
    """
    stage = dpo_stage(recipe)
    steps = _bounded_steps(stage.max_steps, stage.max_epochs, pairs, stage.micro_batch_size, "preference pairs")
    roles = {role: [role] for role in ("system", "user", "assistant")}
    pair_fields = {"field_chosen": "chosen", "field_rejected": "rejected", "roles": roles}
    chat = {"ds_type": "json", "split": "train", "type": "chat_template.default", **_MESSAGES}
    config = {
        **_common(recipe, base_model, output_dir, steps),
        "rl": "dpo",
        "rl_beta": stage.beta,
        "dpo_loss_type": ["sigmoid", "sft"],
        "dpo_loss_weights": [1.0, stage.nll_weight],
        "trainer_cls": f"{PLUGIN}.AdapterDPOTrainer",
        "lora_model_dir": str(sft_adapter),
        "datasets": [{"path": str(train_file), **chat, **pair_fields}],
        "val_set_size": 0.0,
        "sequence_len": stage.sequence_len,
        "sample_packing": False,
        "pad_to_sequence_len": False,
        "micro_batch_size": stage.micro_batch_size,
        "learning_rate": stage.learning_rate,
        "lora_r": recipe.sft.lora_r,
        "lora_alpha": recipe.sft.lora_alpha,
        "save_steps": min(8, steps),
        "remove_unused_columns": False,
    }
    return _with_overrides(config, recipe.axolotl)


def dpo_stage(recipe: Recipe) -> DpoStage:
    """The recipe's preference tuning. Raises ConfigError when it has none."""
    if recipe.dpo is None:
        raise ConfigError("the recipe has no `dpo` section", "add one, or train with `sft` alone")
    return recipe.dpo


def _bounded_steps(max_steps: int, max_epochs: int, sequences: int, batch: int, what: str) -> int:
    if sequences < 1:
        raise InsufficientDataError(f"there are no {what} to train on", "add more of the author's writing as a source")
    return min(max_steps, max_epochs * math.ceil(sequences / batch))


def _common(recipe: Recipe, base_model: Path, output_dir: Path, steps: int) -> dict[str, Any]:
    return {
        "base_model": str(base_model),
        "model_type": "AutoModelForCausalLM",
        "tokenizer_type": "AutoTokenizer",
        "chat_template": "tokenizer_default",
        "plugins": [f"{PLUGIN}.TwinPlugin"],
        "output_dir": str(output_dir),
        "dataset_prepared_path": str(output_dir.with_name("prepared")),
        "dataset_num_proc": 1,
        "dataloader_num_workers": 0,
        "dataloader_pin_memory": False,
        "dataloader_prefetch_factor": None,
        "load_in_8bit": False,
        "load_in_4bit": False,
        "adapter": "lora",
        "lora_dropout": 0.0,
        "lora_target_linear": True,
        "lora_mlp_kernel": False,
        "lora_qkv_kernel": False,
        "lora_o_kernel": False,
        "lora_embedding_kernel": False,
        "gradient_accumulation_steps": 1,
        "max_steps": steps,
        "optimizer": "adamw_torch",
        "lr_scheduler": "cosine",
        "warmup_steps": max(1, round(0.05 * steps)),
        "weight_decay": 0.0,
        # Loads the model in it. Autocast on top is for GPUs and is the plugin's to decide; `auto` is run.py's.
        "bfloat16": recipe.precision != "float32",
        "bf16": False,
        "fp16": False,
        "tf32": False,
        "attn_implementation": "sdpa",
        "gradient_checkpointing": False,
        "torch_compile": False,
        "logging_steps": max(1, steps // 60),
        "save_total_limit": 2,
        "auto_resume_from_checkpoints": True,
        "seed": recipe.seed,
    }


def _with_overrides(config: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    for key in overrides:
        if key in REFUSED:
            raise ConfigError(f"recipe key 'axolotl.{key}' is refused: {REFUSED[key]}", "remove it from the recipe")
    return {**config, **overrides}
