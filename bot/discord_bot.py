"""Discord's adapter, wired to the app."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial

from adapters.discord.api import DiscordApi, open_discord_api
from adapters.discord.app import Connection, Extension, open_discord
from adapters.discord.credentials import DiscordCredentials
from adapters.discord.digest import DiscordDigest
from adapters.discord.mapping import PLATFORM
from adapters.discord.policy import DiscordPolicy
from adapters.discord.private import PLATFORM as PRIVATE
from adapters.discord.private import PrivateResponder
from adapters.discord.responder import DiscordResponder
from adapters.discord.staleness import stale_notices
from adapters.discord.surfaces import surfaces
from bot.digest import open_digest
from bot.parts import App
from bot.quota import quota_text
from bot.sources import widest_scope
from bot.status import read_public_status
from core.answering.dispatcher import Dispatcher
from core.conversation.archive import Archive
from core.conversation.cursors import Cursors
from core.conversation.feedback import Feedback
from core.conversation.history import History
from core.conversation.presence import Presence
from core.conversation.registrations import Registrations
from core.conversation.staleness import NoticePostings
from core.conversation.traces import Traces
from core.ports import Responder


async def run_discord(
    credentials: DiscordCredentials,
    policy: DiscordPolicy,
    app: App,
    stop: asyncio.Event,
    announce: Callable[[str], None],
) -> None:
    """Answers in Discord until `stop`, then lets running answers end."""
    settings, archive = app.settings.discord, Archive(app.database)
    presence = Presence(app.database, shared=app.settings.database.shared)
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(
            open_discord_api(
                credentials, message_content=settings.message_content, shards=settings.shards
            )
        )
        responders: dict[str, Responder] = {
            PLATFORM: DiscordResponder(api, app.postings, archive),
            PRIVATE: PrivateResponder(api, app.postings),
        }
        dispatcher = await stack.enter_async_context(
            app.dispatcher(
                responders, limits=app.limits, scope=widest_scope(app.settings, PLATFORM)
            )
        )
        connection = await stack.enter_async_context(
            open_discord(
                api,
                dispatcher,
                presence,
                Cursors(app.database),
                archive,
                policy=policy,
                journal=app.settings.docent.data_dir / "discord",
                extensions=[
                    _surfaces(app, api, dispatcher, presence, archive),
                    stale_notices(api, app.stale, NoticePostings(app.database), archive),
                ],
            )
        )
        await stack.enter_async_context(_digest(app, api))
        await dispatcher.resume()
        announce(_reading(app))
        announce("Docent is up in Discord.")
        await _until(stop, connection)


def _reading(app: App) -> str:
    discord = app.settings.discord
    if discord.message_content and discord.follow_ups:
        return "In Discord it may read all messages: follow-ups in its threads need no mention."
    return "In Discord it reads mentions and direct messages: follow-ups need a mention, too."


async def _until(stop: asyncio.Event, connection: Connection) -> None:
    """Returns after `stop`. Raises what ended the connection before."""
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({stopped, connection}, return_when=asyncio.FIRST_COMPLETED)
        if not stopped.done():
            await connection
    finally:
        stopped.cancel()


def _digest(app: App, api: DiscordApi) -> AbstractAsyncContextManager[None]:
    channel = app.settings.discord.digest_channel
    destination = DiscordDigest(api, channel) if channel else None
    return open_digest(app.database, app.scope, app.settings.docent.digest_schedule, destination)


def _surfaces(
    app: App, api: DiscordApi, dispatcher: Dispatcher, presence: Presence, archive: Archive
) -> Extension:
    return surfaces(
        api,
        dispatcher,
        presence,
        archive,
        Traces(app.database),
        app.postings,
        Feedback(app.database),
        History(app.database),
        Registrations(app.database),
        app.sync,
        partial(read_public_status, app),
        partial(quota_text, app),
        admins=app.settings.discord.admins,
    )
