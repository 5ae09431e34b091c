"""The messages of one turn: each under an intent, found again after a crash, never posted twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias

from adapters.chat.clock import since_boot
from core.conversation.postings import Intents, Posting
from core.model import Turn

Find: TypeAlias = Callable[[int], Awaitable[str | None]]
"""Looks on the platform for a part that an attempt may have posted; the id of its message."""

Clock: TypeAlias = Callable[[], float]


class Claims:
    """What was posted for a turn, and may be posted under its lease.

    A part that is claimed and not there is posted between `begin` and `done`: if that fails in a
    way that leaves open whether it arrived, the next claim looks for it.
    """

    def __init__(
        self, postings: Intents, turn: Turn, find: Find, *, clock: Clock = since_boot
    ) -> None:
        self._postings = postings
        self._turn = turn
        self._find = find
        self._clock = clock
        self._held_until = 0.0
        self._in_doubt: set[int] = set()
        self._ready: set[int] = set()
        self.taken_up = False
        """Whether an earlier attempt or answer had begun to post."""

    async def claim(self, part: int) -> str | None:
        """Commits the intent to post a part; the id of the message that is there already.

        A part that was claimed ahead is not claimed again. Raises LeaseLost and ServiceError.
        """
        if part in self._ready:
            return None
        marker = str(self._turn.token)
        posting = await self._open(part)
        if posting.message_id is not None:
            self.taken_up |= posting.marker != marker
            return posting.message_id
        if posting.marker == marker and part not in self._in_doubt:
            self._ready.add(part)
            return None
        self.taken_up = True
        found = await self._find(part)
        if found is None:
            self._ready.add(part)
        else:
            await self._postings.complete(self._turn, part, found)
        return found

    async def begin(self, part: int) -> None:
        """To be awaited last of all before the part is sent. Raises LeaseLost.

        A process that stood still on its way here may wake when another has posted the part.
        """
        if self._clock() >= self._held_until:
            await self._open(part)
        self._ready.discard(part)
        self._in_doubt.add(part)

    def refused(self, part: int) -> None:
        """The part did not arrive."""
        self._in_doubt.discard(part)

    async def done(self, part: int, message_id: str) -> None:
        """The part arrived, as that message."""
        await self._postings.complete(self._turn, part, message_id)
        self._in_doubt.discard(part)

    async def _open(self, part: int) -> Posting:
        began = self._clock()
        posting = await self._postings.open(self._turn, part, str(self._turn.token))
        self._held_until = began + posting.held_for
        return posting

    async def posted_from(self, part: int) -> AsyncIterator[str]:
        """The messages of this part and later ones, also of those that were not recorded."""
        for posting in await self._postings.of(self._turn):
            if posting.part >= part:
                message_id = posting.message_id or await self._find(posting.part)
                if message_id is not None:
                    yield message_id
