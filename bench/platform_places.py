"""The platforms' stand-ins as the benches play them: people who ask, and what they are shown."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

import aiohttp

from bench.platform_bot import UNLIMITED, Config
from tests.support import discord_messages
from tests.support.discord_faults import Window
from tests.support.discord_server import DiscordGuild, open_discord
from tests.support.slack_server import SlackWorkspace, open_workspace
from tests.support.slack_web import Call


class Place(Protocol):
    """A platform's stand-in, and the people on it."""

    async def ask(self, conversation: int, text: str) -> None:
        """One of them asks."""

    def answers(self, conversation: int) -> int:
        """How many messages the bot has there."""


Note = Callable[[str, str, bool], None]
"""Is told of a call: its method, the conversation's channel, whether it shows text."""


class Noted(list[Any]):
    """The calls that a stand-in gets, each told of as it comes."""

    def __init__(self, note: Callable[[Any], None]) -> None:
        super().__init__()
        self._note = note

    def append(self, call: Any) -> None:
        """Keeps none: they would be many."""
        self._note(call)


class SlackPlace:
    """A channel for each conversation, where each question opens a thread."""

    def __init__(self, workspace: SlackWorkspace, conversations: int, note: Note) -> None:
        self._workspace = workspace
        self._note = note
        self._asked: dict[int, str] = {}
        for n in range(conversations):
            workspace.add_channel(str(n))
        for n in range(conversations):
            workspace.slack.add_user(f"U{n}", f"person-{n}")
        workspace.web.calls = Noted(self._told)

    async def ask(self, conversation: int, text: str) -> None:
        """Mentions the bot."""
        channel, user = f"C0{conversation}", f"U{conversation}"
        self._asked[conversation] = await self._workspace.mention(channel, text, user=user)

    def answers(self, conversation: int) -> int:
        """Those in the thread of the question."""
        ts = self._asked[conversation]
        return len(self._workspace.answers(f"C0{conversation}", ts))

    def _told(self, call: Call) -> None:
        channel = str(call.arguments.get("channel") or call.arguments.get("channel_id"))
        shows = call.method.startswith("chat.") and call.error is None
        self._note(call.method, channel.removeprefix("C0"), shows)


class DiscordPlace:
    """A channel for each conversation, where each question opens a thread."""

    def __init__(self, guild: DiscordGuild, conversations: int, note: Note) -> None:
        self._guild = guild
        self._note = note
        self._channels = [guild.add_channel(f"channel-{n}") for n in range(conversations)]
        self._threads: dict[int, str] = {}
        self._conversations: dict[str, str] = {}
        guild.rest.calls = Noted(self._told)

    async def ask(self, conversation: int, text: str) -> None:
        """Mentions the bot; the thread will have the message's id."""
        asked = await self._guild.mention(self._channels[conversation], text)
        self._threads[conversation] = asked
        self._conversations[asked] = str(conversation)

    def answers(self, conversation: int) -> int:
        """Those in the thread."""
        return len(self._guild.answers(self._threads[conversation]))

    def _told(self, call: discord_messages.Call) -> None:
        shows = call.operation in {"create_message", "update_message"}
        channel = call.parts.get("channel_id", "")
        self._note(call.operation, self._conversations.get(channel, channel), shows)


@asynccontextmanager
async def open_place(
    platform: str, conversations: int, note: Note, *, limited: bool
) -> AsyncIterator[tuple[Place, Config, Callable[[str, aiohttp.ClientSession], object]]]:
    """The platform's stand-in, how the bot gets there, and how it is told where requests go."""
    if platform == "discord":
        async with open_discord() as guild:
            if not limited:
                guild.rates.everywhere = Window(UNLIMITED, 1.0)
            place = DiscordPlace(guild, conversations, note)
            yield place, Config(platform, guild.api_url, guild.token), lambda *_: None
        return
    async with open_workspace() as workspace:
        config = Config(
            platform,
            workspace.api_url,
            workspace.bot_token,
            workspace.app_token,
            workspace.signing_secret,
        )
        yield SlackPlace(workspace, conversations, note), config, workspace.use_http
