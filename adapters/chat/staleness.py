"""Threads are told, once, that the docs have changed under an answer of theirs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from typing import TypeAlias

from adapters.chat.wording import stale
from core.answering.links import escaped_link
from core.conversation.staleness import StaleAnswer, StaleAnswers
from core.errors import AccessDenied, DocentError, LeaseLost, RequestRejected

Tell: TypeAlias = Callable[[StaleAnswer], Awaitable[None]]
"""Tells an answer's thread, or leaves it where that may not be. Raises LeaseLost, ServiceError."""

DAYS = 30
"""How old an answer may be to be marked."""

log = logging.getLogger(__name__)


class StaleWatch:
    """Marks answers when a sync has changed what is served, and has `threads` of them told.

    Between two syncs it does nothing. With no threads it only marks.
    """

    def __init__(
        self, answers: StaleAnswers, *, threads: int = 0, platforms: Collection[str] = ()
    ) -> None:
        self._answers = answers
        self._threads = threads
        self._platforms = platforms
        self._wakes: set[asyncio.Event] = set()

    async def flipped(self) -> None:
        """Marks, and wakes whoever tells. Raises nothing: the next sync makes up for it."""
        try:
            marked = await self._answers.mark(
                DAYS, threads=self._threads, platforms=self._platforms
            )
        except DocentError as exc:
            log.warning("Stale answers are not marked yet. %s", exc)
            return
        if marked:
            log.info("A sync changed what %d answers cite.", marked)
            await self.wake()

    async def wake(self) -> None:
        """Has told what another process marked."""
        for wake in self._wakes:
            wake.set()

    async def keep(self, platform: str, tell: Tell) -> None:
        """Tells, at first what a process that ended left, until it is cancelled."""
        if not self._threads:
            return
        wake = asyncio.Event()
        self._wakes.add(wake)
        try:
            while True:
                await self._tell_all(platform, tell)
                await wake.wait()
                wake.clear()
        finally:
            self._wakes.discard(wake)

    async def _tell_all(self, platform: str, tell: Tell) -> None:
        """What fails for now is left until the next time; until then its lease runs out."""
        try:
            while (answer := await self._answers.claim(platform)) is not None:
                await self._tell(answer, tell)
        except DocentError as exc:
            log.warning("Not every thread was told that an answer is stale. %s", exc)

    async def _tell(self, answer: StaleAnswer, tell: Tell) -> None:
        try:
            await tell(answer)
        except LeaseLost:
            return
        except (AccessDenied, RequestRejected) as exc:
            log.info("The thread of turn %s cannot be told. %s", answer.turn.id, exc)
        await self._answers.settle(answer.turn)


def notice_of(answer: StaleAnswer) -> str:
    """What the thread is told, as Markdown; a section that is gone is no link."""
    section = answer.section
    link = escaped_link(section.place or section.path, "" if answer.gone else section.url)
    return stale(link, gone=answer.gone)
