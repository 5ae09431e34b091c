"""When a reply that comes in pieces is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import TypeVarTuple, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backends.http_connection import Body, Response
from core.backends.streaming import (
    AT_ONCE,
    AT_ONCE_OF_SHORT,
    BRISK,
    SLICE,
    Lingering,
    Looks,
    Slices,
)
from tests.support.desk import until

FOR_EVER = 3600.0
Arguments = TypeVarTuple("Arguments")


def reply() -> Body:
    return Body(lambda: None)


@pytest.mark.parametrize("at_once", [AT_ONCE, AT_ONCE_OF_SHORT])
async def test_what_comes_first_is_never_waited_for(at_once: int) -> None:
    slices = Slices(reply(), Looks(FOR_EVER), at_once=at_once)

    async with asyncio.timeout(10):
        for _ in range(at_once - 1):
            await slices.wait()


async def test_the_end_of_a_long_reply_is_seen_at_once() -> None:
    body = reply()
    slices = Slices(body, Looks(FOR_EVER))
    for _ in range(AT_ONCE - 1):
        await slices.wait()
    waiting = asyncio.create_task(slices.wait())
    await asyncio.sleep(0)
    assert not waiting.done()

    body.end()

    async with asyncio.timeout(10):
        await waiting
        await slices.wait()


class PlayedLoop(asyncio.SelectorEventLoop):
    """A loop whose time stands still until a test sets it, and that notes its timers' moments."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[float] = []
        super().__init__()

    def time(self) -> float:
        return self.now

    def call_at(
        self,
        when: float,
        callback: Callable[[*Arguments], object],
        *args: *Arguments,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        self.timers.append(when)
        return super().call_at(when, callback, *args, context=context)


@given(
    now=st.floats(0, 10**6),
    slice_=st.sampled_from([0.05, SLICE, 3.0]),
    brisk=st.booleans(),
)
def test_a_look_comes_within_its_time_and_the_next_as_long_after_it(
    now: float, slice_: float, *, brisk: bool
) -> None:
    async def look() -> None:
        loop.now = now
        looks = Looks(slice_)
        looks.next(brisk=brisk)
        loop.now = loop.timers[0]
        looks.next(brisk=brisk)

    with asyncio.Runner(loop_factory=PlayedLoop) as runner:
        loop = cast("PlayedLoop", runner.get_loop())
        runner.run(look())

    first, second = loop.timers
    between = slice_ / 4 if brisk else slice_
    assert (0.4 if brisk else 0.8) * between < first - now < 1.05 * between
    assert second - first == pytest.approx(between, rel=1e-4)


def test_a_long_reply_is_looked_at_often_at_first_and_then_each_slice() -> None:
    async def read() -> None:
        slices = Slices(reply(), Looks())
        for _ in range(AT_ONCE - 1):
            await slices.wait()
        for _ in range(BRISK + 3):
            waiting = asyncio.create_task(slices.wait())
            await asyncio.sleep(0)
            loop.now = loop.timers[-1]
            await waiting

    with asyncio.Runner(loop_factory=PlayedLoop) as runner:
        loop = cast("PlayedLoop", runner.get_loop())
        runner.run(read())

    assert loop.timers[:BRISK] == pytest.approx([0.05 * (n + 1) for n in range(BRISK)])
    assert loop.timers[BRISK:] == pytest.approx([0.7, 0.9, 1.1])


def test_replies_that_are_due_together_share_a_timer() -> None:
    async def look() -> None:
        looks = Looks()
        together = [looks.next() for _ in range(1000)]
        gone = looks.next()
        gone.cancel()
        loop.now += SLICE
        for each in together:
            await each

    with asyncio.Runner(loop_factory=PlayedLoop) as runner:
        loop = cast("PlayedLoop", runner.get_loop())
        runner.run(look())

    assert len(loop.timers) == 1


class Whole:
    """In place of a response that was read up to its last word."""

    closed = False

    def close(self) -> None:
        self.closed = True


async def test_a_reply_may_linger_for_its_time() -> None:
    whole, lingering = Whole(), Lingering(0.01)
    lingering.add(cast("Response", whole))
    assert not whole.closed
    await until(lambda: whole.closed)
    lingering.close()


async def test_what_still_lingers_is_closed_with_the_rest() -> None:
    both, lingering = [Whole(), Whole()], Lingering(FOR_EVER)
    for each in both:
        lingering.add(cast("Response", each))
    lingering.close()
    assert all(each.closed for each in both)
