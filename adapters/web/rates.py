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

    def __init__(
        self,
        per_minute: int,
        *,
        what: str = "requests",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_minute = per_minute
        self._what = what
        self._clock = clock
        self._windows: OrderedDict[str, _Window] = OrderedDict()

    def take(self, who: str) -> dict[str, str]:
        """Counts a request; the headers of its reply. Raises Problem where it is one too many."""
        window, resets = self._window(who)
        self._check(window, resets)
        window.left -= 1
        return self._headers(window.left, resets)

    def check(self, who: str) -> None:
        """Counts nothing. Raises Problem where a request would be one too many."""
        self._check(*self._window(who))

    def _window(self, who: str) -> tuple[_Window, int]:
        """With the seconds that are left of it."""
        now = self._clock()
        window = self._windows.get(who)
        if window is None or window.ends <= now:
            window = self._windows[who] = _Window(now + WINDOW, self._per_minute)
            self._windows.move_to_end(who)
            if len(self._windows) > _REMEMBERED:
                self._windows.popitem(last=False)
        return window, max(1, ceil(window.ends - now))

    def _check(self, window: _Window, resets: int) -> None:
        if window.left == 0:
            headers = self._headers(0, resets) | {"Retry-After": str(resets)}
            detail = f"More than {self._per_minute} {self._what} were sent within a minute."
            raise Problem(429, "Too many requests", detail, headers=headers)

    def _headers(self, left: int, resets: int) -> dict[str, str]:
        return {
            "RateLimit-Policy": f'"{self._what}";q={self._per_minute};w={WINDOW}',
            "RateLimit": f'"{self._what}";r={left};t={resets}',
        }
