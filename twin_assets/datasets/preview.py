"""A dataset as a person looks at it: some samples, and how long they are, in Markdown for an asset's metadata."""

from collections.abc import Callable, Sequence
from typing import TypeVar, get_args

from twin_assets.digests import digest
from twin_assets.records import InstructionSample, PreferenceSample, Split

S = TypeVar("S", InstructionSample, PreferenceSample)

_CELL = 200
_BAR = 24


def instruction_preview(samples: Sequence[InstructionSample], count: int = 10) -> str:
    """A table of `count` samples, chosen by hash, so that an unchanged dataset looks the same."""
    rows = [(s.split, s.origin, s.instruction, s.answer, _link(s)) for s in _some(samples, count)]
    return _table(("split", "instruction by", "instruction", "answer (the author's text)", "from"), rows)


def preference_preview(samples: Sequence[PreferenceSample], count: int = 10) -> str:
    """A table of `count` pairs, chosen by hash."""
    rows = [(s.split, s.instruction, s.chosen, s.rejected) for s in _some(samples, count)]
    return _table(("split", "instruction", "chosen (the author)", "rejected (the base model)"), rows)


def token_histogram(
    samples: Sequence[InstructionSample], count_tokens: Callable[[list[str]], list[int]], width: int = 64
) -> str:
    """How many answers of each split have how many tokens, in steps of `width` tokens."""
    counts = count_tokens([sample.answer for sample in samples]) if samples else []
    splits: tuple[Split, ...] = get_args(Split)
    bins = {split: [0] * (max(counts, default=0) // width + 1) for split in splits}
    for sample, tokens in zip(samples, counts, strict=True):
        bins[sample.split][tokens // width] += 1
    most = max((max(row) for row in bins.values()), default=0) or 1
    rows = [
        (f"{at * width} to {(at + 1) * width - 1}", *(_bar(bins[split][at], most) for split in splits))
        for at in range(len(bins["train"]))
    ]
    return _table(("tokens", *splits), rows)


def _some(samples: Sequence[S], count: int) -> list[S]:
    return sorted(samples, key=lambda sample: digest("preview", sample.sample_id))[:count]


def _link(sample: InstructionSample) -> str:
    title = sample.title or sample.kind
    return f"[{title}]({sample.url})" if sample.url.startswith(("http://", "https://")) else title


def _bar(count: int, most: int) -> str:
    return f"{'█' * max(round(_BAR * count / most), 1)} {count}" if count else ""


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [" | ".join(header), " | ".join("---" for _ in header), *(" | ".join(map(_cell, row)) for row in rows)]
    return "\n".join(f"| {line} |" for line in lines)


def _cell(text: str) -> str:
    """One line, cut when long, that cannot break out of its cell."""
    line = " ".join(text.split())
    line = line if len(line) <= _CELL else f"{line[: _CELL - 1]}…"
    return line.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
