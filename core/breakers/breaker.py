"""Whether a service is worth asking: a circuit breaker, without I/O.

Closed, calls are made. After some failures in a row it opens, and no call is made for a pause.
When that is over it is half-open: a single probe tells whether it closes, or stays open for twice
as long as before. https://martinfowler.com/bliki/CircuitBreaker.html
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from core.errors import QuotaExceeded, RequestRejected, ServiceError, ServiceUnavailable

_LONGEST_NAMED_PAUSE = 3600.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BreakerSettings:
    """When to open and for how long. Times are in seconds.

    It opens after `failures` in a row. The first pause is `pause`, and none is longer than
    `longest_pause`. `patience` is how long a question waits for a probe.
    """

    failures: int = 2
    pause: float = 3.0
    longest_pause: float = 300.0
    patience: float = 2.0


class State(StrEnum):
    """Where a breaker stands."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """The breaker of one service; `name` is what it is to us, as people know it."""

    def __init__(
        self,
        name: str,
        settings: BreakerSettings | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.settings = settings or BreakerSettings()
        self._clock = clock
        self._failures = 0
        self._pause = self.settings.pause
        self._until: float | None = None
        self._named = False
        self._last: ServiceError | None = None

    @property
    def state(self) -> State:
        """Open for as long as the service asked for, it closes by itself."""
        if self._until is None:
            return State.CLOSED
        if self._clock() < self._until:
            return State.OPEN
        return State.CLOSED if self._named else State.HALF_OPEN

    @property
    def reason(self) -> str:
        """The last failure in a sentence; empty while it is closed."""
        return "" if self._last is None or self.state is State.CLOSED else str(self._last)

    def check(self) -> None:
        """Raises ServiceUnavailable, with the last failure's words, unless it is closed."""
        if self._last is None or self.state is State.CLOSED:
            return
        said = str(self._last).removeprefix(f"{self._last.service}: ")
        raise ServiceUnavailable(self._last.service, said, hint=self._last.hint)

    def succeeded(self) -> None:
        """A call was answered, whenever it began."""
        if self._until is not None:
            log.info("%s: it answers again.", self.name)
        self._failures, self._pause = 0, self.settings.pause
        self._until, self._named, self._last = None, False, None

    def failed(self, error: ServiceError) -> None:
        """A call ended with this.

        A refused request was answered; a spent budget says nothing of the service.
        """
        if isinstance(error, RequestRejected):
            self.succeeded()
        elif not isinstance(error, QuotaExceeded):
            self._count(error)

    def _count(self, error: ServiceError) -> None:
        state = self.state
        self._last = error
        wait = error.retry_after if isinstance(error, ServiceUnavailable) else None
        if wait:
            self._open(min(wait, _LONGEST_NAMED_PAUSE), named=True)
            return
        self._failures += 1
        if state is State.HALF_OPEN:
            self._pause = min(2 * self._pause, self.settings.longest_pause)
            self._open(self._pause, named=False)
        elif state is State.CLOSED and self._failures >= self.settings.failures:
            self._open(self._pause, named=False)

    def _open(self, pause: float, *, named: bool) -> None:
        self._until, self._named = self._clock() + pause, named
        log.warning("%s: not asked for %.0f seconds. %s", self.name, pause, self._last)
