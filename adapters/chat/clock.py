"""The time of day where a platform is: this machine's clock may be wrong."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

from adapters.chat.claims import since_boot


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
