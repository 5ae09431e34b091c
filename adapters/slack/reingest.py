"""`/reingest`: who may, and the message that shows how far it is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

from adapters.chat.sync_texts import fault_text, progress_text, report_text
from adapters.slack.api import PATIENCE, SlackApi
from adapters.slack.api_errors import SlackRefused
from adapters.slack.rendering import notice
from core.errors import AccessDenied, DocentError, ServiceError
from core.ingestion.report import ProgressListener, SyncProgress, SyncReport

Sync: TypeAlias = Callable[[str | None, ProgressListener], Awaitable[SyncReport]]
"""Syncs one source, or all. Raises DocentError; SyncRunning while another sync runs."""

EVERY = 2.0
"""Seconds between two updates of the message."""

_GOODBYE = 3.0
_STARTED = "**Bringing the docs in again…**"
_STOPPED = "**Stopped,** because Docent is shut down. What was served before still is."
_FAULT = "**The docs were not brought in.** Docent's log says why."

log = logging.getLogger(__name__)


async def may_reingest(api: SlackApi, person: str, admins: Collection[str]) -> bool:
    """Whether they are listed, or an admin or owner of the workspace. Raises ServiceError."""
    if person in admins:
        return True
    reply = await api.call("users.info", user=person)
    user: Mapping[str, Any] = reply["user"]
    ours = not user.get("is_stranger") and not user.get("deleted")
    return ours and any(user.get(role) for role in ("is_admin", "is_owner", "is_primary_owner"))


@dataclass(frozen=True, slots=True)
class Board:
    """The message that shows a sync."""

    channel: str
    ts: str


class Reingestion:
    """Runs syncs that were asked for in Slack, each under a message of its own."""

    def __init__(self, api: SlackApi, sync: Sync, *, every: float = EVERY) -> None:
        self._api = api
        self._sync = sync
        self._every = every

    async def run(self, person: str, channel: str, source: str | None) -> None:
        """Syncs, and shows it where it was asked for, or in a direct message."""
        board = await self._open(person, channel, _STARTED)
        try:
            text = await self._synced(board, source)
        except asyncio.CancelledError:
            with suppress(ServiceError, TimeoutError):
                async with asyncio.timeout(_GOODBYE):
                    await self._show(board, _STOPPED)
            raise
        await self._close(board, person, text)

    async def _synced(self, board: Board, source: str | None) -> str:
        changes = _Latest()
        showing = asyncio.create_task(self._keep_showing(board, changes))
        try:
            return report_text(await self._sync(source, changes.tell))
        except DocentError as exc:
            log.warning("A sync that was asked for in Slack failed. %s", exc)
            return fault_text(exc)
        except Exception:
            log.exception("A sync that was asked for in Slack failed.")
            return _FAULT
        finally:
            showing.cancel()
            await asyncio.gather(showing, return_exceptions=True)

    async def _keep_showing(self, board: Board, changes: _Latest) -> None:
        while True:
            now = await changes.next()
            with suppress(ServiceError):  # the next one may get through, and the last one must
                await self._show(board, progress_text(now), patience=0.0)
            await asyncio.sleep(self._every)

    async def _open(self, person: str, channel: str, text: str) -> Board:
        try:
            return await self._post(channel, text)
        except (SlackRefused, AccessDenied) as exc:
            log.info("The sync is shown in a direct message. %s", exc)
            return await self._post(person, text)

    async def _close(self, board: Board, person: str, text: str) -> None:
        try:
            await self._show(board, text)
        except SlackRefused:
            # Whoever deleted the message did not end the sync.
            await self._post(person, text)

    async def _post(self, channel: str, text: str) -> Board:
        message = notice(text)
        reply = await self._api.call(
            "chat.postMessage", channel=channel, text=message.text, blocks=message.blocks
        )
        return Board(str(reply["channel"]), str(reply["ts"]))

    async def _show(self, board: Board, text: str, *, patience: float = PATIENCE) -> None:
        message = notice(text)
        await self._api.call(
            "chat.update",
            patience=patience,
            channel=board.channel,
            ts=board.ts,
            text=message.text,
            blocks=message.blocks,
        )


class _Latest:
    """The newest moment of a sync, for whoever comes to look; those between are passed over."""

    def __init__(self) -> None:
        self._now: SyncProgress | None = None
        self._changed = asyncio.Event()

    def tell(self, now: SyncProgress) -> None:
        self._now = now
        self._changed.set()

    async def next(self) -> SyncProgress:
        await self._changed.wait()
        self._changed.clear()
        assert self._now is not None  # noqa: S101 — it is set before the event is
        return self._now
