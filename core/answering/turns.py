"""One turn, from its claim to its end: under a lease that is kept, shown, stored or given up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Mapping
from contextlib import aclosing, suppress
from typing import Protocol

from core.conversation.inbox import Inbox
from core.errors import DocentError, LeaseLost, ServiceError, ServiceUnavailable
from core.model import (
    Answer,
    Answered,
    AnswerEvent,
    AnswerStatus,
    Question,
    Retrieval,
    Turn,
    Usage,
)
from core.ports import Responder

_STORE_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
_PUT_BACK_TIMEOUT = 2.0

log = logging.getLogger(__name__)


class Answerer(Protocol):
    """Answers a question; closing the iterator, where it can be closed, cancels the work."""

    def answer(self, question: Question) -> AsyncIterator[AnswerEvent]:
        """Events, of which the last is Answered; or any exception."""


class TurnRunner:
    """Runs turns. One that fails is tried again after each of `retry_pauses`, in seconds."""

    def __init__(
        self,
        inbox: Inbox,
        answerer: Answerer,
        responders: Mapping[str, Responder],
        *,
        retry_pauses: tuple[float, ...],
    ) -> None:
        self._inbox = inbox
        self._answerer = answerer
        self._responders = responders
        self._retry_pauses = retry_pauses
        self._attempts = len(retry_pauses) + 1

    async def run(self, turn: Turn) -> float | None:
        """None when this worker is through with the turn, else after how long to claim it again.

        Raises ServiceError when the database is out of reach; the lease then runs out.
        """
        try:
            return await self._run(turn)
        except LeaseLost as exc:
            log.warning("Dropped turn %s: %s", turn.id, exc)
            return None
        except asyncio.CancelledError:
            await self._put_back(turn)
            raise

    async def _run(self, turn: Turn) -> float | None:
        if turn.attempt > self._attempts + 1:
            # Its worker died even while it told the author.
            await self._inbox.fail(turn, "Every attempt ended the process.")
            return None
        if turn.attempt > self._attempts:
            await self._give_up(turn, None)
            return None
        try:
            await self._under_lease(turn, self._answer(turn))
        except LeaseLost:
            raise
        except Exception as exc:  # noqa: BLE001 - one question must not end the others
            _report(f"Attempt {turn.attempt} at turn {turn.id} failed.", exc)
            return await self._after_failure(turn, exc)
        return None

    async def _after_failure(self, turn: Turn, exc: Exception) -> float | None:
        if turn.attempt >= self._attempts:
            await self._give_up(turn, exc)
            return None
        await self._inbox.release(turn, counted=True)
        return self._retry_pauses[turn.attempt - 1]

    async def _give_up(self, turn: Turn, exc: Exception | None) -> None:
        """Tells the author, as well as that can be done, and ends the turn."""
        try:
            await self._under_lease(turn, self._show(turn, _apology(turn.question, exc)))
        except LeaseLost:
            raise
        except Exception as unsaid:  # noqa: BLE001 - the turn ends all the same
            _report(f"The author of turn {turn.id} was not told that it was given up.", unsaid)
        await self._inbox.fail(turn, "The worker died." if exc is None else repr(exc))

    async def _put_back(self, turn: Turn) -> None:
        """When we stop: the turn is free at once, and this was no attempt."""
        with suppress(ServiceError, TimeoutError):
            async with asyncio.timeout(_PUT_BACK_TIMEOUT):
                await self._inbox.release(turn, counted=False)

    async def _answer(self, turn: Turn) -> None:
        answered = await self._show(turn, self._answerer.answer(turn.question))
        await self._store(turn, answered)

    async def _show(self, turn: Turn, events: AsyncIterator[AnswerEvent]) -> Answered:
        seen: list[Answered] = []
        responder = self._responders[turn.question.session.platform]
        async with aclosing(_watched(events, seen)) as watched:
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

    async def _under_lease(self, turn: Turn, work: Coroutine[None, None, object]) -> None:
        """Renews the lease while the work goes on, and cancels the work when it is lost."""
        try:
            async with asyncio.TaskGroup() as tasks:
                renewing = tasks.create_task(self._keep_lease(turn))
                await work
                renewing.cancel()
        except BaseExceptionGroup as group:
            cause = _first(group.subgroup(LeaseLost) or group)
            raise cause from cause.__cause__

    async def _keep_lease(self, turn: Turn) -> None:
        clock = asyncio.get_running_loop().time
        length = self._inbox.lease_seconds
        ours_until = clock() + length
        while True:
            await asyncio.sleep(length / 3)
            began = clock()
            try:
                async with asyncio.timeout(length / 3):
                    await self._inbox.renew(turn)
                ours_until = began + length
            except (ServiceError, TimeoutError) as exc:
                if clock() + length / 3 >= ours_until:
                    raise LeaseLost("The lease could not be renewed in time.") from exc


def _report(what: str, exc: Exception) -> None:
    """With a traceback where the fault may be ours."""
    if isinstance(exc, DocentError):
        log.warning("%s %s", what, exc)
    else:
        log.error(what, exc_info=exc)


async def _watched(
    events: AsyncIterator[AnswerEvent], seen: list[Answered]
) -> AsyncGenerator[AnswerEvent, None]:
    try:
        async for event in events:
            if isinstance(event, Answered):
                seen.append(event)
            yield event
    finally:
        if isinstance(events, AsyncGenerator):
            await events.aclose()


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


async def _apology(question: Question, exc: Exception | None) -> AsyncIterator[AnswerEvent]:
    reason = f"{str(exc).removesuffix('.')}. " if isinstance(exc, DocentError) else ""
    text = f"Sorry, I could not answer this, and have stopped trying. {reason}Please ask again."
    answer = Answer(AnswerStatus.REFUSED, text, (), None, 0, Usage(), {})
    yield Answered(answer, Retrieval(question.text, 0, (), confidence=0.0, sufficient=False))
