"""Finds what was asked, edited and deleted while we were away: Discord delivers nothing again."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TypeAlias

import discord

from adapters.chat.incoming import Deleted, Incoming
from adapters.discord.api import DiscordApi
from adapters.discord.directs import BEGAN, Directs, See
from adapters.discord.faults import DiscordRefused
from adapters.discord.mapping import DIRECT, PLATFORM
from adapters.discord.messages import places_of
from adapters.discord.policy import DiscordPolicy
from adapters.discord.threads import home_of
from adapters.discord.window import Window, message_at
from core.conversation.archive import Archive
from core.conversation.cursors import Cursors
from core.conversation.presence import Presence
from core.model import Question

Take: TypeAlias = Callable[[Incoming], Awaitable[None]]

Spoken: TypeAlias = (
    discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread
)
"""Where people write to each other."""

_EVERYWHERE = ""
"""Stands for all channels, in place of one's id."""

log = logging.getLogger(__name__)


class CatchUp:
    """Reads what is later than the cursors, and takes it as if it had been delivered."""

    def __init__(
        self,
        api: DiscordApi,
        cursors: Cursors,
        presence: Presence,
        archive: Archive,
        policy: DiscordPolicy,
        directs: Directs,
        see: See,
        take: Take,
        window: Window,
    ) -> None:
        self._api = api
        self._cursors = cursors
        self._presence = presence
        self._archive = archive
        self._policy = policy
        self._directs = directs
        self._see = see
        self._take = take
        self._window = window

    async def run(self, missed_since: float | None = None) -> int:
        """The number of questions found, seen before or not. Raises ServiceError.

        Without a cursor nothing is looked for: the bot is new. What was `missed_since` is looked
        for wherever another instance has moved the cursors to.
        """
        us, now, count = str(self._api.us), self._api.clock.now(), 0
        since = {
            channel: _earlier(seen, missed_since)
            for channel, seen in (await seen_by(us, self._cursors)).items()
        }
        self._directs.update(since)
        if since:
            count = await self._unseen(since)
            await self._changed()
        else:
            self._cursors.note(PLATFORM, us, BEGAN, self._directs.began)
        await self._cursors.advance(PLATFORM, us, _EVERYWHERE, message_at(now))
        return count

    async def _unseen(self, since: Mapping[str, str]) -> int:
        count = 0
        for channel in [*self._grown(since), *await self._resting()]:
            seen = since.get(channel) or since.get(_EVERYWHERE)
            if seen is not None:
                count += await self._whatever(channel, seen)
        for channel in self._directs.all()[: self._window.directs]:
            count += await self._directs.catch_up(channel, self._see)
        return count

    def _grown(self, since: Mapping[str, str]) -> Iterator[str]:
        """The channels and active threads that say themselves that they have something new."""
        everywhere = since.get(_EVERYWHERE, "0")
        for channel in _talked_in(self._api.client):
            last, seen = channel.last_message_id or 0, since.get(str(channel.id), everywhere)
            if last > int(seen) and self._is_for_us(channel):
                yield str(channel.id)

    def _is_for_us(self, channel: Spoken) -> bool:
        """Discord tells of channels, too, that we may not read; too many refusals bar us."""
        readable = self._api.may(str(channel.id), "view_channel", "read_message_history")
        return readable and self._policy.admits_channel(places_of(channel))

    async def _resting(self) -> list[str]:
        """Threads of ours that are not active any more, but may have been meanwhile."""
        known = [s for s in self._presence.all(PLATFORM) if s.workspace != DIRECT]
        resting = [s.thread for s in known if self._api.client.get_channel(int(s.thread)) is None]
        return [
            thread
            for thread in resting[: self._window.threads]
            if await self._api.thread(thread) is not None
        ]

    async def _whatever(self, channel: str, seen: str) -> int:
        """The questions in a channel; one that cannot be read keeps no other from it."""
        after = self._window.after(seen, self._api.clock.now())
        try:
            messages = await self._api.messages(
                channel, after=after, most=self._window.messages, latest=True
            )
        except DiscordRefused as exc:
            log.warning("Channel %s cannot be caught up. %s", channel, exc)
            return 0
        return sum([await self._see(message) for message in messages])

    async def _changed(self) -> None:
        """Looks after the questions of late: they may have been edited or deleted."""
        lately = await self._archive.asked_lately(
            PLATFORM, self._window.seconds, self._window.questions
        )
        for question in lately:
            try:
                await self._look_after(question)
            except DiscordRefused as exc:
                log.info("A question cannot be looked after. %s", exc)

    async def _look_after(self, question: Question) -> None:
        home = await home_of(self._api, question)
        message = await self._api.message(home, question.message_id)
        if message is None:
            await self._take(Deleted(question.session, question.message_id))
        elif message.edited_at is not None:
            await self._see(message)


async def seen_by(us: str, cursors: Cursors) -> dict[str, str]:
    """The last message of each channel that was seen; none for a new bot. Raises ServiceError."""
    stored = await cursors.all(PLATFORM)
    return {place.channel: seen for place, seen in stored.items() if place.workspace == us}


def _earlier(seen: str, moment: float | None) -> str:
    if moment is None:
        return seen
    return min(seen, message_at(moment), key=int)


def _talked_in(client: discord.Client) -> Iterator[Spoken]:
    for guild in client.guilds:
        yield from guild.text_channels
        yield from guild.voice_channels
        yield from guild.stage_channels
        yield from guild.threads
