"""The messages that show an answer while it is written, and whole at the end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from adapters.discord.rendering import Message, partial_messages
from core.errors import RateLimited, ServiceError
from core.model import Turn

log = logging.getLogger(__name__)


class Parts(Protocol):
    """The messages of an answer, by their number. Every method may raise ServiceError."""

    @property
    def taken_up(self) -> bool:
        """Whether an earlier attempt or answer had begun to post."""

    async def prepare(self, part: int) -> None:
        """Does what can be done before the part is there, ahead of `put`."""

    async def put(self, message: Message, part: int) -> None:
        """Sees to it that the part is there, once, with this content."""

    async def drop_from(self, part: int) -> None:
        """Deletes what was posted from this part on."""


class LiveMessages:
    """Shows a growing text in as many messages as it needs; only what changed is sent.

    While nothing is to `spare`, a renewal is left out.
    """

    def __init__(
        self, posts: Parts, turn: Turn, *, spare: Callable[[], bool] = lambda: True
    ) -> None:
        self._posts = posts
        self._turn = turn
        self._spare = spare
        self._shown: list[Message] = []
        self._still = False

    async def prepare(self) -> None:
        """Has the first message sent sooner. Raises LeaseLost."""
        try:
            await self._posts.prepare(0)
        except ServiceError as exc:
            log.info("Nothing was prepared in %s. %s", self._turn.question.session.channel, exc)

    async def show(self, text: str) -> bool:
        """Brings what is shown up to date; False when there is no room for it. Raises LeaseLost.

        After a failure it stands still: the end will put it right.
        """
        if self._still:
            return True
        if not self._spare():
            return False
        where = self._turn.question.session.channel
        try:
            await self._bring(partial_messages(text, self._turn.id))
        except RateLimited as exc:
            log.info("What is shown in %s lags. %s", where, exc)
        except ServiceError as exc:
            log.info("What is shown in %s stands still. %s", where, exc)
            self._still = True
        return True

    async def finish(self, messages: Sequence[Message]) -> None:
        """Puts the whole answer there, whatever was shown before. Raises ServiceError too."""
        await self._bring(messages)
        if self._posts.taken_up:
            await self._posts.drop_from(len(messages))

    async def _bring(self, messages: Sequence[Message]) -> None:
        for part, message in enumerate(messages):
            if self._shown[part : part + 1] != [message]:
                await self._posts.put(message, part)
                self._shown[part : part + 1] = [message]
        if len(self._shown) > len(messages):
            await self._posts.drop_from(len(messages))
            del self._shown[len(messages) :]
