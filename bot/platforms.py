"""The platforms that are configured, run side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, TypeAlias

from adapters.slack.manifest import manifest
from bot.discord import discord_credentials, discord_policy
from bot.memory import settle
from bot.parts import App
from bot.server import Front
from bot.settings import Settings
from bot.slack import slack_credentials
from bot.sources import public_scope
from core.errors import DocentError

Announce: TypeAlias = Callable[[str], None]
Platform: TypeAlias = Callable[[App, asyncio.Event, Announce], Coroutine[None, None, None]]
"""Answers there until the event is set, then lets running answers end. Raises DocentError."""

_PLACEHOLDER = "https://docent.example.com"


def configured_platforms(settings: Settings) -> list[Platform]:
    """Those to run. Raises ConfigurationError for one that is configured by half, or wrongly."""
    platforms: list[Platform] = []
    front = Front(settings.server.host, settings.server.port)
    credentials = slack_credentials(settings)
    if credentials is not None:
        credentials.check()
        # Slack's SDK takes half a second to import, which only a bot in Slack needs.
        from bot.slack_bot import run_slack  # noqa: PLC0415

        platforms.append(partial(run_slack, credentials, front))
    discord = discord_credentials(settings)
    if discord is not None:
        discord.check()
        policy = discord_policy(settings, public_scope(settings))
        # discord.py takes a second to import, which only a bot in Discord needs.
        from bot.discord_bot import run_discord  # noqa: PLC0415

        platforms.append(partial(run_discord, discord, policy))
    if settings.web.enabled:
        # FastAPI takes half a second to import, which only a server of the API needs.
        from bot.web_api import run_web  # noqa: PLC0415

        platforms.append(partial(run_web, front))
    return platforms


async def run_platforms(
    app: App, platforms: Sequence[Platform], stop: asyncio.Event, announce: Announce
) -> None:
    """Returns after `stop`, when all have ended. One that fails ends the others."""
    settle()
    try:
        async with asyncio.TaskGroup() as tasks:
            for platform in platforms:
                tasks.create_task(platform(app, stop, announce))
            await stop.wait()
    except* DocentError as failed:
        error = _first(failed)
        raise error from error.__cause__


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


def configured_manifest(settings: Settings) -> dict[str, Any]:
    """The Slack app's manifest, for HTTP where only a signing secret is set."""
    slack, server = settings.slack, settings.server
    if slack.app_token is not None or slack.signing_secret is None:
        return manifest("socket")
    return manifest("http", str(server.public_url or _PLACEHOLDER))
