"""The HTTP API, wired to the app."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

from pydantic import AnyHttpUrl

from adapters.chat.errands import open_errands
from adapters.web.app import web_application
from adapters.web.chat import PLATFORM
from adapters.web.gatekeeper import Gatekeeper
from adapters.web.jwks import open_key_set
from adapters.web.live import LiveAnswers
from adapters.web.middleware import Doors, is_loopback
from adapters.web.tokens import JwtTokens, TokenRules
from bot.parts import App
from bot.server import Front
from bot.settings import Settings
from bot.settings.web import JwtSettings
from bot.web_parts import web_services
from core.access.keys import ApiKeys, Permission
from core.access.revocations import Revocations
from core.errors import ConfigurationError
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
            app.dispatcher({PLATFORM: live}, limits=app.limits, scope=app.scope)
        )
        start = await stack.enter_async_context(open_errands())
        tokens = await stack.enter_async_context(_open_tokens(app))
        gatekeeper = Gatekeeper(keys, tokens, required=required)
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
            announce("There is no key that is good: create one with `docent keys create`.")
        await stop.wait()


@asynccontextmanager
async def _open_tokens(app: App) -> AsyncIterator[JwtTokens | None]:
    """None where no identity provider is configured. Raises ConfigurationError."""
    provider = app.settings.jwt
    if not provider.named:
        yield None
        return
    rules = token_rules(provider)
    async with open_key_set(str(provider.jwks_url)) as keys:
        yield JwtTokens(keys, rules, Revocations(app.database))


def token_rules(provider: JwtSettings) -> TokenRules:
    """Raises ConfigurationError for a provider that is named by half.

    Its tokens could be meant for anybody, or none could be checked.
    """
    if provider.jwks_url is None:
        raise ConfigurationError(
            "JWT_ISSUER or JWT_AUDIENCE is set, but JWT_JWKS_URL is not: no token can be checked.",
            hint="Set it to where the provider's keys are, or remove the others.",
        )
    if provider.issuer is None or provider.audience is None:
        raise ConfigurationError(
            "JWT_JWKS_URL is set, but JWT_ISSUER or JWT_AUDIENCE is not: a token of that provider "
            "for another service would be accepted here.",
            hint="Set both to what its tokens have as `iss` and `aud`.",
        )
    return TokenRules(provider.issuer, provider.audience, permissions(provider.scopes))


def forgeable(provider: JwtSettings) -> bool:
    """Whether the provider's keys come from elsewhere without TLS."""
    url = provider.jwks_url
    return url is not None and url.scheme == "http" and not is_loopback(url.host or "")


def permissions(names: Iterable[str]) -> frozenset[Permission]:
    """Raises ConfigurationError for a name of none."""
    try:
        return frozenset(map(Permission, names))
    except ValueError as exc:
        raise ConfigurationError(
            f"JWT_SCOPES: {exc}.", hint=f"There is: {', '.join(Permission)}."
        ) from None


async def keys_required(settings: Settings, keys: ApiKeys) -> bool:
    """Whether it takes a key or a token to use the API.

    It does as soon as there was one: that the last has ended lets nobody in. And it does wherever
    others than this machine reach it: there the probes are answered and nothing else, until there
    is one.
    """
    if is_public(settings) or settings.jwt.jwks_url is not None:
        return True
    return await keys.any_made()


def is_public(settings: Settings) -> bool:
    """Whether others than this machine reach the server, be it through a proxy or a page."""
    public = settings.server.public_url
    pages = (urlsplit(origin).hostname for origin in settings.web.origins)
    hosts = (settings.server.host, public and public.host, *pages)
    return not all(is_loopback(host) for host in hosts if host)


async def anybody_may(settings: Settings, keys: ApiKeys) -> bool:
    """Whether there is a key or a token to use the API with."""
    return settings.jwt.jwks_url is not None or await keys.any_usable()


def doors(settings: Settings, *, required: bool) -> Doors:
    """Where requests may come from."""
    return Doors(
        local=not required,
        origins=settings.web.origins,
        site=_origin(settings.server.public_url),
        upload_bytes=settings.web.upload_megabytes * _MEGABYTE,
    )


def _origin(address: AnyHttpUrl | None) -> str | None:
    if address is None:
        return None
    parts = urlsplit(str(address))
    return f"{parts.scheme}://{parts.netloc}"
