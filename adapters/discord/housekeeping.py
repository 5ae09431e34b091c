"""`/new`, `/status` and `/forget`: what a person does about their conversation, and sees of us."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeAlias

import discord

from adapters.chat.status_texts import next_sync, source_lines
from adapters.chat.wording import forgotten
from adapters.discord.mapping import DIRECT, PLATFORM
from adapters.discord.private import PLATFORM as PRIVATE
from adapters.discord.prose import escaped
from adapters.discord.rendering import Message
from adapters.discord.replies import defer, say, tell
from adapters.markdown import split
from core.answering.dispatcher import Dispatcher
from core.conversation.history import History
from core.ingestion.overview import Overview
from core.model import SessionKey

Interaction: TypeAlias = discord.Interaction[Any]
ReadOverview: TypeAlias = Callable[[], Awaitable[Overview | None]]

NEW = "Your next question begins a new conversation: I no longer look at what was said here."
NEW_ALREADY = "There is nothing here that I would look back at: your next question is a new one."
NEW_ELSEWHERE = (
    "In a channel, each question begins a conversation of its own. `/new` is for direct messages "
    "and threads."
)
NOTHING_YET = "No docs were brought in yet."

_LONGEST_LIST = 1_500

log = logging.getLogger(__name__)


class Housekeeping:
    """What is said by it only the person sees. Every method raises ServiceError."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        history: History,
        overview: ReadOverview,
        *,
        reads_all: bool,
    ) -> None:
        self._dispatcher = dispatcher
        self._history = history
        self._overview = overview
        self._reads_all = reads_all

    async def new(self, interaction: Interaction) -> None:
        """Later questions here know nothing of the earlier ones."""
        session = _session(interaction)
        if session is None:
            await say(interaction, NEW_ELSEWHERE)
            return
        await defer(interaction)
        begun = await self._history.begin_afresh(session)
        await say(interaction, NEW if begun else NEW_ALREADY)

    async def status(self, interaction: Interaction) -> None:
        """What is served, and what needs a mention."""
        await defer(interaction)
        text = status_text(await self._overview(), reads_all=self._reads_all)
        await tell(interaction, Message(text))

    async def forget(self, interaction: Interaction) -> None:
        """Deletes what the person asked anywhere in Discord, and what they got."""
        await defer(interaction)
        person = str(interaction.user.id)
        count = await self._dispatcher.forget([PLATFORM, PRIVATE], person)
        log.info("%s had %s of their questions forgotten.", person, count)
        await say(interaction, forgotten(count))


def status_text(overview: Overview | None, *, reads_all: bool) -> str:
    """The docs that are served, as Markdown with Discord's own times."""
    mention = (
        "In my threads, follow-ups need no mention."
        if reads_all
        else "In servers I see only what mentions me, follow-ups too."
    )
    if overview is None:
        return f"{NOTHING_YET}\n\n{mention}"
    state = [f"**{_docs(overview.documents)}**, last changed {_ago(overview.since)}."]
    if overview.synced is not None:
        state.append(f"Last synced {_ago(overview.synced)}.")
    if (due := next_sync(overview)) is not None:
        state.append(f"The next sync is due {_ago(due)}.")
    lines = [*source_lines(overview), *overview.budgets]
    listed = split("\n".join(f"- {escaped(line)}" for line in lines), _LONGEST_LIST)[:1]
    return "\n\n".join([" ".join(state), *listed, mention])


def _docs(count: int) -> str:
    return "1 doc" if count == 1 else f"{count} docs"


def _ago(moment: datetime) -> str:
    """In the reader's own words."""
    return f"<t:{int(moment.timestamp())}:R>"


def _session(interaction: Interaction) -> SessionKey | None:
    """The conversation that the command was given in; None in a channel, where none goes on."""
    channel = interaction.channel
    if interaction.guild_id is None:
        return SessionKey(
            PLATFORM, DIRECT, str(interaction.channel_id), str(interaction.channel_id)
        )
    if not isinstance(channel, discord.Thread):
        return None
    guild, parent = str(interaction.guild_id), str(channel.parent_id)
    return SessionKey(PLATFORM, guild, parent, str(channel.id))
