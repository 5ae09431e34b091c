"""An event loop on which waiting takes no time: it skips to the next timer."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable

_LULL = 0.001
"""Seconds of real time in which what was sent over a loopback socket arrives."""


class SkippingLoop(asyncio.SelectorEventLoop):
    """While `skipping`, its `time` jumps over every wait; what arrives on a socket comes first.

    Nothing is skipped while `awaits` says that another process was asked for something.
    """

    def __init__(self) -> None:
        self.skipping = False
        self.awaits: Callable[[], bool] = lambda: False
        self._skipped = 0.0
        super().__init__(_Selector(self))

    def time(self) -> float:
        """Seconds, those that were skipped included."""
        return super().time() + self._skipped

    def skip(self, seconds: float) -> None:
        """Sets the clock forward."""
        self._skipped += seconds


class _Selector(selectors.DefaultSelector):
    def __init__(self, loop: SkippingLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if not self._loop.skipping or timeout is None or timeout <= 0:
            return super().select(timeout)
        events = super().select(min(timeout, _LULL))
        if not events and not self._loop.awaits():
            self._loop.skip(timeout)
        return events
