"""Log-probabilities and answers from the SGLang server, for the exact adapter that is evaluated.

The one place where texts become token ids: by the base model's own chat template, as in training and in serving.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin_assets.deployment.engine import Engine
from twin_assets.evaluation.likelihood import Score, Scored
from twin_assets.progress import Report, silent
from twin_assets.prompts import Message

if TYPE_CHECKING:
    from collections.abc import Callable


def chat_tokenizer(model: Path) -> Any:
    """The tokenizer of a base model's folder, with its chat template."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(model, local_files_only=True)


def token_ids(tokenizer: Any, scored: Scored) -> tuple[list[int], list[int]]:
    """The ids of the rendered prompt, up to where the answer begins, and those of the answer.

    The end-of-turn token is not among the answer's ids: it is not text of the author and has no bytes to divide by.
    """
    prompt: str = tokenizer.apply_chat_template(
        [dict(message) for message in scored.prompt_messages], tokenize=False, add_generation_prompt=True
    )
    return (
        list(tokenizer(prompt, add_special_tokens=False)["input_ids"]),
        list(tokenizer(scored.answer, add_special_tokens=False)["input_ids"]),
    )


def engine_score(engine: Engine, tokenizer: Any, adapter: str | None, report: Report = silent) -> Score:
    """A `Score` by the server: of the adapter called `adapter`, or with None of the base model.

    The scoring raises AdapterNotLoaded when the adapter is not on the server, EngineError when it is away.
    """

    def score(texts: Sequence[Scored]) -> list[float]:
        pairs = [token_ids(tokenizer, text) for text in texts]
        return [sum(each) for each in engine.logprobs_many(pairs, adapter, report=report)]

    return score


def engine_generate(
    engine: Engine,
    adapter: str | None,
    *,
    max_tokens: int,
    temperature: float,
    seed: int,
    report: Report = silent,
) -> "Callable[[Sequence[Sequence[Message]]], list[str]]":
    """Answers by the server, of the adapter or (with None) of the base model, in the order of the prompts."""

    def generate(prompts: Sequence[Sequence[Message]]) -> list[str]:
        answers = engine.generate_many(
            prompts, adapter, max_tokens=max_tokens, temperature=temperature, seed=seed, report=report
        )
        return [answer.text for answer in answers]

    return generate
