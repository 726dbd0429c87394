"""Checks before a training run: what Axolotl would drop silently or fail on with a message nobody understands.

Used in the core environment (files and lengths, before a process is started) and in the training environment (keys
of the config, which only Axolotl knows). It imports nothing of either.
"""

import difflib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Problem:
    """What is wrong, and what to do about it."""

    what: str
    remedy: str


@dataclass(frozen=True)
class Lengths:
    """Tokens of the rows of a training file under the chat template, against the longest sequence trained on."""

    tokens: tuple[int, ...]
    limit: int

    @property
    def usable(self) -> int:
        """Tokens of the rows that are short enough: what training will see of the file."""
        return sum(n for n in self.tokens if n <= self.limit)

    @property
    def too_long(self) -> int:
        """Rows that Axolotl leaves out because they are longer than the limit."""
        return sum(1 for n in self.tokens if n > self.limit)


def unknown_keys(config: dict[str, Any], known: Collection[str]) -> list[Problem]:
    """Keys that Axolotl does not know: it would drop them without a word."""
    problems = []
    for key in sorted(set(config) - set(known)):
        close = difflib.get_close_matches(key, known, 1)
        remedy = f"did you mean {close[0]!r}?" if close else "remove it from the recipe"
        problems.append(Problem(f"Axolotl has no key {key!r} (recipe key 'axolotl.{key}')", remedy))
    return problems


def file_problems(config: dict[str, Any]) -> list[Problem]:
    """Missing models and adapters; data files that are missing, empty or not what the stage is trained on."""
    problems = []
    if not (Path(config["base_model"]) / "config.json").is_file():
        remedy = "run `twin doctor`, or correct the model in config/models/"
        problems.append(Problem(f"there is no base model at {config['base_model']!r}", remedy))
    adapter = config.get("lora_model_dir")
    if adapter and not (Path(adapter) / "adapter_model.safetensors").is_file():
        problems.append(Problem(f"there is no SFT adapter at {adapter!r}", "materialize `sft_adapter` first"))
    fields = {"messages", "chosen", "rejected"} if config.get("rl") else {"messages"}
    for entry in [*config["datasets"], *(config.get("test_datasets") or [])]:
        problems += _data_problems(Path(entry["path"]), fields)
    return problems


def read_rows(file: Path) -> list[dict[str, Any]]:
    """The rows of a JSONL file."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def lengths(tokenizer: Any, rows: Iterable[dict[str, Any]], limit: int) -> Lengths:
    """Tokens of each row under the tokenizer's chat template; of a pair, of its longer answer."""
    return Lengths(tuple(_row_tokens(tokenizer, row) for row in rows), limit)


def length_problems(found: Lengths, file: Path) -> list[Problem]:
    """All rows too long: Axolotl would fail with `empty range for randrange()`."""
    if found.too_long < len(found.tokens):
        return []
    shortest = min(found.tokens, default=0)
    return [
        Problem(
            f"all {len(found.tokens)} rows of {file.name} are longer than sequence_len {found.limit} (the shortest "
            f"has {shortest} tokens)",
            "raise `sequence_len` in the recipe, or lower `datasets.passage_tokens` in config/twin.yaml",
        )
    ]


def _row_tokens(tokenizer: Any, row: dict[str, Any]) -> int:
    if "chosen" not in row:
        return _chat_tokens(tokenizer, row["messages"])
    return max(_chat_tokens(tokenizer, [*row["messages"], row[answer]]) for answer in ("chosen", "rejected"))


def _chat_tokens(tokenizer: Any, messages: list[dict[str, str]]) -> int:
    text = tokenizer.apply_chat_template(messages, tokenize=False)
    return len(tokenizer(text, add_special_tokens=False)["input_ids"])


def _data_problems(file: Path, fields: set[str]) -> list[Problem]:
    remedy = "materialize the dataset that it is exported from again"
    if not file.is_file():
        return [Problem(f"the data file {str(file)!r} does not exist", remedy)]
    count = 0
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        count += 1
        try:
            row = json.loads(line)
        except ValueError as error:
            return [Problem(f"{file.name}, line {number}: not JSON: {error}", remedy)]
        missing = fields - row.keys() if isinstance(row, dict) else fields
        if missing:
            return [Problem(f"{file.name}, line {number}: lacks {', '.join(sorted(missing))}", remedy)]
    return [] if count else [Problem(f"the data file {file.name} has no rows", "add more writing as a source")]
