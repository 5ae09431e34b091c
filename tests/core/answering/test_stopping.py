"""Events that are cut off while the next one is being made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from core.answering.stopping import Stop


class Counter:
    """Counts to `last`, then waits; knows whether it was cancelled."""

    def __init__(self, last: int) -> None:
        self._last = last
        self.waits = asyncio.Event()
        self.cancelled = False

    async def count(self) -> AsyncGenerator[int, None]:
        for n in range(self._last):
            yield n
        self.waits.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise


async def numbers(*given: int) -> AsyncGenerator[int, None]:
    for n in given:
        yield n


async def test_without_a_stop_every_event_comes() -> None:
    assert [n async for n in Stop().cut(numbers(1, 2, 3))] == [1, 2, 3]


async def test_a_stop_cancels_the_event_that_is_awaited_and_nothing_else() -> None:
    stop, counter = Stop(), Counter(2)
    reading = asyncio.ensure_future(_read(stop, counter.count()))
    await counter.waits.wait()
    stop.wish()
    stop.wish()
    assert await reading == [0, 1]
    assert counter.cancelled


async def test_a_stop_between_two_events_lets_no_further_one_begin() -> None:
    stop, counter = Stop(), Counter(5)
    seen = []
    async for n in stop.cut(counter.count()):
        seen.append(n)
        if n == 1:
            stop.wish()
    assert seen == [0, 1]
    assert not counter.waits.is_set()


async def test_a_stop_before_the_first_event_takes_none() -> None:
    stop = Stop()
    stop.wish()
    assert await _read(stop, numbers(1)) == []


async def test_a_cancellation_from_outside_is_no_stop() -> None:
    counter = Counter(0)
    reading = asyncio.ensure_future(_read(Stop(), counter.count()))
    await counter.waits.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


async def test_an_error_passes_also_one_that_looks_like_the_stop() -> None:
    async def late() -> AsyncGenerator[int, None]:
        yield 1
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await _read(Stop(), late())


async def _read(stop: Stop, events: AsyncGenerator[int, None]) -> list[int]:
    return [n async for n in stop.cut(events)]
