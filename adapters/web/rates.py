"""How many requests somebody may send, over a fixed window, with the headers that tell them.

The headers are those of draft-ietf-httpapi-ratelimit-headers: `RateLimit-Policy` and `RateLimit`.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from adapters.web.problems import Problem

WINDOW = 60
"""Seconds."""

_REMEMBERED = 10_000


@dataclass(slots=True)
class _Window:
    ends: float
    left: int


class Rates:
    """Counts in the memory of this process: several instances admit as many times more."""

    def __init__(self, per_minute: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._windows: OrderedDict[str, _Window] = OrderedDict()

    def take(self, who: str) -> dict[str, str]:
        """Counts a request; the headers of its reply. Raises Problem where it is one too many."""
        window = self._window(who)
        resets = max(1, ceil(window.ends - self._clock()))
        if window.left == 0:
            headers = self._headers(0, resets) | {"Retry-After": str(resets)}
            detail = f"More than {self._per_minute} requests were sent within a minute."
            raise Problem(429, "Too many requests", detail, headers=headers)
        window.left -= 1
        return self._headers(window.left, resets)

    def are_spent(self, who: str) -> bool:
        """Whether the next request would be one too many."""
        return self._window(who).left == 0

    def _window(self, who: str) -> _Window:
        now = self._clock()
        window = self._windows.get(who)
        if window is None or window.ends <= now:
            window = self._windows[who] = _Window(now + WINDOW, self._per_minute)
            self._windows.move_to_end(who)
            if len(self._windows) > _REMEMBERED:
                self._windows.popitem(last=False)
        return window

    def _headers(self, left: int, resets: int) -> dict[str, str]:
        return {
            "RateLimit-Policy": f'"requests";q={self._per_minute};w={WINDOW}',
            "RateLimit": f'"requests";r={left};t={resets}',
        }
