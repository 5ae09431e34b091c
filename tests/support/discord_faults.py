"""Faults and rate limits of the stand-in Discord's REST API."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import md5
from math import ceil

from tests.support.discord_state import Json

GLOBAL_PER_SECOND = 50
_UNLIMITED = (50, 1.0)


@dataclass
class Fault:
    """What the next `times` requests of `operation` meet, instead of their answer or before it.

    `code` is a JSON error code of Discord's, `status` a gateway's own page, `retry_after` makes
    it a 429, which is the whole application's when `everywhere`; `disconnect` ends the connection
    without a reply. `applied` lets the request take effect all the same: the message is posted,
    and only its sender does not learn of it. `delay` is in seconds, before the request takes
    effect, or after it where it is `applied`.
    """

    operation: str
    times: int = 1
    code: int | None = None
    status: int | None = None
    retry_after: float | None = None
    everywhere: bool = False
    disconnect: bool = False
    applied: bool = False
    delay: float = 0.0
    when: Callable[[Json], bool] = lambda arguments: True  # noqa: ARG005 - every request

    @property
    def replaces(self) -> bool:
        """Whether the request's own answer is lost, and not only late."""
        replies = (self.code, self.status, self.retry_after)
        return self.disconnect or any(reply is not None for reply in replies)


@dataclass
class Faults:
    """The faults that are set, used up in their order."""

    waiting: list[Fault] = field(default_factory=list)

    def fail(self, operation: str, code: int, *, times: int = 1) -> None:
        self.waiting.append(Fault(operation, times, code=code))

    def limit(
        self,
        operation: str,
        *,
        retry_after: float = 0.05,
        everywhere: bool = False,
        times: int = 1,
    ) -> None:
        fault = Fault(operation, times, retry_after=retry_after, everywhere=everywhere)
        self.waiting.append(fault)

    def add(self, fault: Fault) -> None:
        self.waiting.append(fault)

    def next(self, operation: str, arguments: Json) -> Fault | None:
        """The fault that this request meets, which is then used up by one."""
        for fault in self.waiting:
            if fault.operation == operation and fault.times > 0 and fault.when(arguments):
                fault.times -= 1
                return fault
        return None


@dataclass
class Window:
    """How many requests of a bucket are left until it is full again."""

    limit: int
    seconds: float
    seen: deque[float] = field(default_factory=deque)

    def take(self) -> float:
        """Seconds to wait before this request; 0 when it may pass, which is counted."""
        self.forget()
        if len(self.seen) >= self.limit:
            return self.reset_after
        self.seen.append(time.monotonic())
        return 0.0

    @property
    def remaining(self) -> int:
        return self.limit - len(self.seen)

    @property
    def reset_after(self) -> float:
        if not self.seen:
            return self.seconds
        return max(0.0, self.seen[0] + self.seconds - time.monotonic())

    def forget(self) -> None:
        """A bucket is refilled all at once, `seconds` after its first request."""
        if self.seen and self.seen[0] + self.seconds <= time.monotonic():
            self.seen.clear()


@dataclass
class Rates:
    """The buckets, one for each operation and channel, server or webhook; and the global one.

    `refused` counts the requests that came when they should have waited.
    """

    limits: dict[str, tuple[int, float]] = field(default_factory=dict)
    windows: dict[tuple[str, str], Window] = field(default_factory=dict)
    everywhere: Window = field(default_factory=lambda: Window(GLOBAL_PER_SECOND, 1.0))
    refused: int = 0

    def limit(self, operation: str, requests: int, seconds: float) -> None:
        """From now on, at most so many requests in so many seconds."""
        self.limits[operation] = (requests, seconds)
        for key in [each for each in self.windows if each[0] == operation]:
            del self.windows[key]

    def window(self, operation: str, major: str) -> Window:
        made = Window(*self.limits.get(operation, _UNLIMITED))
        return self.windows.setdefault((operation, major), made)

    def headers(self, operation: str, major: str) -> dict[str, str]:
        """The headers that come with every answer."""
        window = self.window(operation, major)
        left = window.reset_after
        return {
            "X-RateLimit-Bucket": md5(operation.encode(), usedforsecurity=False).hexdigest(),
            "X-RateLimit-Limit": str(window.limit),
            "X-RateLimit-Remaining": str(window.remaining),
            "X-RateLimit-Reset": f"{time.time() + left:.3f}",
            "X-RateLimit-Reset-After": str(_upward(left)),
            "Via": "1.1 google",
        }


def _upward(seconds: float) -> float:
    """To the next millisecond: who waits so long is not too early."""
    return ceil(seconds * 1000) / 1000


def limited(retry_after: float, *, everywhere: bool) -> tuple[dict[str, str], Json]:
    """The headers and the body of a 429."""
    body = {
        "message": "You are being rate limited.",
        "retry_after": _upward(retry_after),
        "global": everywhere,
    }
    headers = {
        "Retry-After": str(max(1, ceil(retry_after))),
        "X-RateLimit-Scope": "global" if everywhere else "user",
    }
    return headers | ({"X-RateLimit-Global": "true"} if everywhere else {}), body
