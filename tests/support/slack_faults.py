"""What can be made to go wrong with a Web API call of the stand-in Slack."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.support.slack_state import Json


@dataclass
class Fault:
    """What the next `times` calls of `method` meet, instead of their answer or before it.

    `error` is a Slack error, `status` an HTTP one, `retry_after` makes it a 429, `disconnect`
    ends the connection without a reply. `applied` lets the call take effect all the same: the
    message is posted, and only its sender does not learn of it. `delay` is in seconds.
    """

    method: str
    times: int = 1
    error: str | None = None
    status: int | None = None
    retry_after: int | None = None
    disconnect: bool = False
    applied: bool = False
    delay: float = 0.0
    when: Callable[[Json], bool] = lambda arguments: True  # noqa: ARG005 - every call

    @property
    def replaces(self) -> bool:
        """Whether the call's own answer is lost, and not only late."""
        replies = (self.error, self.status, self.retry_after)
        return self.disconnect or any(reply is not None for reply in replies)


@dataclass
class Throttle:
    """At most `calls` in `seconds` for each channel; more get a 429 with the time that is left."""

    methods: frozenset[str]
    calls: int
    seconds: float
    seen: dict[str, deque[float]] = field(default_factory=dict)
    refused: int = 0

    def wait(self, arguments: Json) -> float:
        """Seconds to wait before this call; 0 when it may pass, which is counted."""
        seen = self.seen.setdefault(str(arguments.get("channel")), deque())
        now = time.monotonic()
        while seen and seen[0] <= now - self.seconds:
            seen.popleft()
        if len(seen) < self.calls:
            seen.append(now)
            return 0.0
        self.refused += 1
        return seen[0] + self.seconds - now


@dataclass
class Faults:
    """The faults that are set, used up in their order."""

    waiting: list[Fault] = field(default_factory=list)
    throttles: list[Throttle] = field(default_factory=list)

    def fail(self, method: str, error: str, *, times: int = 1) -> None:
        self.waiting.append(Fault(method, times, error=error))

    def limit(self, method: str, *, retry_after: int = 1, times: int = 1) -> None:
        self.waiting.append(Fault(method, times, retry_after=retry_after))

    def add(self, fault: Fault) -> None:
        self.waiting.append(fault)

    def throttle(self, *methods: str, calls: int, seconds: float) -> Throttle:
        self.throttles.append(Throttle(frozenset(methods), calls, seconds))
        return self.throttles[-1]

    def next(self, method: str, arguments: Json) -> Fault | None:
        """The fault that this call meets, which is then used up by one."""
        for throttle in self.throttles:
            if method in throttle.methods and (left := throttle.wait(arguments)) > 0:
                return Fault(method, retry_after=max(1, round(left)))
        for fault in self.waiting:
            if fault.method == method and fault.times > 0 and fault.when(arguments):
                fault.times -= 1
                return fault
        return None
