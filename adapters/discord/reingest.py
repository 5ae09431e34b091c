"""`/reingest`: who may, and the message that shows how far it is."""

from __future__ import annotations

import logging
from collections.abc import Collection
from functools import partial
from typing import Any, TypeAlias

import discord

from adapters.chat.errands import Start
from adapters.chat.shared_sync import SharedSync
from adapters.chat.sync_texts import ALREADY, STARTED
from adapters.chat.syncing import EVERY, shown_sync
from adapters.chat.wording import failed
from adapters.discord.api import DiscordApi
from adapters.discord.calling import called
from adapters.discord.faults import DiscordRefused
from adapters.discord.rendering import Message, notice
from adapters.discord.replies import say
from core.errors import DocentError

Interaction: TypeAlias = discord.Interaction[Any]

REFUSED = (
    "Only people who may manage this server may bring the docs in again. Whoever runs Docent can "
    "name others."
)
NOT_LISTED = "Only people and roles whom Docent's settings name may bring the docs in again."

log = logging.getLogger(__name__)


class Reingest:
    """Syncs for those who may, and shows it where it was asked for."""

    def __init__(
        self,
        api: DiscordApi,
        sync: SharedSync,
        start: Start,
        admins: Collection[str] = (),
        *,
        every: float = EVERY,
    ) -> None:
        self._api = api
        self._sync = sync
        self._start = start
        self._admins = frozenset(admins)
        self._every = every

    async def run(self, interaction: Interaction, source: str | None) -> None:
        """Begins, and returns; says to those who may not that they may not. Raises nothing."""
        person, allowed = interaction.user.id, self._allows(interaction)
        log.log(
            logging.INFO if allowed else logging.WARNING,
            "/reingest by %s of %s was %s.",
            person,
            repr(source) if source else "all sources",
            "allowed" if allowed else "refused",
        )
        if not allowed:
            await say(interaction, NOT_LISTED if self._admins else REFUSED)
            return
        # It is to end before the client does, and discord.py's own tasks end after it.
        self._start(self._synced(interaction, source))

    async def _synced(self, interaction: Interaction, source: str | None) -> None:
        board = _Board(self._api, interaction)
        try:
            await board.begin(ALREADY if self._sync.running else STARTED)
            await shown_sync(self._sync, source, board, every=self._every)
        except DocentError as exc:
            log.warning("/reingest by %s failed. %s", interaction.user.id, exc)
            await say(interaction, failed(exc))

    def _allows(self, interaction: Interaction) -> bool:
        """By our own settings: a server's can let anybody use a command."""
        if not self._admins:
            return interaction.guild_id is not None and interaction.permissions.manage_guild
        user = interaction.user
        roles = user.roles if isinstance(user, discord.Member) else []
        return not self._admins.isdisjoint({str(user.id), *(str(role.id) for role in roles)})


class _Board:
    """The reply to the command; once its token has expired, a message in the same place.

    Where the bot may not post, that is a direct message; and where even that is refused, nothing.
    """

    def __init__(self, api: DiscordApi, interaction: Interaction) -> None:
        self._api = api
        self._interaction = interaction
        self._expired = False
        self._place: tuple[str, str] | None = None
        self._given_up = False

    async def begin(self, text: str) -> None:
        """The first thing that is shown. Raises ServiceError."""
        reply = self._interaction.response.send_message
        begin = partial(reply, notice(text).text, suppress_embeds=True)
        await called("a reply", begin, pauses=())

    async def glance(self, text: str) -> None:
        if not self._given_up:
            await self.show(text)

    async def show(self, text: str) -> None:
        message = notice(text)
        if not self._expired and await self._replied(message):
            return
        # Whoever deleted it did not end the sync.
        if self._place is None or not await self._api.edit(*self._place, message):
            self._place = await self._posted(message)

    async def _replied(self, message: Message) -> bool:
        edit = partial(self._interaction.edit_original_response, content=message.text)
        try:
            await called("an edit", edit)
        except DiscordRefused as exc:
            log.info("A sync is shown in a message of its own from now on. %s", exc)
            self._expired = True
        return not self._expired

    async def _posted(self, message: Message) -> tuple[str, str]:
        """Where it went: the channel, and the message's id."""
        channel = str(self._interaction.channel_id)
        try:
            return channel, await self._api.post(channel, message)
        except DiscordRefused as exc:
            log.info("A sync is shown in a direct message. %s", exc)
        try:
            direct = await self._api.direct(str(self._interaction.user.id))
            return direct, await self._api.post(direct, message)
        except DiscordRefused:
            self._given_up = True
            raise
