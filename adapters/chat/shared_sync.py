"""One sync for everybody who asks for one while it runs."""

from __future__ import annotations

import asyncio

from adapters.chat.syncing import Sync
from core.ingestion.report import ProgressListener, SyncProgress, SyncReport


class SharedSync:
    """Is a `Sync`: who calls it while one runs follows that one to its end, whatever its source.

    When the first caller is cancelled, so is the sync, and with it everybody who follows.
    """

    def __init__(self, sync: Sync) -> None:
        self._sync = sync
        self._followers: list[ProgressListener] = []
        self._latest: SyncProgress | None = None
        self._end: asyncio.Future[SyncReport] | None = None

    @property
    def running(self) -> bool:
        """Whether the next call joins one."""
        return self._end is not None

    async def __call__(self, source: str | None, progress: ProgressListener) -> SyncReport:
        """Syncs, or follows. Raises as the sync does."""
        self._followers.append(progress)
        if self._end is None:
            return await self._lead(source)
        if self._latest is not None:
            progress(self._latest)
        return await asyncio.shield(self._end)

    async def _lead(self, source: str | None) -> SyncReport:
        end = self._end = asyncio.get_running_loop().create_future()
        try:
            report = await self._sync(source, self._tell)
        except asyncio.CancelledError:
            end.cancel()
            raise
        except Exception as exc:
            end.set_exception(exc)
            end.exception()  # it counts as seen where nobody follows
            raise
        finally:
            self._followers, self._latest, self._end = [], None, None
        end.set_result(report)
        return report

    def _tell(self, now: SyncProgress) -> None:
        self._latest = now
        for follower in self._followers:
            follower(now)
