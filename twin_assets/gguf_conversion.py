"""A GGUF file as a folder of safetensors.

Three things that transformers loses from GGUF are repaired, each of them silent damage if left out: it refuses to save
a model loaded from GGUF, it takes another token for end-of-turn than the file says, and it loses the pre-tokenizer.
"""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import Any

from twin_assets.errors import ModelError

PROOF = ("What is the capital of France?", "Paris")
_BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
_LOADER_KEYS = frozenset(
    {"quantization_config", "_name_or_path", "_model_name_or_path", "transformers_version", "model_type"}
)
_TOKENIZER_LEFTOVERS = (
    "clean_up_tokenization_spaces",
    "bos_token_id",
    "eos_token_id",
    "pad_token_id",
    "unk_token_id",
    "is_local",
    "local_files_only",
)


def convert(gguf: Path, out: Path) -> None:
    """Write the GGUF's weights in bfloat16, and its tokenizer with the pre-tokenizer that its metadata names.

    Raises ModelError: its architecture or pre-tokenizer is none that can be converted, or it holds unknown weights.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

    stated = _stated(gguf)
    loaded = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
    model_config = LlamaConfig(**{k: v for k, v in loaded.config.to_dict().items() if k not in _LOADER_KEYS})
    model_config.architectures = ["LlamaForCausalLM"]
    model = LlamaForCausalLM(model_config)
    difference = model.load_state_dict(loaded.state_dict(), strict=False)
    if difference.unexpected_keys:
        raise ModelError(f"{gguf.name} holds unknown weights: {difference.unexpected_keys[:3]}", "use `path:` instead")
    model.tie_weights()
    model = model.to(torch.bfloat16)
    model.config.dtype = torch.bfloat16
    for holder in (model.config, model.generation_config):
        holder.bos_token_id, holder.eos_token_id, holder.pad_token_id = stated["bos"], stated["eos"], stated["pad"]
    model.save_pretrained(out)

    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    tokenizer.eos_token = tokenizer.convert_ids_to_tokens(stated["eos"])
    tokenizer.pad_token = tokenizer.convert_ids_to_tokens(stated["pad"])
    tokenizer.model_max_length = stated["context"]
    tokenizer.save_pretrained(out)
    _repair_tokenizer(out)


def _stated(gguf: Path) -> dict[str, Any]:
    """What the GGUF's own metadata says about tokens and context; only what can be repaired is accepted."""
    from gguf import GGUFReader

    fields = GGUFReader(gguf).fields

    def value(key: str) -> Any:
        return fields[key].contents() if key in fields else None

    kind = (value("general.architecture"), value("tokenizer.ggml.pre"))
    if kind != ("llama", "smollm"):
        raise ModelError(
            f"{gguf.name} is of architecture {kind[0]!r} and pre-tokenizer {kind[1]!r}; only llama and smollm convert",
            "give the model in safetensors format as `path:` or `hub:`",
        )
    eos = value("tokenizer.ggml.eos_token_id")
    pad = value("tokenizer.ggml.padding_token_id")
    return {
        "bos": value("tokenizer.ggml.bos_token_id"),
        "eos": eos,
        "pad": eos if pad is None else pad,
        "context": value("llama.context_length"),
    }


def _repair_tokenizer(folder: Path) -> None:
    """Pre-tokenizer `smollm`: single digits, then GPT-2's byte level."""
    path = folder / "tokenizer.json"
    state = json.loads(path.read_text(encoding="utf-8"))
    digits = {"type": "Digits", "individual_digits": True}
    state["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [digits, _BYTE_LEVEL]}
    state["decoder"] = {**_BYTE_LEVEL, "add_prefix_space": True}
    state["normalizer"] = state["post_processor"] = None
    path.write_text(json.dumps(state, ensure_ascii=False), encoding="utf-8")

    path = folder / "tokenizer_config.json"
    settings = {k: v for k, v in json.loads(path.read_text(encoding="utf-8")).items() if k not in _TOKENIZER_LEFTOVERS}
    path.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def prove(folder: Path, name: str) -> None:
    """Raises ModelError when digits are not single tokens or the model does not answer and stop."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    digits = [tokenizer.decode([token]) for token in tokenizer.encode("2026", add_special_tokens=False)]
    if digits != list("2026"):
        raise ModelError(
            f"model {name!r}: '2026' became the tokens {digits!r}, not single digits", "report this as a bug"
        )
    question, answer = PROOF
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    inputs = tokenizer.apply_chat_template(
        [{"role": "user", "content": question}], add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    with torch.inference_mode():
        output = model.generate(**inputs, max_new_tokens=24, do_sample=False)
    reply = tokenizer.decode(output[0, inputs["input_ids"].shape[1] :])
    if answer not in reply or not reply.endswith(tokenizer.eos_token):
        raise ModelError(
            f"model {name!r} was converted, but answers {question!r} with {reply!r}", "report this as a bug"
        )


@contextmanager
def quiet() -> Iterator[None]:
    """Without progress bars, which would run into the caller's own lines.

    Some ask transformers whether they are wanted, others just write to standard error.
    """
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        with redirect_stderr(io.StringIO()):
            yield
    finally:
        if shown:
            logging.enable_progress_bar()
