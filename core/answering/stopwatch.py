"""How long the steps of an answer took."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

_STEPS = ("history", "embed", "search", "rerank", "first_token", "judge", "total")


class Stopwatch:
    """Milliseconds by step, since it was made."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began = clock()
        self._steps = dict.fromkeys(_STEPS, 0.0)

    def elapsed(self) -> float:
        """Milliseconds since the beginning."""
        return (self._clock() - self._began) * 1000

    @contextmanager
    def time(self, step: str) -> Iterator[None]:
        """Adds the time of the block to the step."""
        began = self.elapsed()
        yield
        self._steps[step] += self.elapsed() - began

    def add(self, timings: Mapping[str, float]) -> None:
        """Takes over the steps that another part measured."""
        for step in timings.keys() & self._steps.keys():
            self._steps[step] += timings[step]

    def first(self, step: str, since: float) -> None:
        """The time since `since`, unless the step has one."""
        self._steps[step] = self._steps[step] or self.elapsed() - since

    def stop(self) -> dict[str, float]:
        """All steps, with the total."""
        return {step: round(ms, 2) for step, ms in {**self._steps, "total": self.elapsed()}.items()}
