"""Waiting for what a bot does to a stand-in, and what is said when it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

_TOLD = 12


async def until(
    met: Callable[[], object],
    waiting: set[asyncio.Event],
    calls: Callable[[], Iterable[str]],
    seconds: float,
) -> None:
    """Returns once `met` is true of the state; looks again whenever an event in `waiting` is set.

    Fails, with the bot's last calls by their names, when that takes longer than so many seconds.
    """
    try:
        async with asyncio.timeout(seconds):
            while not met():
                changed = asyncio.Event()
                waiting.add(changed)
                await changed.wait()
                waiting.discard(changed)
    except TimeoutError:
        last = ", ".join(list(calls())[-_TOLD:]) or "none"
        raise AssertionError(f"Not within {seconds:g} s. The bot's last calls: {last}.") from None
