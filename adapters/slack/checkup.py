"""Whether an app is set up as its manifest says, as far as Slack tells."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from slack_sdk.errors import SlackClientError

from adapters.chat.clock import PlatformClock
from adapters.slack.api import call_once, web_client
from adapters.slack.api_errors import SERVICE, translated
from adapters.slack.credentials import SlackCredentials
from adapters.slack.manifest import EVENTS_PATH, bot_scopes, manifest
from adapters.slack.transport import require_time
from core.errors import AccessDenied, ConfigurationError, MalformedReply

_TIMEOUT = 20
_INSTALL = "then install it to the workspace again, and set the new token if there is one"
_LOOK = (
    "not told by Slack without SLACK_CONFIG_TOKEN. If mentions or messages stay unanswered, "
    "compare the app's Event Subscriptions with `docent slack-manifest`."
)


async def check_token(credentials: SlackCredentials) -> str:
    """Who the bot is. Raises ConfigurationError, AccessDenied or another ServiceError."""
    credentials.check()
    reply, _ = await _introduced(credentials)
    return f"@{reply.get('user')} in {reply.get('team')}."


async def check_scopes(credentials: SlackCredentials) -> str:
    """Raises AccessDenied with the scopes that the token lacks."""
    _, headers = await _introduced(credentials)
    told = next((v for k, v in headers.items() if k.lower() == "x-oauth-scopes"), None)
    if told is None:
        return "not told by Slack."
    granted = {scope.strip() for scope in told.split(",")}
    missing = [scope for scope in bot_scopes() if scope not in granted]
    if missing:
        raise AccessDenied(
            SERVICE,
            f"the bot token lacks {', '.join(missing)}",
            hint=f"Add {_these(missing, 'the scope')} under OAuth & Permissions, {_INSTALL}.",
        )
    return f"all {len(bot_scopes())} that are needed."


async def check_socket_mode(credentials: SlackCredentials) -> str:
    """Asks for a connection, and does not use it. Raises AccessDenied, say, or SlackRefused."""
    async with _session() as session:
        client = web_client(session, credentials.base_url)
        await call_once(client, "apps.connections.open", app_token=credentials.app_token)
    return "Socket Mode, reached."


async def check_signed_requests(credentials: SlackCredentials) -> str:
    """Whether they would be taken. Raises ConfigurationError where the clock is wrong."""
    clock = PlatformClock()
    async with _session() as session:
        client = web_client(session, credentials.base_url, credentials.bot_token)
        await call_once(client, "auth.test", clock)
    require_time(clock)
    return f"signed requests to {EVENTS_PATH}."


async def check_app(credentials: SlackCredentials) -> str:
    """Compares the app's own manifest. Raises ConfigurationError with what it lacks."""
    if not credentials.config_token:
        return _LOOK
    try:
        exported = await _exported(credentials)
    except (KeyError, TypeError) as exc:
        raise MalformedReply(SERVICE, "its reply about the app cannot be read") from exc
    missing = differences(exported, manifest(credentials.transport))
    if missing:
        raise ConfigurationError(
            f"The app lacks {'; '.join(missing)}.",
            hint=f"Paste what `docent slack-manifest` prints under App Manifest, {_INSTALL}.",
        )
    return "subscribed to all events, with all commands."


def differences(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """What an app's manifest lacks of ours, in words."""
    lacking = {
        "the event": set(_events(wanted)) - set(_events(found)),
        "the command": set(_commands(wanted)) - set(_commands(found)),
        "the shortcut": set(_shortcuts(wanted)) - set(_shortcuts(found)),
    }
    words = [
        f"{_these(names, kind)} {', '.join(sorted(names))}"
        for kind, names in lacking.items()
        if names
    ]
    ours, theirs = wanted["settings"], found.get("settings") or {}
    if not (theirs.get("interactivity") or {}).get("is_enabled"):
        words.append("interactivity, without which no button works")
    if bool(theirs.get("socket_mode_enabled")) != ours["socket_mode_enabled"]:
        words.append(f"Socket Mode {'on' if ours['socket_mode_enabled'] else 'off'}")
    return words


def _these(names: Iterable[str], kind: str) -> str:
    return kind if len(list(names)) == 1 else f"{kind}s"


def _events(app: Mapping[str, Any]) -> Iterable[str]:
    subscribed = (app.get("settings") or {}).get("event_subscriptions") or {}
    return subscribed.get("bot_events") or ()


def _commands(app: Mapping[str, Any]) -> Iterable[str]:
    return (each["command"] for each in (app.get("features") or {}).get("slash_commands") or ())


def _shortcuts(app: Mapping[str, Any]) -> Iterable[str]:
    return (each["callback_id"] for each in (app.get("features") or {}).get("shortcuts") or ())


async def _exported(credentials: SlackCredentials) -> Mapping[str, Any]:
    """The app's manifest as Slack has it."""
    async with _session() as session:
        bot = web_client(session, credentials.base_url, credentials.bot_token)
        identity = await call_once(bot, "auth.test")
        info = await call_once(bot, "bots.info", bot=identity["bot_id"])
        owner = web_client(session, credentials.base_url, credentials.config_token)
        app = info["bot"]["app_id"]
        reply = await call_once(owner, "apps.manifest.export", app_id=app)
    exported: Mapping[str, Any] = reply["manifest"]
    return exported


async def _introduced(
    credentials: SlackCredentials,
) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """Who we are, and the headers that came with it."""
    async with _session() as session:
        client = web_client(session, credentials.base_url, credentials.bot_token)
        try:
            reply = await client.auth_test()
        except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError) as exc:
            raise translated("auth.test", exc) from exc
        return reply.data if isinstance(reply.data, dict) else {}, reply.headers


@asynccontextmanager
async def _session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT)) as session:
        yield session
