"""Checks before a training run: what Axolotl would drop silently or fail on with a message nobody understands.

Used in the core environment (files and lengths, before a process is started) and in the training environment (keys
of the config, which only Axolotl knows). It imports nothing of either.
"""

import difflib
import json
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOO_LONG = "longer than sequence_len"
SAME_ANSWER = "chosen and rejected are the same"
LOST_IN_TEMPLATE = "the chat template changes an answer, or holds it elsewhere"

_DUMMY = {"role": "user", "content": "[[dummy_message]]"}
"""What Axolotl's `chat_template.default` for DPO puts before an answer when it renders it."""


@dataclass(frozen=True)
class Problem:
    """What is wrong, and what to do about it."""

    what: str
    remedy: str


@dataclass(frozen=True)
class Selection:
    """Rows fit to train on, their tokens under the chat template, and how many were set aside for which reason."""

    rows: list[dict[str, Any]]
    tokens: int
    set_aside: dict[str, int]


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
        problems += data_problems(Path(entry["path"]), fields)
    return problems


def data_problems(file: Path, fields: set[str]) -> list[Problem]:
    """A JSONL file that is missing, empty, or has a line without the fields; only its first bad line is named."""
    remedy = "materialize the dataset that it is exported from again"
    if not file.is_file():
        return [Problem(f"the data file {str(file)!r} does not exist", remedy)]
    lines = [(number, line) for number, line in enumerate(_lines(file), 1) if line.strip()]
    for number, line in lines:
        try:
            row = json.loads(line)
        except ValueError as error:
            return [Problem(f"{file.name}, line {number}: not JSON: {error}", remedy)]
        missing = fields - row.keys() if isinstance(row, dict) else fields
        if missing:
            return [Problem(f"{file.name}, line {number}: lacks {', '.join(sorted(missing))}", remedy)]
    return [] if lines else [Problem(f"the data file {file.name} has no rows", "add more writing as a source")]


def read_rows(file: Path, torn_end: bool = False) -> list[dict[str, Any]]:
    """The rows of a JSONL file; with `torn_end` without what follows the last line feed, which may be half a row."""
    lines = _lines(file)
    return [json.loads(line) for line in (lines[:-1] if torn_end else lines) if line.strip()]


def select(tokenizer: Any, rows: Iterable[dict[str, Any]], limit: int) -> Selection:
    """The rows that can be trained on as they are meant, with sequences of at most `limit` tokens.

    Axolotl leaves long rows out by itself, but without a count; and for a pair it takes as the answer whatever
    follows the first place where the answer's text occurs in the rendered template.
    """
    kept: list[dict[str, Any]] = []
    tokens = 0
    set_aside: Counter[str] = Counter()
    for row in rows:
        answers = [row[name] for name in ("chosen", "rejected") if name in row]
        length = max(_chat_tokens(tokenizer, [*row["messages"], *answer]) for answer in [[a] for a in answers] or [[]])
        if length > limit:
            set_aside[TOO_LONG] += 1
        elif answers and answers[0]["content"] == answers[1]["content"]:
            set_aside[SAME_ANSWER] += 1
        elif not all(_found_in_place(tokenizer, answer) for answer in answers):
            set_aside[LOST_IN_TEMPLATE] += 1
        else:
            kept.append(row)
            tokens += length
    return Selection(kept, tokens, dict(set_aside))


def _found_in_place(tokenizer: Any, answer: dict[str, str]) -> bool:
    text = tokenizer.apply_chat_template([_DUMMY, answer], tokenize=False)
    prompt = tokenizer.apply_chat_template([_DUMMY], add_generation_prompt=True, tokenize=False)
    return bool(text.find(answer["content"]) == len(prompt))


def _chat_tokens(tokenizer: Any, messages: list[dict[str, str]]) -> int:
    text = tokenizer.apply_chat_template(messages, tokenize=False)
    return len(tokenizer(text, add_special_tokens=False)["input_ids"])


def _lines(file: Path) -> list[str]:
    """Lines by line feed alone: a text may hold U+2028 and its like, at which `str.splitlines` would split a row."""
    return file.read_text(encoding="utf-8").split("\n")
