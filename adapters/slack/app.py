"""Slack, opened: who listens, over which transport, from start to stop."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from adapters.chat.clock import PlatformClock
from adapters.chat.errands import Start, open_errands
from adapters.chat.policy import ChannelPolicy
from adapters.chat.preparing import Preparation
from adapters.chat.reception import Reception
from adapters.chat.watch import Watch
from adapters.slack.api import SlackApi, web_client
from adapters.slack.asides import said_before, whisper
from adapters.slack.catchup import CatchUp, Window
from adapters.slack.conversations import conversations, is_channel_id
from adapters.slack.listener import Listener
from adapters.slack.mapping import PLATFORM, Place
from adapters.slack.subscriptions import SOON, Subscriptions
from adapters.slack.transport import Asgi, asgi, open_socket_mode, require_time
from core.answering.dispatcher import Dispatcher
from core.conversation.archive import Archive
from core.conversation.cursors import Cursors
from core.conversation.presence import Presence
from core.errors import ConfigurationError, ServiceError
from core.model import Question

Extension = Callable[[AsyncApp, Start, ChannelPolicy], None]
"""Registers further listeners; the errands that they start end with the adapter."""

log = logging.getLogger(__name__)
_vendor_log = logging.getLogger("slack")


@dataclass(frozen=True, slots=True)
class Transport:
    """With an `app_token` Socket Mode, without one requests signed with `signing_secret`."""

    app_token: str | None = None
    signing_secret: str = ""


@asynccontextmanager
async def open_slack(
    api: SlackApi,
    dispatcher: Dispatcher,
    presence: Presence,
    cursors: Cursors,
    archive: Archive,
    *,
    transport: Transport,
    policy: ChannelPolicy | None = None,
    extensions: Sequence[Extension] = (),
    window: Window | None = None,
    soon: float = SOON,
) -> AsyncIterator[Asgi | None]:
    """Listens until the block ends; yields the ASGI application to mount, None in Socket Mode.

    To be opened inside the dispatcher's block, so that running answers end after the last question
    came in. `presence` is loaded here. A mention is to arrive as a message, too, within `soon`
    seconds. Raises ServiceError.
    """
    async with AsyncExitStack() as stack:
        start = await stack.enter_async_context(open_errands())
        await presence.load()
        policy = await _resolved(policy or ChannelPolicy(), api)
        place = Place(api.identity, policy, presence.__contains__)
        window = window or Window()
        watch = Watch(cursors, PLATFORM, api.identity.team, api.clock, pause=window.pause)
        reception = _reception(api, dispatcher, presence, start)
        subscriptions = Subscriptions(start, soon=soon, shared=presence.shared)
        listener = Listener(reception, presence, place, watch, subscriptions)
        app = await stack.enter_async_context(_open_app(api, transport, listener))
        for extend in extensions:
            extend(app, start, policy)
        stack.push_async_callback(watch.save)
        catch_up = CatchUp(api, cursors, presence, archive, place, reception.take, window)
        start(watch.keep(catch_up.run))
        if transport.app_token is None:
            _warn_of_time(api.clock)
            yield asgi(app)
            return
        await stack.enter_async_context(
            open_socket_mode(app, transport.app_token, base_url=api.base_url, missed=watch.missed)
        )
        yield None


def _warn_of_time(clock: PlatformClock) -> None:
    """It may be set while we run, and then all is well."""
    try:
        require_time(clock)
    except ConfigurationError as exc:
        log.warning("%s %s", exc, exc.hint)


def _reception(
    api: SlackApi, dispatcher: Dispatcher, presence: Presence, start: Start
) -> Reception:
    preparation = Preparation(partial(said_before, api), api.download)

    def tell(question: Question, text: str) -> None:
        start(whisper(api, question, text))

    return Reception(dispatcher, presence, preparation, tell)


@asynccontextmanager
async def _open_app(
    api: SlackApi, transport: Transport, listener: Listener
) -> AsyncIterator[AsyncApp]:
    """Bolt's application, which knows who we are and need not ask for every event."""
    us = api.identity

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None,
            team_id=us.team,
            bot_id=us.bot,
            bot_user_id=us.user,
            bot_token=api.token,
        )

    async with aiohttp.ClientSession() as session:
        app = AsyncApp(
            name="docent",
            logger=_vendor_log,
            client=web_client(session, api.base_url),
            signing_secret=transport.signing_secret,
            authorize=authorize,
        )
        app.middleware(listener.middleware)
        yield app


async def _resolved(policy: ChannelPolicy, api: SlackApi) -> ChannelPolicy:
    """The policy by ids, which are looked up when it calls channels by name."""
    named = policy.named(is_channel_id)
    if not named:
        return policy
    try:
        listed = await conversations(api)
    except ServiceError as exc:
        log.warning("The channels %s could not be looked up. %s", sorted(named), exc)
        return policy
    resolved = policy.resolved({each.name: each.id for each in listed})
    if unknown := resolved.named(is_channel_id):
        log.warning("The bot is not in the channels %s.", sorted(unknown))
    return resolved
