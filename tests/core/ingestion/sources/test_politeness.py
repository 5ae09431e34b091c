import asyncio

import pytest

from core.ingestion.sources.politeness import LoopClock, Manners, Pace
from tests.support.quick_clock import QuickClock


async def starts(pace: Pace, clock: QuickClock, turns: int) -> list[float]:
    found = []
    for _ in range(turns):
        async with pace.turn():
            found.append(clock.now())
    return found


async def test_turns_begin_a_delay_apart_and_the_first_at_once() -> None:
    clock = QuickClock()
    assert await starts(Pace(Manners(delay=2), clock), clock, 3) == [0, 2, 4]


@pytest.mark.parametrize(("asked", "kept"), [(5, 5), (1, 2), (3600, 30)])
async def test_a_site_may_ask_for_a_longer_delay_within_reason(asked: float, kept: float) -> None:
    clock = QuickClock()
    pace = Pace(Manners(delay=2, longest_delay=30), clock)
    pace.slow_down(asked)
    assert await starts(pace, clock, 2) == [0, kept]


async def test_nobody_has_a_turn_while_the_site_rests() -> None:
    clock = QuickClock()
    pace = Pace(Manners(delay=1), clock)
    pace.hold(20)
    pace.hold(10)
    assert await starts(pace, clock, 2) == [20, 21]


async def test_only_so_many_turns_run_at_once() -> None:
    pace, running, most = Pace(Manners(at_once=2, delay=0), QuickClock()), 0, 0

    async def work() -> None:
        nonlocal running, most
        async with pace.turn():
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*(work() for _ in range(6)))
    assert most == 2


async def test_the_real_clock_goes_on() -> None:
    clock = LoopClock()
    before = clock.now()
    await clock.sleep(0.01)
    assert clock.now() >= before + 0.005
