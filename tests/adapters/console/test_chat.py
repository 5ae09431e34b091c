"""A conversation in the terminal."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from rich.console import Console

from adapters.console.chat import ConsoleChat, collect
from adapters.console.live import show_live
from core.errors import ServiceUnavailable
from core.model import (
    Answer,
    AnswerEvent,
    PassagesFound,
    Question,
    Replaced,
    Scope,
    Searching,
    TextDelta,
    Turn,
)
from tests.support.answers import answer, answered, events_of, stream

SCOPE = Scope(frozenset({"docs"}))


class Desk:
    """Answers what is submitted, through the chat as its Responder."""

    def __init__(self, chat: ConsoleChat) -> None:
        self._chat = chat
        self.asked: list[Question] = []

    async def submit(self, question: Question) -> bool:
        self.asked.append(question)
        turn = Turn(uuid4(), question, uuid4(), attempt=1)
        await self._chat.respond(turn, stream(events_of(answer(f"About {question.text}"))))
        return True


async def test_a_question_gets_its_answer() -> None:
    chat = ConsoleChat(collect, SCOPE)
    given = await chat.ask("defaults", Desk(chat).submit)
    assert given.text == "About defaults"


async def test_a_chat_is_one_session_within_its_scope() -> None:
    chat = ConsoleChat(collect, SCOPE)
    desk = Desk(chat)
    await chat.ask("one", desk.submit)
    await chat.ask("two", desk.submit)
    first, second = desk.asked
    assert first.session == second.session
    assert first.message_id != second.message_id
    assert first.scope == SCOPE


async def test_a_chat_that_begins_anew_is_another_session() -> None:
    chat = ConsoleChat(collect, SCOPE)
    desk = Desk(chat)
    await chat.ask("one", desk.submit)
    chat.begin_anew()
    await chat.ask("two", desk.submit)
    first, second = desk.asked
    assert first.session != second.session


@pytest.mark.skipif(os.geteuid() != 0, reason="it takes root to be somebody else")
async def test_who_has_no_name_on_this_machine_may_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(variable, raising=False)
    ourselves, stranger = os.getuid(), 54321
    os.setreuid(stranger, -1)
    try:
        chat = ConsoleChat(collect, SCOPE)
        desk = Desk(chat)
        await chat.ask("defaults", desk.submit)
    finally:
        os.setreuid(ourselves, -1)
    assert desk.asked[0].author == str(stranger)


async def test_an_answer_can_be_stopped_once_it_was_taken_up() -> None:
    chat = ConsoleChat(collect, SCOPE)
    accepted, stopped = asyncio.Event(), asyncio.Event()
    turns: list[Turn] = []

    async def submit(question: Question) -> bool:
        turns.append(Turn(uuid4(), question, uuid4(), attempt=1))
        accepted.set()
        return True

    async def cancel(turn_id: UUID) -> bool:
        assert turn_id == turns[0].id
        stopped.set()
        return True

    async def events() -> AsyncIterator[AnswerEvent]:
        await stopped.wait()
        yield answered(answer("Stopped."))

    async with asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(chat.ask("one", submit))
        await accepted.wait()
        tasks.create_task(chat.stop(cancel))
        tasks.create_task(chat.respond(turns[0], events()))
    assert asking.result().text == "Stopped."


async def test_another_attempt_at_a_turn_is_shown_like_the_first() -> None:
    class Stumbling(Desk):
        async def submit(self, question: Question) -> bool:
            turn = Turn(uuid4(), question, uuid4(), attempt=1)
            with pytest.raises(ServiceUnavailable):
                await chat.respond(turn, broken())
            return await super().submit(question)

    async def broken() -> AsyncIterator[AnswerEvent]:
        yield Searching()
        raise ServiceUnavailable("Qdrant", "could not be reached.")

    chat = ConsoleChat(collect, SCOPE)
    assert (await chat.ask("defaults", Stumbling(chat).submit)).text == "About defaults"


async def test_where_nothing_is_asked_there_is_nothing_to_stop() -> None:
    async def cancel(turn_id: UUID) -> bool:
        pytest.fail("cancelled")

    await ConsoleChat(collect, SCOPE).stop(cancel)


async def test_two_chats_are_two_sessions() -> None:
    desks = [Desk(ConsoleChat(collect, SCOPE)) for _ in range(2)]
    for desk in desks:
        await desk._chat.ask("x", desk.submit)
    assert desks[0].asked[0].session != desks[1].asked[0].session


async def test_a_question_that_could_not_be_stored_is_told_at_once() -> None:
    async def refuse(question: Question) -> bool:
        raise ServiceUnavailable("PostgreSQL", "could not be reached.")

    chat = ConsoleChat(collect, SCOPE)
    with pytest.raises(ServiceUnavailable):
        await chat.ask("x", refuse)


async def test_where_an_answer_cannot_be_shown_whoever_asked_is_told_and_waits_no_longer() -> None:
    async def to_nobody(_: AsyncIterator[AnswerEvent]) -> Answer:
        raise BrokenPipeError

    chat = ConsoleChat(to_nobody, SCOPE)
    with pytest.raises(BrokenPipeError):
        await chat.ask("defaults", Desk(chat).submit)


async def test_a_turn_that_nobody_waits_for_is_read_to_its_end_and_not_shown() -> None:
    async def show(events: AsyncIterator[AnswerEvent]) -> None:
        pytest.fail("shown")

    read: list[AnswerEvent] = []

    async def events() -> AsyncIterator[AnswerEvent]:
        for event in events_of(answer()):
            read.append(event)
            yield event

    chat = ConsoleChat(show, SCOPE)  # type: ignore[arg-type]
    question = Question(chat._session, "of an earlier chat", "me", "x")
    await chat.respond(Turn(uuid4(), question, uuid4(), 1), events())
    assert len(read) == 3


async def test_what_is_drawn_in_the_end_is_the_answer() -> None:
    screen = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    given = answer("The second text. [1]")
    events: list[AnswerEvent] = [
        Searching(),
        PassagesFound(()),
        TextDelta("The first "),
        TextDelta("text."),
        Replaced("The second text. [1]"),
        answered(given),
    ]
    assert await show_live(screen, stream(events)) == given
    shown = screen.file.getvalue()  # type: ignore[attr-defined]
    assert "The second text. [1]" in shown.rsplit("\x1b[", maxsplit=1)[-1]
    assert "https://docs.example.com/query/#defaults" in shown


async def test_an_answer_taller_than_the_screen_stands_there_once() -> None:
    screen = Console(file=io.StringIO(), width=80, height=10, force_terminal=True)
    given = answer("\n\n".join(f"Paragraph {number} of it." for number in range(20)))
    await show_live(screen, stream(events_of(given)))
    shown = screen.file.getvalue()  # type: ignore[attr-defined]
    assert shown.count("Paragraph 19 of it.") == 1
