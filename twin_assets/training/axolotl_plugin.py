"""Axolotl plugin of the training environment: device, progress, held-out loss, and DPO that goes on from an adapter.

Loaded by Axolotl by name, from beside run.py; it cannot import twin_assets, which is not installed there.
"""

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from axolotl.core.trainers.dpo.trainer import AxolotlDPOTrainer
from axolotl.integrations.base import BasePlugin
from peft import PeftModel
from torch.utils.data import RandomSampler, Sampler
from transformers import TrainerCallback, set_seed

_KEPT = {
    "loss": "loss",
    "eval_loss": "eval_loss",
    "learning_rate": "learning_rate",
    "grad_norm": "grad_norm",
    "rewards/margins": "reward_margin",
    "rewards/accuracies": "reward_accuracy",
}
"""What is kept of a log of the trainer, and the name it has in history.jsonl."""


@dataclass
class Session:
    """One run of a job: where its history goes, who hears of progress, and what was measured."""

    stage: str
    history_file: Path
    validation_file: Path | None
    sft_adapter: str | None
    report: Callable[[dict[str, Any]], None]
    rows: list[dict[str, Any]] = field(default_factory=list)
    tokens: int = 0
    stopped_early: bool = False

    def resume_at(self, step: int) -> None:
        """Read the history of an earlier run and forget what came after the checkpoint that training goes on from."""
        if self.history_file.is_file():
            lines = self.history_file.read_text(encoding="utf-8").splitlines()
            self.rows = [row for row in map(_parsed, lines) if row is not None and row["step"] <= step]
        self.history_file.write_text("".join(json.dumps(row) + "\n" for row in self.rows), encoding="utf-8")

    def evaluated_at(self, step: int) -> bool:
        """Whether the history has the held-out loss at a step."""
        return any("eval_loss" in row and row["step"] == step for row in self.rows)

    def add(self, row: dict[str, Any]) -> None:
        """Append a row to the history and report it; an evaluation repeated on resuming is not a new row."""
        if "eval_loss" in row and self.evaluated_at(row["step"]):
            return
        self.rows.append(row)
        with self.history_file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        self.report(row)


_session: Session | None = None


def open_session(session: Session) -> None:
    """Set the session that the plugin works for; called by run.py before Axolotl starts."""
    global _session
    _session = session


def current_session() -> Session:
    """The session that was opened."""
    if _session is None:
        raise RuntimeError("axolotl_plugin is used by run.py only: no session was opened")
    return _session


class TwinPlugin(BasePlugin):  # type: ignore[misc]
    """Hooks of Axolotl."""

    def get_training_args(self, cfg: Any) -> dict[str, Any]:
        """On a CPU autocast costs more than it saves: the model is in bfloat16 itself. On a GPU bf16 is as usual."""
        if torch.cuda.is_available():
            return {"bf16": bool(cfg.bfloat16)}
        return {"use_cpu": True, "bf16": False}

    def pre_lora_load(self, cfg: Any, model: Any) -> None:
        """The trainer seeds only what comes after it: without this an adapter begins with other numbers each time."""
        set_seed(cfg.seed)

    def post_trainer_create(self, cfg: Any, trainer: Any) -> None:
        """Axolotl draws the order of packed rows from the global random state, which a resumed run does not share."""
        build = trainer._get_train_sampler

        def seeded(dataset: Any = None) -> Any:
            sampler = build(dataset)
            if isinstance(getattr(sampler, "sampler", None), RandomSampler):
                sampler.sampler = EpochOrder(len(sampler.sampler), cfg.seed, sampler)
                sampler.set_epoch(0)
            return sampler

        trainer._get_train_sampler = seeded

    def add_callbacks_post_trainer(self, cfg: Any, trainer: Any) -> list[TrainerCallback]:
        """The callback that keeps history and reports progress."""
        return [Progress(current_session(), trainer)]


class EpochOrder(Sampler[int]):  # type: ignore[misc]
    """Rows in an order that follows from seed and epoch alone: a resumed run goes on with the rows that were next.

    Args:
        rows: how many.
        seed: of the recipe.
        packed: the batches made of these rows. On resuming only this sampler is told the epoch, and tells them.
    """

    def __init__(self, rows: int, seed: int, packed: Any) -> None:
        self._rows, self._seed, self._packed, self._epoch = rows, seed, packed, 0

    def set_epoch(self, epoch: int) -> None:
        """Called before each epoch."""
        self._epoch = epoch
        self._packed.set_epoch(epoch)

    def __len__(self) -> int:
        return self._rows

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self._seed + self._epoch)
        yield from torch.randperm(self._rows, generator=generator).tolist()


class Progress(TrainerCallback):  # type: ignore[misc]
    """Each log of the trainer as a row of history and as a message; held-out loss around preference tuning."""

    def __init__(self, session: Session, trainer: Any) -> None:
        self._session, self._trainer = session, trainer
        self._started = time.monotonic()
        self._first_step = 0
        self._elapsed_before = 0.0
        self._tokens_seen = (0.0, self._started)

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Find where training goes on from, and measure the model before the first step."""
        session = self._session
        session.resume_at(state.global_step)
        self._first_step = state.global_step
        self._elapsed_before = max((row["elapsed_s"] for row in session.rows), default=0.0)
        self._started = time.monotonic()
        if session.stage == "dpo" and not any("eval_loss" in row for row in session.rows):
            self._measure(state)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        """Keep and report a log; a loss that is no number ends the run, for nothing after it can be of use."""
        logs = logs or {}
        row = {name: float(logs[key]) for key, name in _KEPT.items() if key in logs}
        if not row.keys() & {"loss", "eval_loss"}:
            return
        for name in ("loss", "eval_loss"):
            if not math.isfinite(row.get(name, 0.0)):
                raise RuntimeError(f"{name} is {row[name]} at step {state.global_step}")
        tokens = logs.get("tokens/total") or logs.get("num_tokens")
        if tokens:
            self._session.tokens = int(tokens)
            before, then = self._tokens_seen
            now = time.monotonic()
            self._tokens_seen = (float(tokens), now)
            row["tokens_per_s"] = round(max(float(tokens) - before, 0.0) / max(now - then, 1e-6), 1)
        self._add(state, row)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Measure the model as it will be saved (the best checkpoint has been loaded by now)."""
        self._session.stopped_early = state.global_step < state.max_steps
        if self._session.stage == "dpo" and not self._session.evaluated_at(state.global_step):
            self._measure(state)

    def _measure(self, state: Any) -> None:
        if self._session.validation_file is not None:
            loss = held_out_loss(self._trainer.model, self._trainer.processing_class, self._session.validation_file)
            self._add(state, {"eval_loss": loss})

    def _add(self, state: Any, values: dict[str, float]) -> None:
        running, done = time.monotonic() - self._started, state.global_step - self._first_step
        elapsed_s = round(self._elapsed_before + running, 1)
        seconds_left = round(running / done * (state.max_steps - state.global_step)) if done else None
        row = {"step": state.global_step, "total": state.max_steps, **values}
        self._session.add({**row, "elapsed_s": elapsed_s, "seconds_left": seconds_left})


class AdapterDPOTrainer(AxolotlDPOTrainer):  # type: ignore[misc]
    """DPO on the SFT adapter itself: TRL then takes a frozen copy of it, the adapter `ref`, as the reference."""

    def __init__(self, model: Any, *args: Any, peft_config: Any = None, **kwargs: Any) -> None:
        adapter = current_session().sft_adapter
        if adapter is None:
            raise RuntimeError("the job names no SFT adapter to go on from")
        super().__init__(PeftModel.from_pretrained(model, adapter, is_trainable=True), *args, **kwargs)
        if "ref" not in self.model.peft_config:
            raise RuntimeError("TRL made no reference adapter: its reference would be the base model")
        for name, parameter in self.model.named_parameters():
            if ".ref." in name:
                parameter.requires_grad_(False)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        """transformers loads only the adapters in folders of a checkpoint (`ref`), not the trained one at its top."""
        super()._load_from_checkpoint(resume_from_checkpoint, model)
        self.model.load_adapter(resume_from_checkpoint, "default", is_trainable=True)
        self.model.set_adapter("default")


def held_out_loss(model: Any, tokenizer: Any, file: Path) -> float:
    """Mean over samples of the mean negative log-likelihood of the assistant's tokens, in nats per token.

    Masks and weighs as Axolotl's evaluation of batches of one does, so that the figures of both stages compare.
    """
    was_training = model.training
    model.eval()
    losses: list[float] = []
    for line in filter(str.strip, file.read_text(encoding="utf-8").split("\n")):
        ids, start = _answer_tokens(tokenizer, json.loads(line)["messages"])
        inputs = torch.tensor([ids], device=next(model.parameters()).device)
        with torch.no_grad():
            logits = model(input_ids=inputs, use_cache=False).logits[0, start - 1 : -1].float()
        losses.append(float(torch.nn.functional.cross_entropy(logits, inputs[0, start:])))
    model.train(was_training)
    return sum(losses) / len(losses)


def _answer_tokens(tokenizer: Any, messages: list[dict[str, str]]) -> tuple[list[int], int]:
    """The tokens of a sample up to the end of the answer, and where the answer starts among them."""
    prompt = tokenizer.apply_chat_template(messages[:-1], add_generation_prompt=True, tokenize=False)
    text = tokenizer.apply_chat_template(messages, tokenize=False)
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    start = len(tokenizer(prompt, add_special_tokens=False)["input_ids"])
    end = len(ids) - ids[::-1].index(tokenizer.eos_token_id) if tokenizer.eos_token_id in ids[start:] else len(ids)
    return ids[:end], start


def _parsed(line: str) -> dict[str, Any] | None:
    """A row of history; None for a line that a killed process left unfinished."""
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) and "step" in row and "elapsed_s" in row else None
