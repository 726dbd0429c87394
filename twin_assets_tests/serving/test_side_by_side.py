"""Streams read at once: as they come, and ended with whoever reads them."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from twin_assets.serving.side_by_side import side_by_side


def test_closing_early_ends_every_stream() -> None:
    ended: list[int] = []

    async def endless(number: int) -> AsyncIterator[str]:
        try:
            yield "first"
            await asyncio.Event().wait()
        finally:
            ended.append(number)

    async def run() -> list[tuple[int, str]]:
        together = side_by_side([endless(0), endless(1)])
        seen = [await anext(together), await anext(together)]
        await together.aclose()
        return seen

    assert sorted(asyncio.run(run())) == [(0, "first"), (1, "first")]
    assert sorted(ended) == [0, 1]


def test_an_error_of_one_is_raised_and_ends_the_others() -> None:
    ended: list[str] = []

    async def failing() -> AsyncIterator[str]:
        yield "once"
        raise ValueError("broke off")

    async def endless() -> AsyncIterator[str]:
        try:
            await asyncio.Event().wait()
            yield "never"
        finally:
            ended.append("endless")

    async def run() -> None:
        async for _ in side_by_side([failing(), endless()]):
            pass

    with pytest.raises(ValueError, match="broke off"):
        asyncio.run(run())
    assert ended == ["endless"]


def test_a_stream_does_not_wait_for_a_slower_one() -> None:
    async def run() -> list[tuple[int, str]]:
        gate = asyncio.Event()

        async def slow() -> AsyncIterator[str]:
            await gate.wait()
            yield "slow"

        async def fast() -> AsyncIterator[str]:
            yield "fast"
            gate.set()

        return [item async for item in side_by_side([slow(), fast()])]

    assert asyncio.run(run()) == [(1, "fast"), (0, "slow")]
