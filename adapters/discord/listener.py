"""Takes what people say in Discord: map it, hand it to the core.

Discord delivers nothing again. What cannot be stored in time is said to be late, and caught up.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TypeAlias

import discord

from adapters.chat.incoming import Asked, Edited, Ignored, Incoming
from adapters.chat.reception import Reception
from adapters.chat.watch import Watch
from adapters.discord.api import DiscordApi
from adapters.discord.asides import LATE
from adapters.discord.directs import Directs
from adapters.discord.mapping import Place, deleted, edited, incoming, session_of
from adapters.discord.messages import Said, is_spoken, said_of
from adapters.discord.whereabouts import Whereabouts
from core.conversation.presence import Presence
from core.conversation.recent import Recent
from core.errors import ServiceError
from core.model import Question

IN_TIME = 5.0
"""Seconds to store a message in, before its author is told that it takes longer."""

Tell: TypeAlias = Callable[[Question, str], None]

log = logging.getLogger(__name__)


class Listener:
    """Accepts each message once. Its `on_` methods are discord.py's events."""

    def __init__(
        self,
        api: DiscordApi,
        reception: Reception,
        presence: Presence,
        place: Place,
        whereabouts: Whereabouts,
        directs: Directs,
        watch: Watch,
        tell: Tell,
    ) -> None:
        self._api = api
        self._reception = reception
        self._presence = presence
        self._place = place
        self._whereabouts = whereabouts
        self._directs = directs
        self._watch = watch
        self._tell = tell
        self._apologised = Recent[str]()
        self._ready = False
        self._busy: set[asyncio.Task[object]] = set()

    def register(self, client: discord.Client) -> None:
        """Has discord.py call us."""
        for event in (
            self.on_message,
            self.on_raw_message_edit,
            self.on_raw_message_delete,
            self.on_raw_bulk_message_delete,
            self.on_ready,
            self.on_shard_ready,
        ):
            client.event(event)

    async def on_ready(self) -> None:
        """A session has begun: of what was said before it, nobody tells us."""
        self._away()
        self._ready = True

    async def on_shard_ready(self, _: int) -> None:
        """The same of one of several connections."""
        self._away()

    def _away(self) -> None:
        self._directs.away()
        if self._ready:  # the first one is caught up with anyway
            self._watch.missed()

    async def on_message(self, message: discord.Message) -> None:
        """Somebody wrote, perhaps we."""
        if await self._in_time(message):
            self._watch.seen(str(message.channel.id), str(message.id))

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """A message was changed, or only its preview."""
        if payload.message.edited_at is not None:
            await self._in_time(payload.message)

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """A message is gone."""
        await self._gone(payload.guild_id, payload.channel_id, payload.message_id)

    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """Several are."""
        for message_id in payload.message_ids:
            await self._gone(payload.guild_id, payload.channel_id, message_id)

    async def end(self) -> None:
        """Returns when what came is seen to, or has had its time."""
        if self._busy:
            await asyncio.wait(self._busy, timeout=IN_TIME)

    async def see(self, message: discord.Message) -> bool:
        """Whether it is a question, asked for the first time or not. Raises ServiceError."""
        now = await self._meaning(message)
        await self._reception.take(now)
        return isinstance(now, Asked | Edited)

    async def _in_time(self, message: discord.Message) -> bool:
        """Whether it was seen to."""
        now: Incoming = Ignored("not read")
        try:
            async with self._timely():
                now = await self._meaning(message)
                await self._take(now, message)
        except (ServiceError, TimeoutError) as exc:
            log.warning("A message was not stored; it is caught up later. %s", exc)
            self._watch.missed()
            if message.guild is None:
                self._directs.missed(str(message.channel.id))
            if isinstance(now, Asked):
                self._apologise(now.question)
            return False
        return True

    async def _take(self, now: Incoming, message: discord.Message) -> None:
        if message.guild is not None or not isinstance(now, Asked | Edited):
            await self._reception.take(now)
            return
        channel = str(message.channel.id)
        async with self._directs.storing(channel):
            for earlier in await self._said_before(channel):
                await self.see(earlier)
            await self._reception.take(now)

    async def _said_before(self, channel: str) -> list[discord.Message]:
        """What is to be taken first. Where Discord does not tell, nothing waits for it."""
        try:
            return await self._directs.unread(channel)
        except (ServiceError, TimeoutError) as exc:
            log.warning("What was said in a direct conversation before is caught up later. %s", exc)
            self._watch.missed()
            return []

    @asynccontextmanager
    async def _timely(self) -> AsyncIterator[None]:
        """What an event of Discord's may take. Raises TimeoutError."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - discord.py runs each event in a task
        self._busy.add(task)
        try:
            async with asyncio.timeout(IN_TIME):
                yield
        finally:
            self._busy.discard(task)

    def _apologise(self, question: Question) -> None:
        if self._apologised.add(question.message_id):
            self._tell(question, LATE)

    async def _meaning(self, message: discord.Message) -> Incoming:
        if message.guild is None:
            self._directs.hear(str(message.channel.id))
        if not is_spoken(message):  # as most are that we hear: our own, and each of their edits
            return Ignored("not from a person")
        said = await self._said(message)
        chain = await self._whereabouts.chain_of(said)
        if said.in_thread:
            await self._presence.includes(session_of(said))
        mean = edited if said.revision else incoming
        return mean(said, self._place, chain=chain)

    async def _said(self, message: discord.Message) -> Said:
        channel: object | None = message.channel
        if isinstance(channel, discord.PartialMessageable) and message.guild is not None:
            channel = await self._api.channel(str(channel.id))
        said = said_of(message, self._api.us, channel)
        policy, untold = self._place.policy, not isinstance(message.author, discord.Member)
        matters = policy.by_role or (said.guild is not None and policy.auto_answer_roles)
        if untold and matters and said.spoken:
            return replace(said, roles=await self._whereabouts.roles_of(said.author, message.guild))
        return said

    async def _gone(self, guild: int | None, channel: int, message_id: int) -> None:
        if self._api.deleted(str(message_id)):
            return
        try:
            async with self._timely():
                session = await self._whereabouts.session_of_gone(guild, channel, message_id)
                await self._reception.take(deleted(session, str(message_id), self._place))
        except (ServiceError, TimeoutError) as exc:
            log.warning("A deletion was not noted; it is caught up later. %s", exc)
            self._watch.missed()
