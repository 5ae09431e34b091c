"""Commands and presses that are being answered, which the end of the adapter waits for."""

from __future__ import annotations

import asyncio
from typing import Any

import discord

IN_TIME = 2.5
"""Seconds that the end waits, as long as Discord does for a first response."""


class UnderWay:
    """Knows the tasks that discord.py makes of what people set off."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    async def note(self, _: discord.Interaction[Any]) -> bool:
        """A check for discord.py to make before it has something answered; all pass it."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - coroutines run in tasks
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def keep(self) -> None:
        """An errand that ends, when it is cancelled, after what is under way."""
        try:
            await asyncio.Event().wait()
        finally:
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=IN_TIME)
