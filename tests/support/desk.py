"""A dispatcher on a real database, with an answerer and a platform that do as they are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing

from core.answering.dispatcher import Dispatcher, DispatcherSettings, open_dispatcher
from core.answering.stopping import Stop
from core.conversation.inbox import Inbox
from core.model import Answered, AnswerEvent, AnswerStatus, Question, TextDelta, Turn
from core.ports import Database, Responder
from tests.support.conversations import answered
from tests.support.faulty_database import FaultyDatabase

QUICK = DispatcherSettings(
    retry_pauses=(0.0, 0.0), outage_pauses=(), database_pause=0.01, drain=10.0
)


async def until(condition: Callable[[], bool], *, seconds: float = 30.0) -> None:
    """Returns when it holds, and fails when it does not within so many seconds."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0.001)


class Answers:
    """Answers with the question's text, once `go` is set; raises what is in `faults` first.

    With `end` cleared, the answer never comes to its end.
    """

    def __init__(self) -> None:
        self.faults: list[Exception] = []
        self.asked: list[str] = []
        self.cancelled: list[str] = []
        self.running = 0
        self.most_running = 0
        self.begun = asyncio.Event()
        self.go = asyncio.Event()
        self.go.set()
        self.end = asyncio.Event()
        self.end.set()

    async def answer(self, question: Question, stop: Stop) -> AsyncGenerator[AnswerEvent, None]:
        self.asked.append(question.text)
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        self.begun.set()
        try:
            async with aclosing(stop.cut(self._events(question))) as events:
                async for event in events:
                    yield event
            if stop.wished:
                yield answered("stopped")
        except (asyncio.CancelledError, GeneratorExit):
            self.cancelled.append(question.text)
            raise
        finally:
            self.running -= 1

    async def _events(self, question: Question) -> AsyncGenerator[AnswerEvent, None]:
        await self.go.wait()
        if self.faults:
            raise self.faults.pop(0)
        yield TextDelta(question.text)
        await self.end.wait()
        yield answered(question.text)


class Reader:
    """A platform that keeps what was read; raises what is in `faults` first."""

    def __init__(self) -> None:
        self.faults: list[Exception] = []
        self.leaves_early = False
        self.read: list[str] = []
        self.statuses: list[AnswerStatus] = []
        self.retracted: list[str] = []

    async def respond(self, turn: Turn, events: AsyncIterator[AnswerEvent]) -> None:
        async for event in events:
            if self.leaves_early:
                return
            if isinstance(event, Answered):
                if self.faults:
                    raise self.faults.pop(0)
                self.read.append(event.answer.text)
                self.statuses.append(event.answer.status)

    async def retract(self, turn: Turn) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.retracted.append(turn.question.message_id)


class SlowReader(Reader):
    """One that takes no event before `go` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.go = asyncio.Event()
        self.reading: list[str] = []

    async def respond(self, turn: Turn, events: AsyncIterator[AnswerEvent]) -> None:
        self.reading.append(turn.question.text)
        first = await anext(events)
        await self.go.wait()
        await super().respond(turn, _followed(first, events))


async def _followed(
    first: AnswerEvent, events: AsyncIterator[AnswerEvent]
) -> AsyncIterator[AnswerEvent]:
    yield first
    async for event in events:
        yield event


class Desk:
    """Everything around a dispatcher."""

    def __init__(
        self, database: Database, *, worker: str = "ours", lease_seconds: float = 3.0
    ) -> None:
        self.database = FaultyDatabase(database)
        self.answers = Answers()
        self.reader = Reader()
        self.inbox = Inbox(self.database, worker=worker, lease_seconds=lease_seconds)

    def open(
        self,
        settings: DispatcherSettings = QUICK,
        responders: Mapping[str, Responder] | None = None,
    ) -> AbstractAsyncContextManager[Dispatcher]:
        """A dispatcher at work."""
        responders = {"slack": self.reader} if responders is None else responders
        return open_dispatcher(self.inbox, self.answers, responders, settings)

    async def settled(self) -> None:
        """Returns when no turn is unfinished any more."""
        query = "SELECT FROM turns WHERE status = 'accepted'"
        async with asyncio.timeout(60):
            while await self.database.unchecked.fetch(query):  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)

    async def ends(self) -> list[tuple[str, str, int]]:
        """Text, status and attempts of every turn, in order of arrival."""
        rows = await self.database.unchecked.fetch(
            "SELECT text, status, attempt FROM turns ORDER BY sequence"
        )
        return [(row["text"], row["status"], row["attempt"]) for row in rows]
