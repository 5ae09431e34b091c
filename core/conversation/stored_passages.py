"""Which passages need not be sent to the database again."""

from __future__ import annotations

import time
from collections.abc import Callable

_LATELY = 600.0
"""Seconds. Retention keeps a passage for a day at least after it was stored or found stored."""
_MOST = 10_000


class StoredPassages:
    """The passages that this process has stored lately, so that the database has them still."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        # The time of day, as another clock may stand still while the machine sleeps.
        self._clock = clock
        self._since = 0.0
        self._hashes: set[str] = set()

    def lately(self) -> set[str]:
        """Their hashes. Get it before a statement is sent; what that has stored is added then.

        Every now and then it is a new one, so that what is added late to an old one is forgotten.
        """
        now = self._clock()
        if not 0 <= now - self._since < _LATELY or len(self._hashes) >= _MOST:
            self._since, self._hashes = now, set()
        return self._hashes
