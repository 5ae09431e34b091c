"""What has to be looked up to tell which conversation a message belongs to."""

from __future__ import annotations

import time
from collections import OrderedDict

import discord

from adapters.discord.api import DiscordApi
from adapters.discord.mapping import DIRECT, PLATFORM
from adapters.discord.messages import Said, roles_of
from adapters.discord.posts import posted_id
from core.conversation.archive import Archive
from core.conversation.presence import Presence
from core.model import SessionKey

_REMEMBERED = 10_000
_MOST_SERVERS = 20
_ROLES_LAST = 60.0
"""Seconds for which somebody's roles are believed."""


class Whereabouts:
    """Looks up only what the message itself, and our memory, do not tell."""

    def __init__(self, api: DiscordApi, archive: Archive, presence: Presence) -> None:
        self._api = api
        self._archive = archive
        self._presence = presence
        self._roles: OrderedDict[tuple[str, int | None], tuple[frozenset[str], float]]
        self._roles = OrderedDict()

    async def chain_of(self, said: Said) -> SessionKey | None:
        """The session of the answer that a message outside of threads replies to.

        Raises ServiceError.
        """
        reply = said.reply_to
        if said.guild is None or said.in_thread or reply is None:
            return None
        if reply.author not in {"", str(self._api.us)}:
            return None
        turn = await self._archive.find_posted(
            PLATFORM, said.guild, said.channel, posted_id(said.channel, reply.id)
        )
        return None if turn is None else turn.question.session

    async def session_of_gone(self, guild: int | None, channel: int, message_id: int) -> SessionKey:
        """The session of a message of which no more is known. Raises ServiceError."""
        where = str(channel)
        if guild is None:
            return SessionKey(PLATFORM, DIRECT, where, where)
        found = self._api.client.get_channel(channel)
        if isinstance(found, discord.Thread):
            return SessionKey(PLATFORM, str(guild), str(found.parent_id), where)
        root = SessionKey(PLATFORM, str(guild), where, str(message_id))
        if root in self._presence or self._api.may(where, "create_public_threads"):
            return root
        turn = await self._archive.find(PLATFORM, str(guild), where, str(message_id))
        return root if turn is None else turn.question.session

    async def roles_of(self, person: str, guild: discord.Guild | None = None) -> frozenset[str]:
        """The roles of a person in a server, or in all of them, where their message tells none.

        Raises ServiceError.
        """
        key, now = (person, None if guild is None else guild.id), time.monotonic()
        known, until = self._roles.get(key, (frozenset[str](), 0.0))
        if now < until:
            return known
        found: frozenset[str] = frozenset()
        for each in [guild] if guild is not None else self._api.client.guilds[:_MOST_SERVERS]:
            found |= roles_of(await self._api.member(each, person))
        self._roles[key] = found, now + _ROLES_LAST
        if len(self._roles) > _REMEMBERED:
            self._roles.popitem(last=False)
        return found
