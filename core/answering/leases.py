"""Keeps the leases of the turns that run here, all of them with a few statements."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.answering.stopping import Stop
from core.conversation.inbox import lost
from core.errors import LeaseLost, ServiceError
from core.model import SessionKey, Turn, Wanted

_STEPS = 8
"""Moments at which leases are renewed, in each pause between two looks at a turn."""


class Renewing(Protocol):
    """What holds the leases: Inbox."""

    @property
    def lease_seconds(self) -> float:
        """How long a lease runs without being renewed."""

    async def renew(self, turns: Sequence[Turn]) -> list[Wanted | None]:
        """What is wanted of each by now; None where its lease was lost."""


class Leases:
    """Renews each lease every `watch_pause` seconds, and sees then what is wanted of its turn.

    A task for each would wait for most of its life. At each of a few moments all leases are looked
    through instead, and those that are due are renewed with one statement.
    """

    def __init__(self, inbox: Renewing, *, watch_pause: float) -> None:
        self._inbox = inbox
        self._length = inbox.lease_seconds
        self._step = min(watch_pause, self._length / 3) / _STEPS
        self._held: dict[SessionKey, _Held] = {}
        self._waiting = False
        self._renewing: set[asyncio.Task[None]] = set()

    async def hold(self, turn: Turn, work: Coroutine[None, None, object], stop: Stop) -> None:
        """Does the work under the turn's lease, one of a session at a time.

        Raises LeaseLost when the lease is lost, and cancels the work.
        """
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - whoever awaits this is one
        now = _clock()
        held = _Held(turn, stop, task, task.cancelling(), now + self._length, self._due(now))
        self._held[turn.question.session] = held
        if not self._waiting:
            self._wait(self._moment(now))
        try:
            await work
        finally:
            del self._held[turn.question.session]
            held.close()

    def look(self, session: SessionKey) -> None:
        """Sees at once what is wanted of the session's turn, if one runs here."""
        if held := self._held.get(session):
            held.asked = True
            if not held.renewing:
                self._begin([held])

    def _moment(self, now: float) -> int:
        """The number of the next one."""
        return int(now // self._step) + 1

    def _due(self, now: float) -> int:
        return self._moment(now) + _STEPS

    def _wait(self, moment: int) -> None:
        self._waiting = True
        loop = asyncio.get_running_loop()
        loop.call_at(moment * self._step, self._look_through, moment)

    def _look_through(self, moment: int) -> None:
        self._waiting = False
        if not self._held:
            return
        due = [each for each in self._held.values() if each.due <= moment and not each.renewing]
        if due:
            self._begin(due)
        # The loop may be late, and a timer early by less than a millisecond.
        self._wait(max(moment + 1, self._moment(_clock())))

    def _begin(self, due: Sequence[_Held]) -> None:
        for held in due:
            held.renewing = True
        renewing = asyncio.create_task(self._renew(due))
        self._renewing.add(renewing)
        renewing.add_done_callback(self._renewing.discard)

    async def _renew(self, due: Sequence[_Held]) -> None:
        for held in due:
            held.asked = False
        try:
            await self._ask(due)
        except Exception as exc:  # noqa: BLE001 - it is theirs whose leases they are
            for held in due:
                held.end(exc)
        for held in due:
            held.renewing, held.due = False, self._due(_clock())
        if again := [held for held in due if held.asked]:
            self._begin(again)

    async def _ask(self, due: Sequence[_Held]) -> None:
        began = _clock()
        try:
            async with asyncio.timeout(self._length / 3):
                wanted = await self._inbox.renew([held.turn for held in due])
        except (ServiceError, TimeoutError) as exc:
            for held in due:
                held.not_renewed(exc, soon=_clock() + self._length / 3)
        else:
            for held, each in zip(due, wanted, strict=True):
                held.renewed(each, until=began + self._length)


@dataclass(slots=True, eq=False)
class _Held:
    """The lease of one turn, ours `until` then at least, and the task that works under it."""

    turn: Turn
    stop: Stop
    task: asyncio.Task[object]
    cancelled_before: int
    until: float
    due: int
    renewing: bool = False
    asked: bool = False
    closed: bool = False
    fault: Exception | None = None

    def renewed(self, wanted: Wanted | None, *, until: float) -> None:
        self.until = until
        if wanted is None:
            self.end(lost(self.turn))
        elif wanted is Wanted.STOPPED:
            self.stop.wish()

    def not_renewed(self, cause: Exception, *, soon: float) -> None:
        """Ends the work if there may be no time for another attempt."""
        if soon >= self.until:
            fault = LeaseLost("The lease could not be renewed in time.")
            fault.__cause__ = cause
            self.end(fault)

    def end(self, fault: Exception) -> None:
        """Cancels the work, which ends with the fault."""
        if not self.closed and self.fault is None:
            self.fault = fault
            self.task.cancel()

    def close(self) -> None:
        """The work has ended. Raises the fault, unless somebody else has cancelled it as well."""
        self.closed = True
        if self.fault is not None and self.task.uncancel() <= self.cancelled_before:
            raise self.fault from self.fault.__cause__


def _clock() -> float:
    return asyncio.get_running_loop().time()
