"""A chat with a person, on made-up answers."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from adapters.console.chat import ConsoleChat, collect
from adapters.console.conversation import BEGUN_ANEW, HELP, converse, welcome
from core.errors import ServiceUnavailable
from core.ingestion.corpus import Served
from core.ingestion.overview import Overview
from core.model import AnswerEvent, Question, Scope, Turn
from tests.support.answers import answer, answered, events_of, stream


class Desk:
    """Answers every question at once."""

    def __init__(self) -> None:
        self.chat = ConsoleChat(collect, Scope())
        self.asked: list[Question] = []

    async def submit(self, question: Question) -> bool:
        self.asked.append(question)
        turn = Turn(uuid4(), question, uuid4(), attempt=1)
        await self.chat.respond(turn, stream(events_of(answer())))
        return True

    async def cancel(self, turn_id: UUID) -> bool:
        return False


class SlowDesk(Desk):
    """Is interrupted at each question, and answers it once its turn was cancelled."""

    def __init__(self, *, away: bool = False) -> None:
        super().__init__()
        self.away = away
        self.cancelled: list[UUID] = []
        self._go_on = asyncio.Event()

    async def submit(self, question: Question) -> bool:
        self.asked.append(question)
        turn = Turn(uuid4(), question, uuid4(), attempt=1)
        self._go_on.clear()
        signal.raise_signal(signal.SIGINT)
        await self.chat.respond(turn, self._stopped())
        return True

    async def _stopped(self) -> AsyncIterator[AnswerEvent]:
        await self._go_on.wait()
        yield answered(answer("Stopped."))

    async def cancel(self, turn_id: UUID) -> bool:
        self.cancelled.append(turn_id)
        self._go_on.set()
        if self.away:
            raise ServiceUnavailable("PostgreSQL", "could not be reached.")
        return True


async def conversed(desk: Desk, *lines: str) -> list[str]:
    """What the person was told."""
    told: list[str] = []
    await converse(desk.chat, desk, typed(lines), told.append)
    return told


async def typed(lines: Sequence[str]) -> AsyncIterator[str]:
    for line in lines:
        yield line


async def test_a_line_is_a_question_of_the_same_conversation() -> None:
    desk = Desk()
    assert await conversed(desk, "What is it?", "And how does it help?") == []
    assert [question.text for question in desk.asked] == ["What is it?", "And how does it help?"]
    assert len({question.session for question in desk.asked}) == 1


@pytest.mark.parametrize("word", ["exit", "quit", "EXIT", "/exit", "/quit"])
async def test_a_word_ends_the_chat(word: str) -> None:
    desk = Desk()
    assert await conversed(desk, word, "Anybody there?") == []
    assert desk.asked == []


@pytest.mark.parametrize("word", ["help", "?", "/help", "Help"])
async def test_help_is_not_asked_but_shown(word: str) -> None:
    desk = Desk()
    assert await conversed(desk, word) == [HELP]
    assert desk.asked == []


@pytest.mark.parametrize("word", ["/foo", "/sync", "/Re-Ingest"])
async def test_a_command_that_is_not_known_is_not_asked(word: str) -> None:
    desk = Desk()
    assert await conversed(desk, word) == [f"There is no {word}. ? shows what there is."]
    assert desk.asked == []


async def test_a_conversation_can_begin_anew() -> None:
    desk = Desk()
    assert await conversed(desk, "one", "/new", "two") == [BEGUN_ANEW]
    first, second = desk.asked
    assert first.session != second.session


@pytest.mark.parametrize("line", ["help me with uploads", "How do I quit?", "/items/{id}?"])
async def test_what_only_looks_like_a_command_is_a_question(line: str) -> None:
    desk = Desk()
    assert await conversed(desk, line) == []
    assert [question.text for question in desk.asked] == [line]


async def test_ctrl_c_stops_the_answer_and_not_the_chat() -> None:
    desk = SlowDesk()
    assert await conversed(desk, "one", "two") == []
    assert len(desk.cancelled) == len(desk.asked) == 2


async def test_after_an_answer_ctrl_c_is_what_it_was() -> None:
    before = signal.getsignal(signal.SIGINT)
    await conversed(SlowDesk(), "one")
    assert signal.getsignal(signal.SIGINT) is before
    await conversed(Desk(), "one")
    assert signal.getsignal(signal.SIGINT) is before


async def test_a_second_ctrl_c_ends_what_the_first_could_not() -> None:
    class Deaf(SlowDesk):
        async def cancel(self, turn_id: UUID) -> bool:
            signal.raise_signal(signal.SIGINT)
            return True

    def interrupted(*_: object) -> None:
        asking.cancel()

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        asking = asyncio.create_task(conversed(Deaf(), "one"))
        with pytest.raises(asyncio.CancelledError):
            await asking
    finally:
        signal.signal(signal.SIGINT, before)


async def test_a_ctrl_c_that_comes_late_is_one_too_many() -> None:
    async def typed_late() -> AsyncIterator[str]:
        yield "one"
        signal.raise_signal(signal.SIGINT)
        yield "two"

    desk = Desk()
    await converse(desk.chat, desk, typed_late(), pytest.fail)
    assert [question.text for question in desk.asked] == ["one", "two"]


async def test_an_answer_that_cannot_be_stopped_goes_on() -> None:
    told = await conversed(SlowDesk(away=True), "one")
    assert told == ["The answer could not be stopped. PostgreSQL: could not be reached."]


def overview(**documents: int) -> Overview:
    served = {name: Served(count, chunks=count * 5) for name, count in documents.items()}
    return Overview(1, datetime.now(UTC), served, titles={})


@pytest.mark.parametrize(
    ("served", "said"),
    [
        (
            None,
            "There are no docs to answer from yet. `docent sync` brings them in, or says why not.",
        ),
        (
            overview(),
            "There are no docs to answer from yet. `docent sync` brings them in, or says why not.",
        ),
        (overview(docs=155), "Answering from docs (155 documents)."),
        (
            overview(docs=1, papers=1200),
            "Answering from docs (1 document) and papers (1,200 documents).",
        ),
        (
            overview(a=2, b=3, c=4),
            "Answering from a (2 documents), b (3 documents) and c (4 documents).",
        ),
    ],
)
def test_a_chat_says_what_it_answers_from_and_how_to_leave(
    served: Overview | None, said: str
) -> None:
    assert welcome(served) == f"{said} Ctrl-D ends the chat; ? shows help."
