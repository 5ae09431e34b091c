"""The HTTP API, wired to the app."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from ipaddress import ip_address
from typing import Literal

from adapters.web.app import web_application
from adapters.web.chat import PLATFORM, Chat
from adapters.web.gatekeeper import Gatekeeper
from adapters.web.live import LiveAnswers
from adapters.web.middleware import Doors
from adapters.web.rates import Rates
from adapters.web.services import Part, Services
from bot.app import DATABASE, INDEX
from bot.parts import App
from bot.server import Front
from bot.settings import Settings
from core.access.keys import ApiKeys
from core.answering.dispatcher import Dispatcher
from core.breakers.breaker import Breaker, State
from core.conversation.archive import Archive
from core.conversation.feedback import Feedback
from core.conversation.transcripts import Transcripts
from core.ingestion.overview import read_overview
from core.model import EVERYTHING

_LOOK = 2.0
"""Seconds between two looks whether another instance has answered."""

_MEGABYTE = 1_000_000
_STATES: Mapping[State, Literal["ok", "probing", "away"]] = {
    State.CLOSED: "ok",
    State.HALF_OPEN: "probing",
    State.OPEN: "away",
}


async def run_web(
    front: Front, app: App, stop: asyncio.Event, announce: Callable[[str], None]
) -> None:
    """Answers over HTTP until `stop`, then lets running answers end."""
    keys, live = ApiKeys(app.database), LiveAnswers()
    required = await keys_required(app.settings, keys)
    async with AsyncExitStack() as stack:
        dispatcher = await stack.enter_async_context(
            app.dispatcher({PLATFORM: live}, limits=app.limits)
        )
        services = web_services(app, dispatcher, live, Gatekeeper(keys, required=required))
        application = web_application(services, doors(app.settings, required=required))
        address = await stack.enter_async_context(front.mount("/", application))
        app.metrics.begin_with(await read_overview(app.database, EVERYTHING))
        await dispatcher.resume()
        who = "with an API key or a token" if required else "from this machine, without a key"
        announce(
            f"Open {address}/ in a browser. The HTTP API is served at {address}/api/v1, {who}."
        )
        if required and not await anybody_may(app.settings, keys):
            announce("There is no key yet: create one with `docent keys create`.")
        await stop.wait()


def web_services(
    app: App, dispatcher: Dispatcher, live: LiveAnswers, gatekeeper: Gatekeeper
) -> Services:
    """The app's parts, as the API knows them."""
    shared = app.settings.database.shared
    transcripts = Transcripts(app.database)
    return Services(
        chat=Chat(
            dispatcher,
            Archive(app.database),
            live,
            app.scope,
            look=_LOOK if shared else None,
        ),
        transcripts=transcripts,
        feedback=Feedback(app.database),
        gatekeeper=gatekeeper,
        rates=Rates(app.settings.web.requests_per_minute),
        parts=partial(parts, app),
        metrics=app.metrics.text,
    )


def parts(app: App) -> list[Part]:
    """How each part was found last, without asking it."""
    return [*map(_part, app.breakers.all)]


def _part(breaker: Breaker) -> Part:
    return Part(breaker.name, _STATES[breaker.state], needed=breaker.name in {DATABASE, INDEX})


async def keys_required(settings: Settings, keys: ApiKeys) -> bool:
    """Whether it takes a key or a token to use the API.

    It does as soon as there is one, and wherever others than this machine reach it: there the
    probes are answered and nothing else, until there is one.
    """
    return not is_loopback(settings.server.host) or await anybody_may(settings, keys)


async def anybody_may(settings: Settings, keys: ApiKeys) -> bool:
    """Whether there is a key or a token to use the API with."""
    return settings.jwt.jwks_url is not None or await keys.any_usable()


def doors(settings: Settings, *, required: bool) -> Doors:
    """Where requests may come from."""
    public = settings.server.public_url
    return Doors(
        local=not required,
        public_host=public.host if public else None,
        origins=tuple(origin.rstrip("/") for origin in settings.web.origins),
        upload_bytes=settings.web.upload_megabytes * _MEGABYTE,
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
