"""discord.py's memory of Discord's rate limits: one for each route of each channel and thread."""

from __future__ import annotations

import time
from collections.abc import Callable

from discord.http import HTTPClient

EVERY = 30.0
"""Seconds between two looks for limits that nobody needs any more."""


def sweep_seldom(http: HTTPClient, clock: Callable[[], float] = time.monotonic) -> None:
    """Has the limits that were long unused be looked for now and then.

    By itself, discord.py looks through all of the last five minutes for each new one. Every answer
    opens a thread and so has new ones: what an answer costs would grow with the answers before it.
    """
    sweep = http._try_clear_expired_ratelimits  # noqa: SLF001 - nothing public turns it off
    due = clock() + EVERY

    def seldom() -> None:
        nonlocal due
        if (now := clock()) >= due:
            due = now + EVERY
            sweep()

    http._try_clear_expired_ratelimits = seldom  # type: ignore[method-assign] # noqa: SLF001
