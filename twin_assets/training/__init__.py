"""Training: a recipe becomes a config of Axolotl, a job of the training environment, and an adapter.

`recipes` (pure) and `job` run in the core environment; `run`, `reporting`, `axolotl_plugin` and `check` run in the
training environment, where this package is not installed, and import nothing of it.
"""

from twin_assets.training.adapters import TrainedAdapter, adapter_digest, adapter_identity, trainer_version
from twin_assets.training.job import TrainingJob
from twin_assets.training.recipes import render_dpo, render_sft

__all__ = [
    "TrainedAdapter",
    "TrainingJob",
    "adapter_digest",
    "adapter_identity",
    "render_dpo",
    "render_sft",
    "trainer_version",
]
