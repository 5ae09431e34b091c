"""What was looked up a moment ago is not looked up again."""

from __future__ import annotations

from adapters.web.remembering import FOR_SECONDS, Remembering
from tests.support.quick_clock import QuickClock


async def test_it_is_looked_up_again_after_a_while_and_the_oldest_is_forgotten() -> None:
    asked: list[int] = []
    clock = QuickClock()

    async def look_up(n: int) -> int:
        asked.append(n)
        return n * n

    squares = Remembering(look_up, clock=clock.now)
    assert [await squares.get(3) for _ in range(3)] == [9, 9, 9]
    assert asked == [3]
    await clock.sleep(FOR_SECONDS)
    assert await squares.get(3) == 9
    assert asked == [3, 3]
    for n in range(10, 1_010):
        await squares.get(n)
    await squares.get(3)
    assert asked.count(3) == 3
