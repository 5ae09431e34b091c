"""Discord, opened: who listens, from start to stop."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias

import discord

from adapters.chat.errands import Start
from adapters.discord.api import DiscordApi
from adapters.discord.policy import DiscordPolicy
from core.answering.dispatcher import Dispatcher
from core.conversation.archive import Archive
from core.conversation.cursors import Cursors
from core.conversation.presence import Presence

Extension: TypeAlias = Callable[[discord.Client, Start, DiscordPolicy], Awaitable[None]]
"""Registers commands, dynamic items and further listeners on a client that is logged in.

It is awaited before the client connects; the errands that it starts end with the adapter.
"""

log = logging.getLogger(__name__)


@asynccontextmanager
async def open_discord(
    api: DiscordApi,
    dispatcher: Dispatcher,
    presence: Presence,
    cursors: Cursors,
    archive: Archive,
    *,
    policy: DiscordPolicy | None = None,
    extensions: Sequence[Extension] = (),
) -> AsyncIterator[None]:
    """Listens until the block ends."""
    raise NotImplementedError
    yield
