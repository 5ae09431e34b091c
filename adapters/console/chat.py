"""A conversation in the terminal. It takes the same way as every platform's: through the inbox."""

from __future__ import annotations

import asyncio
import getpass
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

from core.model import Answer, Answered, AnswerEvent, Question, Scope, SessionKey, Turn

PLATFORM = "console"

Show = Callable[[AsyncIterator[AnswerEvent]], Awaitable[Answer]]
Submit = Callable[[Question], Awaitable[bool]]


class ConsoleChat:
    """One session. As a Responder it hands the events to `show` and keeps who waits for them."""

    def __init__(self, show: Show, scope: Scope) -> None:
        self._show = show
        self._scope = scope
        self._session = _new_session()
        self._waiting: dict[str, asyncio.Future[Answer]] = {}

    def begin_anew(self) -> None:
        """The next question is the first of a new session."""
        self._session = _new_session()

    async def ask(self, text: str, submit: Submit) -> Answer:
        """Asks, and returns when the answer was shown. Raises what the submission raises."""
        question = Question(self._session, uuid4().hex, getpass.getuser(), text, self._scope)
        waiter: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[question.message_id] = waiter
        try:
            await submit(question)
            return await waiter
        finally:
            del self._waiting[question.message_id]

    async def respond(self, turn: Turn, events: AsyncIterator[AnswerEvent]) -> None:
        """Shows the answer. A turn that an earlier chat left behind has no reader any more."""
        waiter = self._waiting.get(turn.question.message_id)
        answer = await (collect(events) if waiter is None else self._show(events))
        if waiter is not None and not waiter.done():
            waiter.set_result(answer)

    async def retract(self, turn: Turn) -> None:
        """Nothing to do: a terminal takes nothing back."""


def _new_session() -> SessionKey:
    return SessionKey(PLATFORM, socket.gethostname(), getpass.getuser(), uuid4().hex)


async def collect(events: AsyncIterator[AnswerEvent]) -> Answer:
    """The answer at the end of the events."""
    answers = [event.answer async for event in events if isinstance(event, Answered)]
    return answers[-1]
