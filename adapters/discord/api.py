"""The part of Discord's REST API that we use, with its errors in our own words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus

import aiohttp
import discord
from discord.abc import GuildChannel

from adapters.chat.clock import PlatformClock
from adapters.discord.calling import PAUSES, T, called
from adapters.discord.client import READY, open_client
from adapters.discord.credentials import DiscordCredentials
from adapters.discord.faults import (
    GONE,
    SERVICE,
    UNKNOWN_CHANNEL,
    UNKNOWN_MESSAGE,
    DiscordRefused,
    translated,
)
from adapters.discord.pacing import Pacing
from adapters.discord.rendering import Message
from adapters.discord.views import view_of
from core.conversation.recent import Recent
from core.errors import RequestRejected

UNKNOWN_MEMBER = 10007
ARCHIVED = 50083
THREAD_THERE = 160004
"""Discord's code for a message that has a thread already."""

_TIMEOUT = 30.0
_PAGE = 100


class DiscordApi:
    """What we ask of Discord; ids are snowflakes as text. Every method raises ServiceError.

    `client` is discord.py's, logged in. Whatever got no answer is asked for again: nothing here is
    done twice by that.
    """

    def __init__(
        self,
        client: discord.Client,
        session: aiohttp.ClientSession,
        pacing: Pacing | None = None,
        clock: PlatformClock | None = None,
    ) -> None:
        self.client = client
        self.clock = clock or PlatformClock()
        self._session = session
        self._pacing = pacing or Pacing()
        self._deleted = Recent[str]()

    @property
    def us(self) -> int:
        """The bot's user id."""
        assert self.client.user is not None  # noqa: S101 - a client that is logged in has one
        return self.client.user.id

    async def post(
        self,
        channel: str,
        message: Message,
        *,
        reply_to: str | None = None,
        nonce: str | None = None,
        silent: bool = False,
    ) -> str:
        """Posts, once for a nonce in a few minutes; the message's id. `silent` alerts nobody."""
        there = self.messageable(channel)
        reference = None
        if reply_to is not None:
            reference = discord.MessageReference(message_id=int(reply_to), channel_id=int(channel))
        send = partial(
            there.send,
            message.text,
            view=view_of(message.buttons),
            reference=reference,
            nonce=nonce,
            silent=silent,
            suppress_embeds=True,
        )
        posted = await self._called("a message", send, pauses=PAUSES if nonce else ())
        return str(posted.id)

    async def edit(self, channel: str, message_id: str, message: Message) -> bool:
        """Exchanges a message's content; False when it is no longer there."""
        there = self.messageable(channel).get_partial_message(int(message_id))
        view = view_of(message.buttons)
        edit = partial(there.edit, content=message.text, view=view)
        return await _where_it_is(self._in_open_thread(channel, "an edit", edit))

    async def delete(self, channel: str, message_id: str) -> None:
        """Deletes a message of ours, unless it is gone."""
        self._deleted.add(message_id)
        there = self.messageable(channel).get_partial_message(int(message_id))
        await _where_it_is(self._in_open_thread(channel, "a deletion", there.delete))

    def deleted(self, message_id: str) -> bool:
        """Whether we deleted it ourselves, lately."""
        return message_id in self._deleted

    async def type_in(self, channel: str) -> None:
        """Shows for ten seconds that we write."""
        typing = self.messageable(channel).typing()

        async def begin() -> None:
            await typing

        await self._called("typing", begin, pauses=())

    async def open_thread(self, guild: str, channel: str, message_id: str, name: str) -> str:
        """The thread under a message, which is opened unless it is there."""
        under = self.messageable(channel, guild=guild).get_partial_message(int(message_id))
        try:
            await self._called("a thread", partial(under.create_thread, name=name))
        except DiscordRefused as exc:
            if exc.code != THREAD_THERE:
                raise
        return message_id  # a thread has the id of the message that it was opened under

    async def thread(self, thread: str) -> discord.Thread | None:
        """The thread of that id, from memory if it is active; None when there is none."""
        found = await self.channel(thread)
        return found if isinstance(found, discord.Thread) else None

    async def channel(self, channel: str) -> object | None:
        """The channel or thread, from memory if it is there; None when there is none."""
        found = self.client.get_channel(int(channel))
        if found is not None:
            return found
        try:
            return await self._called("a channel", partial(self.client.fetch_channel, int(channel)))
        except DiscordRefused as exc:
            if exc.code != UNKNOWN_CHANNEL:
                raise
            return None

    def may(self, channel: str, *permissions: str) -> bool:
        """Whether we have all these permissions there, as far as is known."""
        found: object | None = self.client.get_channel(int(channel))
        if isinstance(found, discord.Thread):
            found = found.parent  # which may be unknown; a thread's permissions are its channel's
        if not isinstance(found, GuildChannel):
            return True
        granted = found.permissions_for(found.guild.me)
        return all(getattr(granted, name) for name in permissions)

    async def direct(self, person: str) -> str:
        """The direct channel to a person."""
        open_it = partial(self.client.create_dm, discord.Object(int(person)))
        return str((await self._called("a direct channel", open_it)).id)

    async def member(self, guild: discord.Guild, person: str) -> discord.Member | None:
        """A person as a member of a server; None of another one."""
        try:
            return await self._called("a member", partial(guild.fetch_member, int(person)))
        except DiscordRefused as exc:
            if exc.code != UNKNOWN_MEMBER:
                raise
            return None

    async def message(self, channel: str, message_id: str) -> discord.Message | None:
        """A message as it is by now; None when it is gone."""
        there = self._readable(channel)
        fetch = partial(there.fetch_message, int(message_id))
        try:
            return await self._called("a message", fetch)
        except DiscordRefused as exc:
            if exc.code != UNKNOWN_MESSAGE:
                raise
            return None

    async def messages(
        self,
        channel: str,
        *,
        after: str | None = None,
        before: str | None = None,
        most: int = _PAGE,
        latest: bool = False,
    ) -> list[discord.Message]:
        """The channel's messages, oldest first: the first after one, or the `latest` of those.

        Without `after`, the last before one.
        """
        there = self._readable(channel)

        async def read() -> list[discord.Message]:
            found = there.history(
                limit=most,
                after=None if after is None else discord.Object(int(after)),
                before=None if before is None else discord.Object(int(before)),
                oldest_first=after is not None and not latest,
            )
            return [message async for message in found]

        return sorted(await self._called("a history", read), key=lambda message: message.id)

    def messageable(self, channel: str, *, guild: str | None = None) -> discord.PartialMessageable:
        """A channel of which nothing need be known."""
        return self.client.get_partial_messageable(
            int(channel), guild_id=None if guild is None else int(guild)
        )

    def spare(self) -> bool:
        """Whether Discord has time for what could be left out."""
        return self._pacing.spare()

    async def _called(
        self,
        what: str,
        call: Callable[[], Awaitable[T]],
        *,
        pauses: tuple[float, ...] = PAUSES,
    ) -> T:
        """As `called`, at its moment."""

        async def in_turn() -> T:
            await self._pacing.turn()
            return await call()

        return await called(what, in_turn, pauses=pauses)

    def _readable(self, channel: str) -> discord.abc.Messageable:
        """The channel as discord.py knows it, so that its messages know their place."""
        found = self.client.get_channel(int(channel))
        return found if isinstance(found, discord.abc.Messageable) else self.messageable(channel)

    async def _in_open_thread(
        self, channel: str, what: str, change: Callable[[], Awaitable[object]]
    ) -> None:
        """Makes a change that a thread refuses as long as it is archived."""
        try:
            await self._called(what, change)
        except DiscordRefused as exc:
            thread = await self.thread(channel) if exc.code == ARCHIVED else None
            if thread is None:
                raise
            await self._called("a thread", partial(thread.edit, archived=False))
            await self._called(what, change)

    async def download(self, url: str, most: int) -> bytes:
        """A file's content, cut after `most` bytes."""
        try:
            async with self._session.get(url) as reply:
                if reply.status != HTTPStatus.OK:
                    raise RequestRejected(SERVICE, f"the file was refused ({reply.status})")
                return await _read(reply.content, most)
        except (aiohttp.ClientError, TimeoutError, OSError) as exc:
            raise translated("the download", exc) from exc


@asynccontextmanager
async def open_discord_api(
    credentials: DiscordCredentials,
    *,
    message_content: bool = False,
    shards: int = 1,
    ready: float = READY,
    pacing: Pacing | None = None,
) -> AsyncIterator[DiscordApi]:
    """Logged in, and not connected to the gateway yet. Raises ServiceError."""
    clock = PlatformClock()
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT)) as session,
        open_client(
            credentials, message_content=message_content, shards=shards, ready=ready, clock=clock
        ) as client,
    ):
        yield DiscordApi(client, session, pacing, clock)


async def _where_it_is(change: Awaitable[object]) -> bool:
    """Whether what is to be changed is there."""
    try:
        await change
    except DiscordRefused as exc:
        if exc.code not in GONE:
            raise
        return False
    return True


async def _read(content: aiohttp.StreamReader, most: int) -> bytes:
    found = b""
    while len(found) < most and (chunk := await content.read(most - len(found))):
        found += chunk
    return found
