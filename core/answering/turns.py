"""One turn, from its claim to its end: under a lease that is kept, shown, stored or given up."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, suppress
from typing import Protocol
from uuid import UUID

from core.answering.apologies import apology, postponement
from core.answering.leases import Leases
from core.answering.making import made_ahead
from core.answering.places import Places
from core.answering.stopping import Stop
from core.conversation.inbox import Inbox
from core.errors import (
    AccessDenied,
    DocentError,
    LeaseLost,
    QuotaExceeded,
    ServiceError,
    ServiceUnavailable,
)
from core.model import Answered, AnswerEvent, Question, SessionKey, Turn, Wanted
from core.ports import Responder

_STORE_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
_PUT_BACK_TIMEOUT = 2.0
_INTERRUPTIONS = 10
# What is no fault of the question, so that it may be answered when the service is back.
_OUTAGES = (ServiceUnavailable, AccessDenied, QuotaExceeded)

log = logging.getLogger(__name__)


class _Away(Exception):
    """The answer has to wait for a service; the cause says for which."""


class Answerer(Protocol):
    """Answers a question; closing the iterator, where it can be closed, cancels the work."""

    def answer(self, question: Question, stop: Stop) -> AsyncIterator[AnswerEvent]:
        """Events, of which the last is Answered, soon after the stop; or any exception."""


class TurnRunner:
    """Runs turns, one at a time of a session; `running` answers are made at once.

    One that fails is tried again after each of `retry_pauses`, but after each of `outage_pauses`
    first, if a service is away that it needs. Up to ten attempts that end here because the database
    is away are not counted. Each `watch_pause` it is seen whether it is still wanted: any process
    may have been told otherwise. All are in seconds.
    """

    def __init__(
        self,
        inbox: Inbox,
        answerer: Answerer,
        responders: Mapping[str, Responder],
        *,
        running: int,
        retry_pauses: tuple[float, ...],
        outage_pauses: tuple[float, ...],
        watch_pause: float,
    ) -> None:
        self._inbox = inbox
        self._answerer = answerer
        self._responders = responders
        self._places = Places(running)
        self._retry_pauses = retry_pauses
        self._outage_pauses = outage_pauses
        self._outages: Counter[UUID] = Counter()
        self._interrupted: Counter[UUID] = Counter()
        self._attempts = len(retry_pauses) + 1
        self._leases = Leases(inbox, watch_pause=watch_pause)

    def look(self, session: SessionKey) -> None:
        """Has the session's running turn, if there is one here, see at once what is wanted."""
        self._leases.look(session)

    async def run(self, turn: Turn) -> float | None:
        """None when the turn has ended, else after how long to claim again in its session.

        Raises ServiceError when the database is out of reach; the lease then runs out.
        """
        try:
            pause = await self._run(turn)
        except LeaseLost as exc:
            log.info("Dropped turn %s: %s", turn.id, exc)
            # With such a cause nobody took the turn over: the database was away, or hung.
            if isinstance(exc.__cause__, (ServiceError, TimeoutError)):
                self._interrupted[turn.id] += 1
            else:
                self._let_go(turn)
            return 0.0  # it may be there for the taking again, as an edited one is
        except ServiceError:
            self._interrupted[turn.id] += 1
            raise
        except asyncio.CancelledError:
            await self.put_back(turn)
            raise
        if pause is None:
            self._let_go(turn)
        return pause

    def _let_go(self, turn: Turn) -> None:
        self._outages.pop(turn.id, None)
        self._interrupted.pop(turn.id, None)

    def _counted(self, turn: Turn) -> int:
        """Its attempts, without those that the database ended."""
        spared = min(self._interrupted[turn.id], _INTERRUPTIONS)
        return max(1, turn.attempt - spared)

    async def _run(self, turn: Turn) -> float | None:
        if self._counted(turn) > self._attempts + 1:
            # Its worker died even while it told the author.
            await self._inbox.fail(turn, "Every attempt ended the process.")
            return None
        if self._counted(turn) > self._attempts:
            await self._give_up(turn, None)
            return None
        try:
            await self._work(turn)
        except LeaseLost:
            raise
        except _Away as away:
            log.warning("Turn %s has to wait. %s", turn.id, away.__cause__)
            return await self._after_outage(turn)
        except Exception as exc:  # noqa: BLE001 - one question must not end the others
            _report(f"Attempt {turn.attempt} at turn {turn.id} failed.", exc)
            return await self._after_failure(turn, exc)
        return None

    async def _after_outage(self, turn: Turn) -> float:
        await self._inbox.release(turn, counted=False)
        self._outages[turn.id] += 1
        return self._outage_pauses[self._outages[turn.id] - 1]

    async def _after_failure(self, turn: Turn, exc: Exception) -> float | None:
        attempts = self._counted(turn)
        if attempts >= self._attempts:
            await self._give_up(turn, exc)
            return None
        await self._inbox.release(turn, counted=True)
        return self._retry_pauses[attempts - 1]

    async def _give_up(self, turn: Turn, exc: Exception | None) -> None:
        """Tells the author, as well as that can be done, and ends the turn."""
        try:
            if turn.wanted is not Wanted.WITHDRAWN:
                saying = self._show(turn, apology(turn.question, exc), [])
                await self._leases.hold(turn, saying, Stop())
        except LeaseLost:
            raise
        except Exception as unsaid:  # noqa: BLE001 - the turn ends all the same
            _report(f"The author of turn {turn.id} was not told that it was given up.", unsaid)
        await self._inbox.fail(turn, "The worker died." if exc is None else repr(exc))

    async def put_back(self, turn: Turn) -> None:
        """When we stop: the turn is free at once, and this was no attempt."""
        with suppress(ServiceError, TimeoutError):
            async with asyncio.timeout(_PUT_BACK_TIMEOUT):
                await self._inbox.release(turn, counted=False)

    async def _work(self, turn: Turn) -> None:
        stop = Stop()
        if turn.wanted is Wanted.STOPPED:
            stop.wish()
        withdrawn = turn.wanted is Wanted.WITHDRAWN
        work = self._retract(turn) if withdrawn else self._answer(turn, stop)
        await self._leases.hold(turn, work, stop)

    async def _retract(self, turn: Turn) -> None:
        try:
            await self._responders[turn.question.session.platform].retract(turn)
        except _OUTAGES as exc:
            if not self._may_wait(turn):
                raise
            raise _Away from exc
        await self._inbox.forget(turn)

    async def _answer(self, turn: Turn, stop: Stop) -> None:
        faults: list[Exception] = []
        answering = self._answerer.answer(turn.question, stop)
        events = made_ahead(answering, self._places, turn.question.author)
        try:
            answered = await self._show(turn, events, faults)
        except _OUTAGES as exc:
            # Of the answer's own services alone: what the platform refuses is not waited for.
            if exc not in faults or stop.wished or not self._may_wait(turn):
                raise
            await self._explain(turn, exc)
            raise _Away from exc
        await self._store(turn, answered)

    def _may_wait(self, turn: Turn) -> bool:
        return self._outages[turn.id] < len(self._outage_pauses)

    async def _explain(self, turn: Turn, exc: ServiceError) -> None:
        """Shows the reason where the answer will stand, once.

        Not at the first failure, which may be over in a moment: nobody is alerted when the answer
        takes the place of these words.
        """
        if self._outages[turn.id] != 1:
            return
        try:
            await self._show(turn, postponement(turn.question, exc), [])
        except LeaseLost:
            raise
        except Exception as unsaid:  # noqa: BLE001 - the turn waits all the same
            _report(f"The author of turn {turn.id} was not told that it waits.", unsaid)

    async def _show(
        self, turn: Turn, events: AsyncIterator[AnswerEvent], faults: list[Exception]
    ) -> Answered:
        """What ended the events. What broke them off goes into `faults`, and is raised."""
        seen: list[Answered] = []
        responder = self._responders[turn.question.session.platform]
        async with aclosing(_watched(events, seen, faults)) as watched:
            await responder.respond(turn, watched)
        if not seen:
            raise RuntimeError("The answer ended without its last event.")
        return seen[-1]

    async def _store(self, turn: Turn, answered: Answered) -> None:
        """Patiently, since the answer was read by now."""
        for pause in _STORE_PAUSES:
            try:
                return await self._inbox.finish(turn, answered)
            except ServiceUnavailable as exc:
                log.warning("The answer of turn %s is not stored yet. %s", turn.id, exc)
                await asyncio.sleep(pause)
        return await self._inbox.finish(turn, answered)


async def wait_for(event: asyncio.Event, seconds: float) -> None:
    """Returns when the event is set or the time is over."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def _report(what: str, exc: Exception) -> None:
    """With a traceback where the fault may be ours."""
    if isinstance(exc, DocentError):
        log.warning("%s %s", what, exc)
    else:
        log.error(what, exc_info=exc)


async def _watched(
    events: AsyncIterator[AnswerEvent], seen: list[Answered], faults: list[Exception]
) -> AsyncGenerator[AnswerEvent, None]:
    try:
        async for event in events:
            if isinstance(event, Answered):
                seen.append(event)
            yield event
    except Exception as exc:
        faults.append(exc)
        raise
    finally:
        if isinstance(events, AsyncGenerator):
            await events.aclose()
