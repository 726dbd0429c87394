"""Samples as a chat model reads them: its own template, its own special tokens, token for token.

The template object is the tokenizer's own. The trainer (`chat_template: tokenizer_default`), the server and this
preview all render with it, so that what is seen here is what is trained and served.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from twin_assets.prompts import request_messages, sample_messages
from twin_assets.records import InstructionSample, PreferenceSample


def rendered(tokenizer: Any, author: str, sample: InstructionSample | PreferenceSample) -> list[tuple[str, list[int]]]:
    """Parts of a sample with their token ids: `prompt`, and `answer` or `chosen` and `rejected`.

    A prompt ends where the answer begins, as in serving; an answer ends with what the template puts behind it.
    """
    prompt = template_ids(tokenizer, request_messages(author, sample.instruction, sample.context), generate=True)
    if isinstance(sample, InstructionSample):
        answers = {"answer": sample.answer}
    else:
        answers = {"chosen": sample.chosen, "rejected": sample.rejected}
    parts = [("prompt", prompt)]
    for name, text in answers.items():
        whole = template_ids(tokenizer, sample_messages(author, sample.instruction, text, sample.context))
        # A template that renders a prompt otherwise when an answer follows shows up as a part that is no answer.
        parts.append((name, whole[len(prompt) :] if whole[: len(prompt)] == prompt else whole))
    return parts


def template_ids(tokenizer: Any, messages: Sequence[Any], *, generate: bool = False) -> list[int]:
    """Token ids of a chat under the tokenizer's own template; with `generate` up to where an answer begins."""
    text = tokenizer.apply_chat_template(
        [dict(message) for message in messages], tokenize=False, add_generation_prompt=generate
    )
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def template_preview(
    folder: Path, name: str, author: str, samples: Sequence[InstructionSample | PreferenceSample]
) -> str:
    """Markdown: the special tokens of a model and samples as it reads them, each special token with its id.

    Args:
        folder: the model's folder, with tokenizer and chat template.
        name: what the model is called.
        author: whose twin it is.
        samples: what is shown.
    """
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    special = set(tokenizer.all_special_ids) | set(tokenizer.added_tokens_decoder)
    lines = [f"# {name}", "", "| special token | id |", "|---|---:|"]
    lines += [f"| `{tokenizer.convert_ids_to_tokens(i)}` | {i} |" for i in sorted(special)]
    for sample in samples:
        lines += ["", f"## {sample.sample_id}"]
        for part, ids in rendered(tokenizer, author, sample):
            lines += ["", f"{part}, {len(ids)} tokens:", "", "~~~~text", _marked(tokenizer, ids, special), "~~~~"]
    return "\n".join(lines) + "\n"


def _marked(tokenizer: Any, ids: Sequence[int], special: set[int]) -> str:
    """The text of tokens, with the id of each special one behind it: `<|im_start|>{1}`."""
    shown: list[str] = []
    plain: list[int] = []
    for token in [*ids, None]:
        if token is not None and token not in special:
            plain.append(token)
            continue
        if plain:
            shown.append(tokenizer.decode(plain, clean_up_tokenization_spaces=False))
            plain = []
        if token is not None:
            shown.append(f"{tokenizer.convert_ids_to_tokens(token)}{{{token}}}")
    return "".join(shown)
