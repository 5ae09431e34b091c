"""What people do with an answer: rate it, stop it, ask for what it rests on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal, TypeAlias
from uuid import UUID

from core.conversation.archive import Archive, StoredTurn
from core.conversation.feedback import Feedback
from core.conversation.traces import Trace, Traces

Cancel: TypeAlias = Callable[[UUID], Awaitable[bool]]

THANKS = "Thank you, noted."
GONE = "This answer is no longer kept, so there is nothing left to show or to rate."
UNFINISHED = "This answer is still being written. Try again in a moment."
ENDED = "This answer had ended already."

_MOMENTS = (0.1, 0.3, 0.6, 1.0)


class Reactions:
    """Each gives what to say about it to the person, and raises ServiceError."""

    def __init__(
        self, archive: Archive, traces: Traces, feedback: Feedback, cancel: Cancel
    ) -> None:
        self._archive = archive
        self._traces = traces
        self._feedback = feedback
        self._cancel = cancel

    async def rate(self, turn_id: UUID, person: str, value: Literal["up", "down"]) -> str:
        """Stores the rating, once a person and answer; the last one counts."""
        if await self._feedback.rate(turn_id, person, value):
            return THANKS
        turn = await self.ended(turn_id)
        if turn is not None and await self._feedback.rate(turn_id, person, value):
            return THANKS
        return missing(turn)

    async def stop(self, turn_id: UUID) -> str:
        """Ends the answer where it is; nothing needs to be said of it, as it shows."""
        return "" if await self._cancel(turn_id) else ENDED

    async def trace(self, turn: StoredTurn) -> Trace | None:
        """How the turn's answer came about; None where it was forgotten a moment ago."""
        return await self._traces.get(turn.id)

    async def ended(self, turn_id: UUID) -> StoredTurn | None:
        """The turn; given a moment to end, as an answer is read before it is stored."""
        for pause in _MOMENTS:
            turn = await self._archive.get(turn_id)
            if turn is None or turn.status != "accepted":
                return turn
            await asyncio.sleep(pause)
        return await self._archive.get(turn_id)


def missing(turn: StoredTurn | None) -> str:
    """Why there is no answer to show or to rate."""
    return UNFINISHED if turn is not None and turn.status == "accepted" else GONE
