"""Questions over HTTP: handed to the core once each, and followed to their answers."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from uuid import UUID, uuid5

from adapters.web.live import (
    Ended,
    Key,
    LiveAnswer,
    LiveAnswers,
    LiveEvent,
    State,
    Waiting,
    Withdrawn,
    Withheld,
    difference,
    key_of,
)
from adapters.web.principals import Principal
from adapters.web.problems import Problem
from core.answering.dispatcher import Dispatcher
from core.conversation.archive import Archive, StoredTurn
from core.errors import QuestionRefused
from core.model import (
    Answer,
    Answered,
    AnswerStatus,
    Apology,
    Question,
    Retrieval,
    Scope,
    SessionKey,
    Usage,
)
from core.text.unicode import storable

PLATFORM = "web"

PULSE = 15.0
"""Seconds of silence after which a stream says that it is alive."""

_SESSIONS = UUID("6f6d5d9e-0d1f-5c39-9b55-5a1d2a4c8a10")
_GIVEN_UP = "Every attempt to answer this question failed. Please ask again."


def session_key(principal: Principal, session_id: str) -> SessionKey:
    """A session is found by nobody but who asked in it: they are a part of its name."""
    return SessionKey(PLATFORM, principal.kind, principal.name, session_id)


def derived_session(principal: Principal, message_id: str) -> str:
    """The session of a question that names none, the same whenever it is sent."""
    return uuid5(_SESSIONS, f"{principal.id} {message_id}").hex


class Chat:
    """`look` is after how many seconds to see whether an answer has ended elsewhere.

    Questions are answered within `scope`, and what was stored before is shown within it.

    Each method may raise ServiceError.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        archive: Archive,
        live: LiveAnswers,
        scope: Scope,
        *,
        look: float = PULSE,
    ) -> None:
        self._dispatcher = dispatcher
        self._archive = archive
        self._live = live
        self.scope = scope
        self._look = look

    async def ask(
        self, principal: Principal, session_id: str | None, message_id: str, text: str
    ) -> tuple[Question, bool]:
        """Stores the question, unless it was before, and has it answered; whether it is new.

        Raises QuestionRefused, and Problem for a message that was another question.
        """
        session = session_key(principal, session_id or derived_session(principal, message_id))
        question = Question(session, message_id, principal.id, text, self.scope)
        refused: QuestionRefused | None = None
        try:
            if await self._dispatcher.submit(question):
                return question, True
        except QuestionRefused as exc:
            refused = exc  # unless it was let in before
        stored = await self._stored(key_of(question))
        if stored is None:
            raise refused or Problem(410, "Deleted", "This question was deleted.")
        asked = stored.question
        if asked.text != storable(text) or (session_id and asked.session != session):
            raise Problem(
                422,
                "Idempotency key reused",
                "This Idempotency-Key was sent with another question or session before.",
            )
        return asked, False

    async def find(self, principal: Principal, message_id: str) -> StoredTurn:
        """The turn of the principal's own message. Raises Problem where there is none."""
        stored = await self._stored((principal.kind, principal.name, message_id))
        if stored is None:
            raise Problem(404, "Not found", "You have asked no question of that id.")
        return stored

    async def follow(
        self, question: Question, *, is_new: bool = False
    ) -> AsyncGenerator[LiveEvent, None]:
        """The events from the beginning of the answer to its end; Waiting where there are none."""
        key = key_of(question)
        live, shown = self._live.of(key), State()
        if live.state == shown and not is_new:
            await self._look_up(key, live)
        while True:
            state = live.state
            for event in difference(shown, state):
                yield event
            if state.end is not None:
                return
            shown = state
            if not await live.moved_on(state, self._look):
                if state.turn_id is None:
                    await self._look_up(key, live)
                yield Waiting()

    async def stop(self, principal: Principal, message_id: str) -> bool:
        """Ends the answer where it is; False when it has ended."""
        return await self._dispatcher.cancel((await self.find(principal, message_id)).id)

    async def delete(self, principal: Principal, session_id: str) -> int:
        """Deletes what was asked and answered in the session; the number of questions."""
        session = session_key(principal, session_id)
        messages = await self._archive.questions(session)
        for message_id in messages:
            await self._dispatcher.withdraw(session, message_id)
        return len(messages)

    async def forget(self, principal: Principal) -> int:
        """Deletes whatever they asked and got here; the number of questions."""
        return await self._dispatcher.forget((PLATFORM,), principal.id)

    async def _stored(self, key: Key) -> StoredTurn | None:
        return await self._archive.find(PLATFORM, *key)

    async def _look_up(self, key: Key, live: LiveAnswer) -> None:
        """Ends the answer as it is stored, where it has ended or was deleted."""
        stored, shown = await self._stored(key), live.state
        if stored is None:
            live.end(Withdrawn())
        elif stored.answer is not None and not self.scope.admits(stored.sources):
            live.end(Withheld())
        elif stored.status != "accepted":
            live.state = State(
                turn_id=stored.id,
                passages=stored.passages or None,
                epoch=shown.epoch + 1 if shown.text else shown.epoch,
                text=stored.answer.text if stored.answer else "",
                end=_end(stored),
            )


def _end(stored: StoredTurn) -> Ended:
    text = stored.question.text
    found = Retrieval(text, 0, stored.passages, confidence=0.0, sufficient=False)
    if stored.answer is not None:
        return Ended(Answered(stored.answer, found), stored.id)
    word = Answer(AnswerStatus.REFUSED, _GIVEN_UP, (), None, 0, Usage(), {})
    return Ended(Answered(word, found, apology=Apology.GIVEN_UP), stored.id)
