"""Direct conversations: Discord lists them to no bot, and tells of each message once."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias

import discord

from adapters.chat.lines import Lines
from adapters.discord.api import DiscordApi
from adapters.discord.asides import LATE
from adapters.discord.faults import DiscordRefused
from adapters.discord.journal import Journal
from adapters.discord.mapping import DIRECT, PLATFORM
from adapters.discord.window import Window, message_at
from core.conversation.presence import Presence
from core.conversation.recent import Recent

See: TypeAlias = Callable[[discord.Message], Awaitable[bool]]
"""Takes a message that may have come before; whether it is a question. Raises ServiceError."""

BEGAN = "began"
"""Stands among the cursors for when the bot was new."""

_SKEW = 60.0
"""Seconds by which the time that we take for Discord's may be behind it."""

_PATIENCE = 2.0
"""Seconds of those that a message has to be stored in, to read what was said before it."""

log = logging.getLogger(__name__)


class Directs:
    """The direct conversations that we know of.

    Before a process takes the first message that it hears in one, it reads what was said there
    before: others may have heard that, and been killed before they could store it. It does so again
    after a message that could not be stored, and spares itself one that was opened while Discord
    told us all. What is older than when the bot `began` was not said to it.
    """

    def __init__(
        self, api: DiscordApi, presence: Presence, window: Window, journal: Journal
    ) -> None:
        self._api = api
        self._presence = presence
        self._window = window
        self._journal = journal
        self._seen: Mapping[str, str] = {}
        self.began = message_at(api.clock.now())
        self._told_since = math.inf
        self._heard, self._read = Recent[str](), Recent[str]()
        self._storing, self._reading = Lines(), Lines()

    def load(self, seen: Mapping[str, str]) -> None:
        """Begins with what was left; `seen` are the bot's cursors, without any if it is new."""
        self.update(seen)
        for channel in self._journal.load():
            self.hear(channel)

    def update(self, seen: Mapping[str, str]) -> None:
        """The cursors as they are by now."""
        self._seen = seen
        if seen:
            self.began = seen.get(BEGAN, "0")

    def hear(self, channel: str) -> None:
        """Somebody speaks to us there."""
        if self._heard.add(channel) and int(channel) > self._told_since:
            self._read.add(channel)

    def all(self) -> list[str]:
        """Those that we know of, the one that was last heard first."""
        stored = [s.channel for s in self._presence.all(PLATFORM) if s.workspace == DIRECT]
        return list(dict.fromkeys([*self._heard, *stored]))

    @asynccontextmanager
    async def storing(self, channel: str) -> AsyncIterator[None]:
        """Where what is said there is stored, one message after the other.

        What fails is to be `missed` at once, before the next one comes in.
        """
        async with self._storing.of(channel):
            self._journal.note(channel)
            yield
            self._stored(channel)

    async def unread(self, channel: str) -> list[discord.Message]:
        """What was said there before and is to be taken, oldest first; once. Raises ServiceError.

        It also raises TimeoutError, early enough to take what is said now.
        """
        async with asyncio.timeout(_PATIENCE), self._reading.of(channel):
            return [] if channel in self._read else await self._reread(channel)

    async def catch_up(self, channel: str, see: See) -> int:
        """Takes that in any case; the number of questions, seen before or not.

        Raises ServiceError.
        """
        async with self._reading.of(channel):
            try:
                count = sum([await see(message) for message in await self._reread(channel)])
            except BaseException:
                self.missed(channel)
                raise
        self._stored(channel)
        return count

    def missed(self, channel: str) -> None:
        """Something that was said there could not be stored."""
        self._read.discard(channel)
        self._journal.note(channel)

    def away(self) -> None:
        """Discord tells us all from now on; before, we may have missed something anywhere."""
        self._read.clear()
        self._told_since = int(message_at(self._api.clock.now() + _SKEW))

    def _stored(self, channel: str) -> None:
        # Whoever reads what was said before may still find something to store.
        if channel in self._read and not self._reading.of(channel).locked():
            self._journal.strike(channel)

    async def _reread(self, channel: str) -> list[discord.Message]:
        self._read.add(channel)  # what is missed from here on takes that back
        try:
            return await self._unanswered(channel)
        except BaseException:
            self._read.discard(channel)
            raise

    async def _unanswered(self, channel: str) -> list[discord.Message]:
        """What to take, oldest first. What we replied to was taken, or declined."""
        seen = self._seen.get(channel, "0")
        after = max(self._window.after(seen, self._api.clock.now()), self.began, key=int)
        try:
            messages = await self._api.messages(
                channel, after=after, most=self._window.messages, latest=True
            )
        except DiscordRefused as exc:
            log.warning("Direct conversation %s cannot be caught up. %s", channel, exc)
            return []
        answered = _replied_to(messages, self._api.us)
        return [m for m in messages if m.id not in answered or m.edited_at is not None]


def _replied_to(messages: Sequence[discord.Message], us: int) -> set[int | None]:
    """The messages that we said something about, other than that it comes later."""
    return {
        message.reference.message_id
        for message in messages
        if message.author.id == us and message.reference is not None and message.content != LATE
    }
