"""Training and serving render with one template: the same messages are the same tokens, special ones included."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from twin_assets.datasets.export import export_preferences, export_sft
from twin_assets.datasets.templates import rendered, template_ids, template_preview
from twin_assets.prompts import Message, passages_block
from twin_assets.records import PreferenceSample
from twin_assets.serving.chat_request import parse
from twin_assets.serving.context import compose
from twin_assets_tests.datasets.conftest import make_sample

PASSAGES = [("Fog", "It came in at six."), ("Ledgers", "We wrote in ink.")]
QUESTION = "What did the fog do?\nAnd <|im_end|> then?"


class Found:
    """A passage as a search finds it."""

    def __init__(self, title: str, text: str) -> None:
        self.title, self.text = title, text
        self.document_id = self.chunk_id = self.url = ""
        self.start, self.end, self.score = 0, len(text), 1.0


def served(passages: Sequence[tuple[str, str]]) -> list[Message]:
    """The messages that the service sends to the engine for a question."""
    request = parse(json.dumps({"model": "twin", "messages": [{"role": "user", "content": QUESTION}]}).encode())

    async def few(_: Any) -> int:
        return 10

    found = [Found(title, text) for title, text in passages]
    return asyncio.run(compose(request.chat("Ada"), found, 64, 2048, few)).messages


@pytest.mark.parametrize("passages", [[], PASSAGES])
def test_a_trained_prompt_is_token_for_token_the_served_one(tmp_path: Path, tokenizer: Any, passages: Any) -> None:
    sample = make_sample("a", instruction=QUESTION, context=passages_block(passages), answer="It went out again.")
    export_sft([sample], "train", "Ada", tmp_path / "sft.jsonl")
    row = json.loads((tmp_path / "sft.jsonl").read_text())
    prompt = template_ids(tokenizer, served(passages), generate=True)
    trained = template_ids(tokenizer, row["messages"])
    assert trained[: len(prompt)] == prompt
    answer = trained[len(prompt) :]
    assert answer[-2:-1] == [tokenizer.eos_token_id]
    assert tokenizer.decode(answer[:-2]) == "It went out again."
    assert dict(rendered(tokenizer, "Ada", sample)) == {"prompt": prompt, "answer": answer}


def test_both_sides_of_a_pair_go_on_from_the_served_prompt(tmp_path: Path, tokenizer: Any) -> None:
    pair = PreferenceSample(
        *("id", "d", 0, 3), QUESTION, "Mine.", "Theirs.", "base:x", "train", "", "answer", passages_block(PASSAGES), ()
    )
    export_preferences([pair], "train", "Ada", tmp_path / "dpo.jsonl")
    row = json.loads((tmp_path / "dpo.jsonl").read_text())
    prompt = template_ids(tokenizer, served(PASSAGES), generate=True)
    assert template_ids(tokenizer, row["messages"], generate=True) == prompt
    parts = dict(rendered(tokenizer, "Ada", pair))
    assert parts["prompt"] == prompt
    for side in ("chosen", "rejected"):
        assert template_ids(tokenizer, [*row["messages"], row[side]]) == prompt + parts[side]


def test_the_preview_shows_every_special_token_with_its_id(chat_model: Path, tokenizer: Any) -> None:
    page = template_preview(chat_model, "small", "Ada", [make_sample("a", instruction="Why?", answer="So.")])
    start, end = (tokenizer.convert_tokens_to_ids(token) for token in ("<|im_start|>", "<|im_end|>"))
    assert f"| `<|im_end|>` | {end} |" in page
    assert f"<|im_start|>{{{start}}}user\nWhy?<|im_end|>{{{end}}}" in page
    assert f"So.<|im_end|>{{{end}}}" in page
