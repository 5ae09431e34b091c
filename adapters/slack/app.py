"""Slack, opened: who listens, over which transport, from start to stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from adapters.slack.api import SlackApi, web_client
from adapters.slack.catchup import CatchUp, Watch, Window
from adapters.slack.conversations import conversations
from adapters.slack.errands import Start, open_errands
from adapters.slack.listener import Listener
from adapters.slack.mapping import Place
from adapters.slack.policy import ChannelPolicy
from adapters.slack.preparing import Preparation
from adapters.slack.transport import Asgi, asgi, open_socket_mode
from core.answering.dispatcher import Dispatcher
from core.conversation.cursors import Cursors
from core.conversation.presence import Presence
from core.errors import ServiceError

_GOODBYE = 2.0

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
    *,
    transport: Transport,
    policy: ChannelPolicy | None = None,
    extensions: Sequence[Extension] = (),
    window: Window | None = None,
) -> AsyncIterator[Asgi | None]:
    """Listens until the block ends; yields the ASGI application to mount, None in Socket Mode.

    To be opened inside the dispatcher's block, so that running answers end after the last question
    came in. `presence` is loaded here. Raises AccessDenied for a token that Slack does not take.
    """
    async with AsyncExitStack() as stack:
        start = await stack.enter_async_context(open_errands())
        await presence.load()
        policy = await _resolved(policy or ChannelPolicy(), api)
        place = Place(api.identity, policy, presence.__contains__)
        watch = Watch(cursors, api.identity.team, window)
        listener = Listener(dispatcher, presence, Preparation(api, start), lambda: place, watch)
        app = await stack.enter_async_context(_open_app(api, transport, listener))
        for extend in extensions:
            extend(app, start, policy)
        stack.push_async_callback(_save, cursors)
        start(watch.keep(CatchUp(api, cursors, presence, listener.catch_up, window)))
        if transport.app_token is None:
            yield asgi(app)
            return
        await stack.enter_async_context(
            open_socket_mode(app, transport.app_token, base_url=api.base_url, missed=watch.missed)
        )
        yield None


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
    if not policy.named:
        return policy
    try:
        listed = await conversations(api)
    except ServiceError as exc:
        log.warning("The channels %s could not be looked up. %s", sorted(policy.named), exc)
        return policy
    resolved = policy.resolved({each.name: each.id for each in listed})
    if resolved.named:
        log.warning("The bot is not in the channels %s.", sorted(resolved.named))
    return resolved


async def _save(cursors: Cursors) -> None:
    with suppress(ServiceError, TimeoutError):
        async with asyncio.timeout(_GOODBYE):
            await cursors.flush()
