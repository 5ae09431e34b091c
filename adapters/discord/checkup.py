"""Whether a bot is set up as it has to be, as far as Discord tells."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import aiohttp
import orjson

from adapters.discord.credentials import PORTAL, DiscordCredentials
from adapters.discord.faults import (
    SERVICE,
    bad_token,
    intent_not_enabled,
    translated,
)
from adapters.discord.invitation import invite_link
from core.errors import (
    ConfigurationError,
    MalformedReply,
    RateLimited,
    RequestRejected,
    ServiceUnavailable,
)

_TIMEOUT = aiohttp.ClientTimeout(total=20)
_AGENT = "DiscordBot (docent, 1.0)"
_MESSAGE_CONTENT = 1 << 18 | 1 << 19
"""The flags of an application that may read messages, as a large one and as one in few servers."""


async def check_token(credentials: DiscordCredentials) -> str:
    """Who the bot is. Raises ConfigurationError, AccessDenied or another ServiceError."""
    credentials.check()
    user = await _asked(credentials, "/users/@me")
    app = await _asked(credentials, "/applications/@me")
    page = f"{PORTAL}/{app.get('id')}"
    if app.get("interactions_endpoint_url"):
        raise ConfigurationError(
            "The app has an Interactions Endpoint URL, so no command or button reaches Docent.",
            hint=f"Remove it at {page}/information.",
        )
    if app.get("bot_require_code_grant"):
        raise ConfigurationError(
            "The app requires an OAuth2 code grant, so it cannot be invited with a link.",
            hint=f"Switch Requires OAuth2 Code Grant off at {page}/bot.",
        )
    return f"@{user.get('username')}{_servers(app)}."


async def check_intents(credentials: DiscordCredentials, *, message_content: bool) -> str:
    """Whether it may read what it is to read. Raises as `check_token`."""
    if not message_content:
        return (
            "none is needed: it reads mentions and direct messages, and follow-ups with a mention."
        )
    app = await _asked(credentials, "/applications/@me")
    flags = app.get("flags") or 0
    if not isinstance(flags, int):
        raise MalformedReply(SERVICE, "its reply about the app cannot be read")
    if not flags & _MESSAGE_CONTENT:
        raise intent_not_enabled(str(app.get("id")))
    return "Message Content, enabled: follow-ups need no mention."


async def check_invitation(credentials: DiscordCredentials) -> str:
    """The link to invite the bot with. Raises as `check_token`."""
    app = await _asked(credentials, "/applications/@me")
    return f"{invite_link(str(app.get('id')))} lets the bot into a server."


def _servers(app: Mapping[str, Any]) -> str:
    count = app.get("approximate_guild_count")
    if count is None:
        return ""
    return f" in {count} server{'' if count == 1 else 's'}"


async def _asked(credentials: DiscordCredentials, path: str) -> Mapping[str, Any]:
    """What Discord replies to a GET, without a connection of discord.py's, which this needs not."""
    headers = {"Authorization": f"Bot {credentials.token}", "User-Agent": _AGENT}
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT, headers=headers) as session,
            session.get(credentials.api_url + path) as response,
        ):
            status, body = response.status, await response.read()
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as exc:
        raise translated(path, exc) from exc
    _raise_for(credentials, path, status)
    return _read(path, body)


def _raise_for(credentials: DiscordCredentials, path: str, status: int) -> None:
    if status == HTTPStatus.UNAUTHORIZED:
        raise bad_token(credentials.application)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RateLimited(SERVICE, f"{path} is asked for too often")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise ServiceUnavailable(SERVICE, f"{path} failed inside Discord ({status})")
    if status != HTTPStatus.OK:
        raise RequestRejected(SERVICE, f"{path} was refused ({status})")


def _read(path: str, body: bytes) -> Mapping[str, Any]:
    try:
        reply = orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        raise MalformedReply(SERVICE, f"{path} was answered with something else than JSON") from exc
    if not isinstance(reply, dict):
        raise MalformedReply(SERVICE, f"{path} was answered with something else than an object")
    return reply
