"""Slack's adapter, wired to the app."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial

from adapters.slack.api import SlackApi, open_slack_api
from adapters.slack.app import Extension, Transport, open_slack
from adapters.slack.credentials import SlackCredentials
from adapters.slack.digest import SlackDigest
from adapters.slack.home import NamingResponder
from adapters.slack.manifest import EVENTS_PATH
from adapters.slack.mapping import PLATFORM
from adapters.slack.private import PLATFORM as PRIVATE
from adapters.slack.private import PrivateResponder
from adapters.slack.responder import SlackResponder
from adapters.slack.staleness import stale_notices
from adapters.slack.surfaces import surfaces
from bot.digest import open_digest
from bot.parts import App
from bot.quota import quota_text
from bot.server import Front
from bot.slack import channel_policy
from bot.sources import widest_scope
from bot.status import read_public_status
from core.answering.dispatcher import Dispatcher
from core.conversation.archive import Archive
from core.conversation.cursors import Cursors
from core.conversation.feedback import Feedback
from core.conversation.presence import Presence
from core.conversation.staleness import NoticePostings
from core.conversation.traces import Traces
from core.ports import Responder


async def run_slack(
    credentials: SlackCredentials,
    front: Front,
    app: App,
    stop: asyncio.Event,
    announce: Callable[[str], None],
) -> None:
    """Answers in Slack until `stop`, then lets running answers end.

    Requests reach it by `front`, where Slack sends them.
    """
    archive = Archive(app.database)
    presence = Presence(app.database, shared=app.settings.database.shared)
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(
            open_slack_api(credentials.bot_token, base_url=credentials.base_url)
        )
        shown = SlackResponder(api, app.postings, archive)
        responders: dict[str, Responder] = {
            PLATFORM: NamingResponder(api, shown),
            PRIVATE: PrivateResponder(api),
        }
        dispatcher = await stack.enter_async_context(
            app.dispatcher(
                responders, limits=app.limits, scope=widest_scope(app.settings, PLATFORM)
            )
        )
        application = await stack.enter_async_context(
            open_slack(
                api,
                dispatcher,
                presence,
                Cursors(app.database),
                archive,
                transport=Transport(credentials.app_token, credentials.signing_secret or ""),
                policy=channel_policy(app.settings, app.scope),
                extensions=[
                    _surfaces(app, api, dispatcher, presence, archive),
                    stale_notices(api, app.stale, NoticePostings(app.database), archive),
                ],
            )
        )
        if application is not None:
            address = await stack.enter_async_context(front.mount(EVENTS_PATH, application))
            announce(f"Slack is served at {address}{EVENTS_PATH}.")
        await stack.enter_async_context(_digest(app, api))
        await dispatcher.resume()
        announce("Docent is up in Slack.")
        await stop.wait()


def _digest(app: App, api: SlackApi) -> AbstractAsyncContextManager[None]:
    channel = app.settings.slack.digest_channel
    destination = SlackDigest(api, channel) if channel else None
    return open_digest(app.database, app.scope, app.settings.docent.digest_schedule, destination)


def _surfaces(
    app: App, api: SlackApi, dispatcher: Dispatcher, presence: Presence, archive: Archive
) -> Extension:
    return surfaces(
        api,
        dispatcher,
        presence,
        archive,
        Traces(app.database),
        Feedback(app.database),
        app.sync,
        partial(read_public_status, app),
        partial(quota_text, app),
        admins=app.settings.slack.admins,
        questions=app.settings.slack.suggested_questions,
    )
