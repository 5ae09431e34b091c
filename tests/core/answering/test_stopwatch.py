"""How the steps of an answer are timed."""

from __future__ import annotations

from core.answering.stopwatch import Stopwatch

STEPS = {
    "history": 0,
    "embed": 0,
    "search": 0,
    "rerank": 0,
    "first_token": 0,
    "judge": 0,
    "total": 0,
}


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_steps_are_summed_and_told_in_milliseconds() -> None:
    clock = Clock()
    watch = Stopwatch(clock)

    for _ in range(2):
        with watch.time("embed"):
            clock.now += 0.5
    watch.add({"search": 3.25, "rerank": 1, "something else": 7})
    watch.add({"search": 1})

    assert watch.stop() == {**STEPS, "embed": 1000, "search": 4.25, "rerank": 1, "total": 1000}


def test_only_the_first_of_several_counts() -> None:
    clock = Clock()
    watch = Stopwatch(clock)

    clock.now += 1
    asked = watch.elapsed()
    for _ in range(3):
        clock.now += 0.25
        watch.first("first_token", asked)

    assert watch.stop() == {**STEPS, "first_token": 250, "total": 1750}
