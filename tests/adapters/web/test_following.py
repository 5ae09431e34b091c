"""Who follows an answer here learns how it ended, also where another instance made it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from adapters.web.chat import Chat
from adapters.web.live import Ended, LiveAnswers, LiveEvent, Waiting, Withdrawn
from adapters.web.principals import LOCAL
from core.answering.dispatcher import open_dispatcher
from core.backends.postgres import Postgres
from core.conversation.archive import Archive
from core.conversation.inbox import Inbox
from core.model import (
    EVERYTHING,
    AnswerEvent,
    Apology,
    Question,
    Replaced,
    TextDelta,
)
from tests.support.answers import stream
from tests.support.conversations import answered, taken
from tests.support.desk import Answers

WORD = replace(answered("Please wait."), apology=Apology.POSTPONED)
ANSWER = answered("Run the installer. [1]")


@pytest.fixture
def live() -> LiveAnswers:
    return LiveAnswers()


@pytest.fixture
def inbox(database: Postgres) -> Inbox:
    return Inbox(database, worker="elsewhere")


@pytest.fixture
async def chat(database: Postgres, inbox: Inbox, live: LiveAnswers) -> AsyncIterator[Chat]:
    """It stores questions, and looks often how they ended; who answers them is up to the test."""
    async with open_dispatcher(inbox, Answers(), {}) as dispatcher:
        yield Chat(dispatcher, Archive(database), live, EVERYTHING, look=0.01)


@pytest.fixture
async def question(chat: Chat) -> Question:
    return (await chat.ask(LOCAL, "s", "m", "How do I install it?"))[0]


class Follower:
    """Reads the events of an answer."""

    def __init__(self, chat: Chat, question: Question) -> None:
        self._events = chat.follow(question)
        self.read: list[LiveEvent] = []

    async def until_nothing_new(self) -> None:
        while not isinstance(event := await anext(self._events), Waiting):
            self.read.append(event)

    async def rest(self) -> list[LiveEvent]:
        """What came after all that was read before."""
        async with asyncio.timeout(30):
            return [each async for each in self._events if not isinstance(each, Waiting)]


@pytest.mark.parametrize(
    "shown",
    [(WORD,), (TextDelta("Another beginning, and a longer one."),), ()],
    ids=["postponed", "broken off", "nothing"],
)
async def test_an_attempt_that_came_to_no_end_is_ended_elsewhere(
    chat: Chat,
    inbox: Inbox,
    live: LiveAnswers,
    question: Question,
    shown: tuple[AnswerEvent, ...],
) -> None:
    follower = Follower(chat, question)
    await follower.until_nothing_new()
    turn = await taken(inbox, question.session)
    await live.respond(turn, stream(shown))
    await follower.until_nothing_new()
    await inbox.finish(turn, ANSWER)
    rest = await follower.rest()
    end = rest[-1]
    assert isinstance(end, Ended)
    assert (end.answered.answer, end.turn_id) == (ANSWER.answer, turn.id)
    text = ""
    for event in (*follower.read, *rest):
        match event:
            case TextDelta(more):
                text += more
            case Replaced(other):
                text = other
    assert text == ANSWER.answer.text


async def test_a_question_that_was_deleted_elsewhere_has_no_answer(
    chat: Chat, inbox: Inbox, question: Question
) -> None:
    follower = Follower(chat, question)
    await follower.until_nothing_new()
    await inbox.amendments.withdraw(question.session, question.message_id)
    assert await follower.rest() == [Withdrawn()]
