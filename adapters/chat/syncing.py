"""A sync that was asked for in a chat, and the message that shows how far it is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol, TypeAlias

from adapters.chat.sync_texts import FAULT, STOPPED, fault_text, progress_text, report_text
from adapters.chat.writing import pause
from core.errors import DocentError, ServiceError
from core.ingestion.report import ProgressListener, SyncProgress, SyncReport

Sync: TypeAlias = Callable[[str | None, ProgressListener], Awaitable[SyncReport]]
"""Syncs one source, or all. Raises DocentError; SyncRunning while another sync runs."""

EVERY = 2.0
"""Seconds between two updates of the message."""

_GOODBYE = 3.0

log = logging.getLogger(__name__)


class Board(Protocol):
    """The message that shows a sync, as Markdown. Both raise ServiceError."""

    async def glance(self, text: str) -> None:
        """Shows it now, or not at all: another follows."""

    async def show(self, text: str) -> None:
        """Shows it, whatever it takes."""


async def shown_sync(sync: Sync, source: str | None, board: Board, *, every: float = EVERY) -> None:
    """Syncs, and shows on the board where it stands and what came of it.

    Raises ServiceError when the end could not be shown.
    """
    try:
        text = await _synced(sync, source, board, every)
    except asyncio.CancelledError:
        with suppress(ServiceError, TimeoutError):
            async with asyncio.timeout(_GOODBYE):
                await board.glance(STOPPED)
        raise
    await board.show(text)


async def _synced(sync: Sync, source: str | None, board: Board, every: float) -> str:
    latest = _Latest()
    showing = asyncio.create_task(_keep_showing(board, latest, every))
    try:
        return report_text(await sync(source, latest.tell))
    except DocentError as exc:
        log.warning("A sync that was asked for in a chat failed. %s", exc)
        return fault_text(exc)
    except Exception:
        log.exception("A sync that was asked for in a chat failed.")
        return FAULT
    except asyncio.CancelledError:
        showing.cancel()
        raise
    finally:
        # What is on its way to the board arrives, and the end comes after it.
        latest.end()
        await asyncio.gather(showing, return_exceptions=True)


async def _keep_showing(board: Board, latest: _Latest, every: float) -> None:
    while (now := await latest.next()) is not None:
        with suppress(ServiceError):  # the next one may get through
            await board.glance(progress_text(now))
        await pause(latest.ended, every)


class _Latest:
    """The newest moment of a sync, for whoever comes to look; those between are passed over."""

    def __init__(self) -> None:
        self._now: SyncProgress | None = None
        self._changed = asyncio.Event()
        self.ended = asyncio.Event()

    def tell(self, now: SyncProgress) -> None:
        self._now = now
        self._changed.set()

    def end(self) -> None:
        self.ended.set()
        self._changed.set()

    async def next(self) -> SyncProgress | None:
        """None once it has ended."""
        await self._changed.wait()
        self._changed.clear()
        return None if self.ended.is_set() else self._now
