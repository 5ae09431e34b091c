"""The HTTP API, wired to the app."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from ipaddress import ip_address

from adapters.chat.errands import open_errands
from adapters.web.app import web_application
from adapters.web.chat import PLATFORM
from adapters.web.gatekeeper import Gatekeeper
from adapters.web.live import LiveAnswers
from adapters.web.middleware import Doors
from bot.parts import App
from bot.server import Front
from bot.settings import Settings
from bot.web_parts import web_services
from core.access.keys import ApiKeys
from core.ingestion.overview import read_overview
from core.model import EVERYTHING

_MEGABYTE = 1_000_000


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
        start = await stack.enter_async_context(open_errands())
        gatekeeper = Gatekeeper(keys, required=required)
        services = web_services(app, dispatcher, live, gatekeeper, start)
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
