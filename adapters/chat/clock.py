"""What passed on this machine, and the time of day where a platform is: ours may be wrong."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime


def since_boot() -> float:
    """Seconds that passed on this machine, also while the process or the machine stood still."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


class PlatformClock:
    """Set by the `Date` of the platform's replies, which is cut to a second and so never ahead.

    Until the first it is this machine's. Between two it goes on with a clock that nobody sets.
    """

    def __init__(self, elapsed: Callable[[], float] = since_boot) -> None:
        self._elapsed = elapsed
        self._began = time.time() - elapsed()
        self._date = ""

    def heard(self, date: str | None) -> None:
        """A reply has just come with that `Date`; one that cannot be read changes nothing."""
        if date is None or date == self._date:
            return
        try:
            self._began = parsedate_to_datetime(date).timestamp() - self._elapsed()
        except (ValueError, OverflowError):
            return
        self._date = date

    def now(self) -> float:
        """Seconds since 1970."""
        return self._began + self._elapsed()

    def ahead(self) -> float:
        """The seconds by which this machine's clock is ahead of the platform's, to about one."""
        return time.time() - self.now()
