"""Work that goes on after a command was acknowledged, and that ends when the adapter does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import TypeAlias

Start: TypeAlias = Callable[[Coroutine[None, None, None]], None]

log = logging.getLogger(__name__)


@asynccontextmanager
async def open_errands() -> AsyncIterator[Start]:
    """Starts errands, and cancels those that still run when the block ends."""
    running: set[asyncio.Task[None]] = set()

    def ended(task: asyncio.Task[None]) -> None:
        running.discard(task)
        if not task.cancelled() and (exc := task.exception()) is not None:
            log.error("An errand failed.", exc_info=exc)

    def start(errand: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(errand)
        running.add(task)
        task.add_done_callback(ended)

    try:
        yield start
    finally:
        left = list(running)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
