"""A bounded number of places, and a line in which nobody's many questions hold the others up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.answering.places import Places


class Line:
    """People who come one after the other to a single place that is taken."""

    def __init__(self, count: int = 1) -> None:
        self.places = Places(count)
        self.served: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []
        self._go = asyncio.Semaphore(0)

    async def come(self, person: str, what: str = "") -> int | None:
        """How many are before them."""
        before = self.places.before(person)
        self.tasks.append(asyncio.create_task(self._work(person, what or person)))
        await asyncio.sleep(0)
        return before

    async def serve(self, times: int = 1) -> None:
        for _ in range(times):
            self._go.release()
            for _ in range(5):
                await asyncio.sleep(0)

    async def _work(self, person: str, what: str) -> None:
        async with self.places.place(person):
            self.served.append(what)
            await self._go.acquire()


async def test_who_asks_much_does_not_keep_the_others_waiting() -> None:
    line = Line()
    for what in ("a1", "a2", "a3", "a4", "b1", "c1", "b2"):
        await line.come(what[0], what)
    await line.serve(7)
    assert line.served == ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]


async def test_a_free_place_is_taken_at_once() -> None:
    line = Line(2)
    assert await line.come("a") is None
    assert await line.come("a") is None
    assert line.served == ["a", "a"]
    assert await line.come("a") == 0
    await line.serve(3)
    assert await line.come("a") is None
    await line.serve()
    assert line.served == ["a"] * 4


async def test_who_leaves_the_line_is_passed_over() -> None:
    line = Line()
    for what in ("a1", "b1", "c1", "b2"):
        await line.come(what[0], what)
    line.tasks[1].cancel()
    await asyncio.sleep(0)
    assert line.places.before("d") == 2
    await line.serve(3)
    assert line.served == ["a1", "b2", "c1"]
    assert line.places.before("a") is None


async def test_a_place_given_to_who_leaves_at_that_moment_is_not_lost() -> None:
    line = Line()
    for person in "abc":
        await line.come(person)
    line._go.release()
    await asyncio.sleep(0)  # a's end gives the place to b,
    line.tasks[1].cancel()  # who leaves before having it
    for _ in range(5):
        await asyncio.sleep(0)
    assert line.served == ["a", "c"]
    await line.serve()
    assert line.places.before("d") is None


async def test_who_has_left_but_does_not_know_it_yet_is_given_nothing() -> None:
    places = Places(1)
    async with places.place("a"):
        waiting = asyncio.create_task(_hold(places, "b"))
        await asyncio.sleep(0)
        waiting.cancel()
    assert places.before("c") is None
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert places.before("c") is None


async def _hold(places: Places, person: str) -> None:
    async with places.place(person):
        pass


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=12), st.sampled_from("abcd"))
def test_the_position_told_is_the_one_served_when_nobody_else_comes(
    people: Sequence[str], last: str
) -> None:
    async def play() -> tuple[int | None, list[str]]:
        line = Line()
        await line.come("first")
        for person in people:
            await line.come(person)
        before = await line.come(last, "the one")
        await line.serve(len(people) + 2)
        return before, line.served[1:]

    before, served = asyncio.run(play())
    assert served.index("the one") == before
    assert len(served) == len(people) + 1
