"""A size is a stratified part of the training split, within every larger size."""

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from twin_assets.datasets.subset import cut_to
from twin_assets.errors import InsufficientDataError
from twin_assets_tests.datasets.conftest import make_sample, word_tokens


@pytest.fixture
def samples() -> list[Any]:
    """120 training samples of three strata, and ten of each other split."""
    strata = [("write", "markdown")] * 80 + [("explain", "markdown")] * 30 + [("write", "x")] * 10
    train = [make_sample(f"t{n}", family=f, kind=k) for n, (f, k) in enumerate(strata)]
    return [*train, *(make_sample(f"h{n}", "test" if n % 2 else "validation") for n in range(20))]


def trained(samples: list[Any]) -> list[Any]:
    return [s for s in samples if s.split == "train"]


@pytest.mark.parametrize("size", [12, 24, 60])
def test_a_size_holds_of_each_family_and_kind_its_share(samples: list[Any], size: int) -> None:
    counts = Counter((s.family, s.kind) for s in trained(cut_to(samples, size, word_tokens)))
    assert counts.total() == size
    assert counts["write", "markdown"] == pytest.approx(size * 80 / 120, abs=1)
    assert counts["explain", "markdown"] == pytest.approx(size * 30 / 120, abs=1)
    assert counts["write", "x"] == pytest.approx(size * 10 / 120, abs=1)


def test_sizes_are_nested_and_leave_what_is_held_out_alone(samples: list[Any]) -> None:
    sizes = [5, 17, 60, "1k tokens", "3k tokens", "all"]
    parts = [{s.sample_id for s in trained(cut_to(samples, size, word_tokens))} for size in sizes]  # type: ignore[arg-type]
    ordered = sorted(parts, key=len)
    assert all(small <= large for small, large in pairwise(ordered))
    assert len(ordered[-1]) == 120
    for size in sizes:
        rest = [s for s in cut_to(samples, size, word_tokens) if s.split != "train"]  # type: ignore[arg-type]
        assert rest == [s for s in samples if s.split != "train"]


def test_a_size_in_tokens_is_the_most_that_does_not_exceed_it(samples: list[Any]) -> None:
    taken = trained(cut_to(samples, "2k tokens", word_tokens))
    tokens = sum(word_tokens([f"{s.instruction}\n{s.context}\n{s.answer}" for s in taken]))
    longest = max(word_tokens([f"{s.instruction}\n{s.context}\n{s.answer}" for s in samples]))
    assert 2000 - longest < tokens <= 2000


def test_a_further_sample_moves_few_of_a_size(samples: list[Any]) -> None:
    before = {s.sample_id for s in trained(cut_to(samples, 60, word_tokens))}
    after = {s.sample_id for s in trained(cut_to([*samples, make_sample("new")], 60, word_tokens))}
    assert len(before - after) <= 3


@pytest.mark.parametrize("size", [121, "900k tokens", "1 tokens"])
def test_more_than_there_is_is_an_error_that_says_how_much_there_is(samples: list[Any], size: Any) -> None:
    with pytest.raises(InsufficientDataError, match="there are 120 samples"):
        cut_to(samples, size, word_tokens)
