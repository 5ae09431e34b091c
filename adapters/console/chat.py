"""A conversation in the terminal. It takes the same way as every platform's: through the inbox."""

from __future__ import annotations

import asyncio
import getpass
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID, uuid4

from core.model import Answer, Answered, AnswerEvent, Question, Scope, SessionKey, Turn

PLATFORM = "console"

Show = Callable[[AsyncIterator[AnswerEvent]], Awaitable[Answer]]
Submit = Callable[[Question], Awaitable[bool]]
Cancel = Callable[[UUID], Awaitable[bool]]


class _Waiter:
    """Who waits for an answer: first for its turn to be taken up, then to have seen it."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.taken: asyncio.Future[UUID] = loop.create_future()
        self.seen: asyncio.Future[Answer] = loop.create_future()


class ConsoleChat:
    """One session. As a Responder it hands the events to `show` and keeps who waits for them.

    `last_turn` is the turn that was answered last.
    """

    def __init__(self, show: Show, scope: Scope) -> None:
        self._show = show
        self._scope = scope
        self._session = _new_session()
        self._waiting: dict[str, _Waiter] = {}
        self.last_turn: UUID | None = None

    def begin_anew(self) -> None:
        """The next question is the first of a new session."""
        self._session = _new_session()

    async def ask(self, text: str, submit: Submit) -> Answer:
        """Asks, and returns when the answer was shown. Raises what the submission raises."""
        question = Question(self._session, uuid4().hex, _person(), text, self._scope)
        waiter = self._waiting[question.message_id] = _Waiter()
        try:
            await submit(question)
            answer = await waiter.seen
            self.last_turn = await waiter.taken
            return answer
        finally:
            del self._waiting[question.message_id]

    async def stop(self, cancel: Cancel) -> None:
        """Ends what is being answered, as soon as it was taken up; what was shown of it stays."""
        for waiter in list(self._waiting.values()):
            await cancel(await waiter.taken)

    async def respond(self, turn: Turn, events: AsyncIterator[AnswerEvent]) -> None:
        """Shows the answer. A turn that an earlier chat left behind has no reader any more."""
        waiter = self._waiting.get(turn.question.message_id)
        if waiter is None:
            await collect(events)
            return
        if not waiter.taken.done():
            waiter.taken.set_result(turn.id)
        try:
            answer = await self._show(events)
        except OSError as error:  # who asked has to know; another attempt would not be seen either
            if not waiter.seen.done():
                waiter.seen.set_exception(error)
            return
        if not waiter.seen.done():
            waiter.seen.set_result(answer)

    async def retract(self, turn: Turn) -> None:
        """Nothing to do: a terminal takes nothing back."""


def _new_session() -> SessionKey:
    return SessionKey(PLATFORM, socket.gethostname(), _person(), uuid4().hex)


def _person() -> str:
    """Who sits at the terminal; by number in a container that is run by nobody it knows."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


async def collect(events: AsyncIterator[AnswerEvent]) -> Answer:
    """The answer at the end of the events."""
    answers = [event.answer async for event in events if isinstance(event, Answered)]
    return answers[-1]
