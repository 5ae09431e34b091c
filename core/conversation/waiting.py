"""How long questions have waited, as far as this process knows: told without a query."""

from __future__ import annotations

import time
from collections.abc import Callable

from core.model import SessionKey


class Waiting:
    """The questions that were accepted or taken up here, and have not ended."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: dict[SessionKey, dict[str, float]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._since.values()))

    @property
    def oldest(self) -> float:
        """Seconds that the one has waited which has waited longest; 0 where none does."""
        moments = (moment for session in self._since.values() for moment in session.values())
        now = self._clock()
        return now - min(moments, default=now)

    def began(self, session: SessionKey, message_id: str) -> None:
        """It waits from now on, if it did not before."""
        self._since.setdefault(session, {}).setdefault(message_id, self._clock())

    def ended(self, session: SessionKey, message_id: str) -> None:
        """It waits no longer."""
        of_session = self._since.get(session, {})
        of_session.pop(message_id, None)
        if not of_session:
            self._since.pop(session, None)

    def all_ended(self, session: SessionKey) -> None:
        """Nothing of the session waits, whoever has seen to it."""
        self._since.pop(session, None)
