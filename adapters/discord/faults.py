"""Discord's refusals and discord.py's exceptions, in our own words."""

from __future__ import annotations

from http import HTTPStatus

import aiohttp
import discord

from adapters.discord.credentials import PORTAL
from core.errors import (
    AccessDenied,
    MalformedReply,
    RateLimited,
    RequestRejected,
    ServiceError,
    ServiceUnavailable,
)

SERVICE = "Discord"

MISSING_ACCESS = 50001
DIRECT_MESSAGES_CLOSED = 50007
MISSING_PERMISSIONS = 50013
TOKEN_EXPIRED = 50027
UNKNOWN_CHANNEL = 10003
UNKNOWN_MESSAGE = 10008
UNKNOWN_INTERACTION = 10062
UNKNOWN_WEBHOOK = 10015

FORBIDDEN = frozenset({MISSING_ACCESS, MISSING_PERMISSIONS})
"""The bot may not do that there."""

GONE = frozenset({UNKNOWN_CHANNEL, UNKNOWN_MESSAGE})
EXPIRED = frozenset({TOKEN_EXPIRED, UNKNOWN_INTERACTION, UNKNOWN_WEBHOOK})
"""A command or a press can no longer be answered by its token."""

_MEANINGS = {
    DIRECT_MESSAGES_CLOSED: "the person takes no direct messages from it",
    MISSING_ACCESS: "the bot does not see that channel",
    MISSING_PERMISSIONS: "the bot lacks the permission for it there",
}
_PERMISSIONS_HINT = (
    "Allow the bot's role View Channel, Send Messages, Send Messages in Threads, Create Public "
    "Threads and Read Message History, in the channel's settings under Permissions."
)
_BAD_TOKEN, _INVALID_SHARD, _SHARDING_REQUIRED, _DISALLOWED_INTENTS = 4004, 4010, 4011, 4014


class DiscordRefused(RequestRejected):
    """Discord understood the request and refused it; `code` is its number for why."""

    def __init__(self, what: str, code: int, detail: str = "", *, hint: str = "") -> None:
        super().__init__(SERVICE, f"{what} was refused: {detail} ({code})", hint=hint)
        self.code = code


def translated(what: str, exc: Exception) -> ServiceError:
    """The error to raise instead of what discord.py raised in a request."""
    if isinstance(exc, discord.HTTPException):
        return _answered(what, exc)
    if isinstance(exc, discord.RateLimited):
        return RateLimited(SERVICE, f"{what} is asked for too often", retry_after=exc.retry_after)
    if isinstance(exc, discord.LoginFailure):
        return bad_token(None)
    if isinstance(exc, aiohttp.ClientError | TimeoutError | OSError):
        return ServiceUnavailable(SERVICE, f"{what} got no answer ({type(exc).__name__})")
    return MalformedReply(SERVICE, f"{what} was answered with something that is no reply")


def start_fault(exc: Exception, application: str | None) -> ServiceError:
    """Why the bot cannot start or go on, with the page to click; `application` is its id."""
    if isinstance(exc, discord.LoginFailure):
        return bad_token(application)
    if isinstance(exc, discord.PrivilegedIntentsRequired):
        return intent_not_enabled(application)
    if isinstance(exc, discord.ConnectionClosed):
        return _closed(exc.code, application)
    if isinstance(exc, discord.GatewayNotFound):
        return ServiceUnavailable(SERVICE, "its gateway cannot be found just now")
    return translated("the start", exc)


def bad_token(application: str | None) -> AccessDenied:
    """Discord does not take the token."""
    return AccessDenied(
        SERVICE,
        "the bot's token was not accepted",
        hint=f"Choose Reset Token at {bot_page(application)}, and set DISCORD_TOKEN to the new "
        "one.",
    )


def bot_page(application: str | None) -> str:
    """Where an application's token and intents are."""
    return PORTAL if application is None else f"{PORTAL}/{application}/bot"


def _closed(code: int, application: str | None) -> ServiceError:
    if code == _BAD_TOKEN:
        return bad_token(application)
    if code == _DISALLOWED_INTENTS:
        return intent_not_enabled(application)
    if code in {_INVALID_SHARD, _SHARDING_REQUIRED}:
        return RequestRejected(
            SERVICE,
            f"the bot is in more servers than one connection may serve ({code})",
            hint="Set DISCORD_SHARDS to a higher number.",
        )
    return ServiceUnavailable(SERVICE, f"it closed the connection ({code})")


def intent_not_enabled(application: str | None) -> AccessDenied:
    """Discord closes the connection of an app that asks for an intent that is off (4014)."""
    return AccessDenied(
        SERVICE,
        "DISCORD_MESSAGE_CONTENT is set, but the app's Message Content Intent is not enabled",
        hint=f"Switch it on at {bot_page(application)} under Privileged Gateway Intents, or set "
        "DISCORD_MESSAGE_CONTENT=false: mentions and direct messages work without it.",
    )


def _answered(what: str, exc: discord.HTTPException) -> ServiceError:
    if exc.status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited(SERVICE, f"{what} is asked for too often")
    if exc.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServiceUnavailable(SERVICE, f"{what} failed inside Discord ({exc.status})")
    if exc.status == HTTPStatus.UNAUTHORIZED and exc.code not in EXPIRED:
        return bad_token(None)
    detail = _MEANINGS.get(exc.code) or " ".join(exc.text.split()) or str(exc.status)
    hint = _PERMISSIONS_HINT if exc.code in FORBIDDEN else ""
    return DiscordRefused(what, exc.code, detail, hint=hint)
