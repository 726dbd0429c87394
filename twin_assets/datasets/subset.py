"""Cutting the training split to a size: of every family and kind its share, and each size within the larger ones."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from twin_assets.digests import digest
from twin_assets.errors import InsufficientDataError
from twin_assets.records import InstructionSample
from twin_assets.settings import Size, size_tokens

CountTokens = Callable[[list[str]], list[int]]


def cut_to(samples: Sequence[InstructionSample], size: Size, count_tokens: CountTokens) -> list[InstructionSample]:
    """The samples without those of the training split beyond a size; validation and test are what they were.

    Strata are family and kind. All training samples have one order, in which every beginning holds of each stratum its
    share; a size is a beginning of it, so that of two sizes the smaller one is within the larger one. In tokens, of
    instruction, context and answer, the beginning is the longest that does not exceed them.

    Raises InsufficientDataError when the split is smaller than the size, or not one sample fits.
    """
    if size == "all":
        return list(samples)
    order = nested_order([sample for sample in samples if sample.split == "train"])
    tokens = size_tokens(size)
    if tokens is None:
        taken = order[: int(size)]
        enough = len(taken) == int(size)
        there = f"{len(order)} samples"
    else:
        counts = count_tokens([f"{s.instruction}\n{s.context}\n{s.answer}" for s in order]) if order else []
        taken = _within(order, counts, tokens)
        enough = bool(taken) and sum(counts) >= tokens
        there = f"{len(order)} samples of {sum(counts):,} tokens"
    if not enough:
        raise InsufficientDataError(
            f"the recipe wants {size if tokens else f'{size} samples'} to train on, and there are {there}",
            "take this size out of `sizes` in the recipe, or add more writing",
        )
    kept = {sample.sample_id for sample in taken}
    return [sample for sample in samples if sample.split != "train" or sample.sample_id in kept]


def nested_order(samples: Sequence[InstructionSample]) -> list[InstructionSample]:
    """Samples in an order in which every beginning is stratified by family and kind; it follows from their ids."""
    strata: defaultdict[tuple[str, str], list[InstructionSample]] = defaultdict(list)
    for sample in samples:
        strata[sample.family, sample.kind].append(sample)
    placed = []
    for members in strata.values():
        members.sort(key=_place)
        # The middle of each member's part of the stratum: a stratum of one stands in the middle of all.
        placed += [((rank + 0.5) / len(members), _place(sample), sample) for rank, sample in enumerate(members)]
    return [sample for _, _, sample in sorted(placed, key=lambda entry: entry[:2])]


def _within(order: Sequence[InstructionSample], counts: Sequence[int], tokens: int) -> list[InstructionSample]:
    total = 0
    for at, count in enumerate(counts):
        total += count
        if total > tokens:
            return list(order[:at])
    return list(order)


def _place(sample: InstructionSample) -> str:
    return digest("subset", sample.sample_id)
