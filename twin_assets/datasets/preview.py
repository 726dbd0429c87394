"""A dataset as a person looks at it: some samples, and how long they are, in Markdown for an asset's metadata."""

from collections.abc import Callable, Sequence
from typing import TypeVar, get_args

from twin_assets.digests import digest
from twin_assets.pictures import new_figure, picture
from twin_assets.records import InstructionSample, PreferenceSample, Split

S = TypeVar("S", InstructionSample, PreferenceSample)

_CELL = 200


def instruction_preview(samples: Sequence[InstructionSample], count: int = 10) -> str:
    """A table of `count` samples, chosen by hash, so that an unchanged dataset looks the same."""
    rows = [(s.split, s.family, s.origin, s.instruction, s.answer, _link(s)) for s in some(samples, count)]
    return _table(("split", "family", "instruction by", "instruction", "answer (the author's text)", "from"), rows)


def preference_preview(samples: Sequence[PreferenceSample], count: int = 10) -> str:
    """A table of `count` pairs, chosen by hash."""
    rows = [(s.split, s.instruction, s.chosen, s.rejected, s.origin.partition(":")[0]) for s in some(samples, count)]
    return _table(("split", "instruction", "chosen", "rejected", "which is"), rows)


def some(samples: Sequence[S], count: int) -> list[S]:
    """At most `count` samples, chosen by hash."""
    return sorted(samples, key=lambda sample: digest("preview", sample.sample_id))[:count]


def token_bins(
    samples: Sequence[InstructionSample], count_tokens: Callable[[list[str]], list[int]], width: int = 64
) -> dict[Split, list[int]]:
    """How many answers of each split have how many tokens, in steps of `width` tokens from 0 on."""
    counts = count_tokens([sample.answer for sample in samples]) if samples else []
    splits: tuple[Split, ...] = get_args(Split)
    bins = {split: [0] * (max(counts, default=0) // width + 1) for split in splits}
    for sample, tokens in zip(samples, counts, strict=True):
        bins[sample.split][tokens // width] += 1
    return bins


def token_plot(
    samples: Sequence[InstructionSample], count_tokens: Callable[[list[str]], list[int]], width: int = 64
) -> str:
    """A histogram of the tokens of answers, by split, as a Markdown image."""
    if not samples:
        return "no samples"
    bins = token_bins(samples, count_tokens, width)
    figure = new_figure()
    axes = figure.add_subplot()
    below = [0] * len(bins["train"])
    edges = [width * at for at in range(len(below))]
    for split, counts in bins.items():
        axes.bar(edges, counts, width=width * 0.95, align="edge", bottom=below, label=split)
        below = [low + count for low, count in zip(below, counts, strict=True)]
    axes.set_xlabel("tokens of the answer")
    axes.set_ylabel("samples")
    axes.legend()
    return picture(figure, "answers by tokens: " + ", ".join(f"{split} {sum(n)}" for split, n in bins.items()))


def _link(sample: InstructionSample) -> str:
    title = sample.title or sample.kind
    return f"[{title}]({sample.url})" if sample.url.startswith(("http://", "https://")) else title


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [" | ".join(header), " | ".join("---" for _ in header), *(" | ".join(map(_cell, row)) for row in rows)]
    return "\n".join(f"| {line} |" for line in lines)


def _cell(text: str) -> str:
    """One line, cut when long, that cannot break out of its cell."""
    line = " ".join(text.split())
    line = line if len(line) <= _CELL else f"{line[: _CELL - 1]}…"
    return line.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
