"""One request of discord.py's: asked again where nobody answered, its errors in our own words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import aiohttp
import discord

from adapters.discord.faults import translated

T = TypeVar("T")

PAUSES = (0.5, 2.0)
"""Seconds before each further attempt."""


async def called(
    what: str, call: Callable[[], Awaitable[T]], *, pauses: tuple[float, ...] = PAUSES
) -> T:
    """What Discord replies; without an answer it is asked again after each of the pauses."""
    for pause in pauses:
        try:
            return await _once(what, call)
        except _NoAnswer:
            await asyncio.sleep(pause)
    try:
        return await _once(what, call)
    except _NoAnswer as exc:
        raise translated(what, exc.error) from exc.error


class _NoAnswer(Exception):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


async def _once(what: str, call: Callable[[], Awaitable[T]]) -> T:
    try:
        return await call()
    except (aiohttp.ClientError, TimeoutError, OSError) as exc:
        raise _NoAnswer(exc) from exc
    except (discord.DiscordException, ValueError, KeyError) as exc:
        raise translated(what, exc) from exc
