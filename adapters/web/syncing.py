"""A sync that is begun over HTTP, and followed by whoever wants to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson

from adapters.chat.errands import Start
from adapters.chat.syncing import Sync
from adapters.web.problems import Problem, problem_of
from core.errors import DocentError, SyncRunning
from core.ingestion.report import SyncProgress, SyncReport


@dataclass(frozen=True, slots=True)
class SyncState:
    """Where the last sync that was begun here stands; None where there was none, or none yet."""

    running: bool = False
    progress: SyncProgress | None = None
    report: SyncReport | None = None
    problem: Problem | None = None


class SyncDesk:
    """One sync at a time; whoever begins another one meanwhile follows the first."""

    def __init__(self, sync: Sync, sources: frozenset[str], start: Start) -> None:
        self._sync = sync
        self._sources = sources
        self._start = start
        self._moved = asyncio.Event()
        self.state = SyncState()

    def begin(self, source: str | None) -> bool:
        """False when one was running. Raises Problem for a source that there is not."""
        if source is not None and source not in self._sources:
            raise Problem(404, "Not found", f"There is no source {source!r}.")
        if self.state.running:
            return False
        self._move(SyncState(running=True))
        self._start(self._run(source))
        return True

    async def follow(self, within: float) -> AsyncGenerator[SyncState | None, None]:
        """Each state until the end; None where none came within so many seconds."""
        shown = self.state
        yield shown
        while shown.running:
            with suppress(TimeoutError):
                async with asyncio.timeout(within):
                    while self.state is shown:
                        await self._moved.wait()
            if self.state is shown:
                yield None
            else:
                shown = self.state
                yield shown

    async def _run(self, source: str | None) -> None:
        try:
            report = await self._sync(source, self._progress)
        except SyncRunning as exc:
            self._move(SyncState(problem=Problem(409, "A sync is running", str(exc))))
        except DocentError as exc:
            self._move(SyncState(problem=problem_of(exc, in_full=True)))
        except BaseException:
            self._move(SyncState(problem=Problem(500, "Internal error", "The sync broke off.")))
            raise
        else:
            self._move(SyncState(report=report))

    def _progress(self, progress: SyncProgress) -> None:
        self._move(SyncState(running=True, progress=progress))

    def _move(self, state: SyncState) -> None:
        self.state = state
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()


def as_json(state: SyncState) -> dict[str, Any]:
    """What a client is told of it."""
    return {
        "running": state.running,
        "progress": _plain(state.progress),
        "report": None if state.report is None else state.report.as_json(),
        "problem": None if state.problem is None else state.problem.body,
    }


def _plain(progress: SyncProgress | None) -> Any:
    return orjson.loads(orjson.dumps(progress))
