"""Each message is taken once, whatever way it comes, and however often."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from adapters.chat.attachments import File
from adapters.chat.incoming import Asked, Deleted, Edited, Ignored
from adapters.chat.preparing import NO_QUESTION, Preparation
from adapters.chat.reception import Reception
from core.answering.dispatcher import open_dispatcher
from core.conversation.limits import Limits, LimitSettings
from core.conversation.presence import Presence
from core.errors import ServiceUnavailable
from core.model import Message, Question
from core.ports import Database
from tests.support.conversations import THREAD, question
from tests.support.desk import QUICK, Desk

DAY = 86_400.0


@dataclass
class Counter:
    """Where messages are taken in: `told` are the words to their authors."""

    desk: Desk
    presence: Presence
    reception: Reception
    told: list[str]


async def said_before(asked: Question) -> list[Message]:
    return [Message("user", "It fails."), Message("user", f"So {asked.message_id}?")]


async def download(url: str, most: int) -> bytes:
    return b"E42"


@asynccontextmanager
async def opened(database: Database) -> AsyncIterator[Counter]:
    desk, told = Desk(database), list[str]()
    presence = Presence(desk.database)
    async with desk.open() as dispatcher:
        preparation = Preparation(said_before, download)
        reception = Reception(dispatcher, presence, preparation, lambda _, text: told.append(text))
        yield Counter(desk, presence, reception, told)


@pytest.fixture
async def counter(database: Database) -> AsyncIterator[Counter]:
    async with opened(database) as there:
        yield there


def edited(asked: Question, text: str, *, age: float = 1.0, addressed: bool = True) -> Edited:
    return Edited(Asked(replace(asked, text=text)), "2", age, addressed)


async def test_what_comes_twice_at_once_is_stored_with_one_statement(counter: Counter) -> None:
    asked = Asked(question("why?"))
    before = len(counter.desk.database.statements)
    await asyncio.gather(*(counter.reception.take(asked) for _ in range(5)))
    stored = [s for s in counter.desk.database.statements[before:] if "INSERT INTO turns" in s]
    await counter.desk.settled()
    assert len(stored) == 1
    assert counter.desk.reader.read == ["why?"]
    assert THREAD in counter.presence


async def test_what_could_not_be_stored_is_taken_when_it_comes_again(counter: Counter) -> None:
    asked = Asked(question("why?"))
    counter.desk.database.broken = {"INSERT INTO turns"}
    with pytest.raises(ServiceUnavailable):
        await counter.reception.take(asked)
    assert THREAD not in counter.presence
    counter.desk.database.broken.clear()
    await counter.reception.take(asked)
    await counter.desk.settled()
    assert counter.desk.reader.read == ["why?"]


async def test_who_calls_us_into_a_thread_brings_what_was_said_there(counter: Counter) -> None:
    asked = question("what can they do?")
    await counter.reception.take(Asked(asked, joins=True))
    rows = await counter.desk.database.fetch("SELECT context::text FROM turns")
    assert "It fails." in rows[0]["context"]
    await counter.desk.settled()


async def test_a_bare_call_takes_up_what_was_said_last_or_asks_for_a_question(
    counter: Counter,
) -> None:
    await counter.reception.take(Asked(question("", message_id="m-bare"), joins=True))
    await counter.reception.take(Asked(question("", message_id="m-alone")))
    await counter.desk.settled()
    assert counter.desk.answers.asked == ["So m-bare?"]
    assert counter.told == [NO_QUESTION]


async def test_a_file_is_read_and_the_author_told_what_is_not(counter: Counter) -> None:
    log, screen = File("a.log", "u", text=True), File("b.png", "u", text=False)
    await counter.reception.take(Asked(question("why?"), (log, screen)))
    await counter.desk.settled()
    assert counter.desk.answers.asked == ["why?\n\na.log:\n```\nE42\n```"]
    assert counter.told == ["I did not read b.png: only text files are read."]


@pytest.mark.parametrize(
    ("age", "addressed", "answered"),
    [(DAY - 1, True, True), (DAY, True, False), (1.0, False, False)],
    ids=["in time", "late", "not to us"],
)
async def test_an_edit_makes_a_question_of_what_was_none_if_it_is_one_and_in_time(
    counter: Counter, *, age: float, addressed: bool, answered: bool
) -> None:
    await counter.reception.take(edited(question("why?"), "Why?", age=age, addressed=addressed))
    await counter.desk.settled()
    assert counter.desk.answers.asked == (["Why?"] if answered else [])


async def test_an_edit_that_overtakes_its_question_leaves_one_with_the_new_text(
    counter: Counter,
) -> None:
    asked = question("why?")
    await counter.reception.take(edited(asked, "Why not?"))
    await counter.reception.take(Asked(asked))
    await counter.desk.settled()
    assert await counter.desk.ends() == [("Why not?", "finished", 1)]


async def test_a_deleted_question_is_no_part_of_the_conversation_any_more(
    counter: Counter,
) -> None:
    asked = question("why?")
    await counter.reception.take(Asked(asked))
    await counter.desk.settled()
    await counter.reception.take(Deleted(THREAD, asked.message_id))
    await counter.desk.settled()
    assert counter.desk.reader.retracted == [asked.message_id]
    assert THREAD not in counter.presence


async def test_what_is_not_for_us_costs_no_query(counter: Counter) -> None:
    before = len(counter.desk.database.statements)
    await counter.reception.take(Ignored("without a mention"))
    assert len(counter.desk.database.statements) == before


async def test_what_comes_of_a_session_is_stored_in_its_order(counter: Counter) -> None:
    """The first has a file to be read, which takes longer."""
    first, *others = (question(f"{n}") for n in range(5))
    slow = Asked(first, (File("a.log", "https://a.example", text=True),))
    await asyncio.gather(*map(counter.reception.take, [slow, *map(Asked, others)]))
    rows = await counter.desk.database.fetch(
        "SELECT left(text, 1) AS n FROM turns ORDER BY sequence"
    )
    await counter.desk.settled()
    assert [row["n"] for row in rows] == ["0", "1", "2", "3", "4"]


async def test_who_is_refused_is_told_but_not_each_time(database: Database) -> None:
    desk, told, now = Desk(database), list[str](), [0.0]
    limits = Limits(LimitSettings(per_person=1, characters=20))
    async with open_dispatcher(
        desk.inbox, desk.answers, {"slack": desk.reader}, QUICK, limits=limits
    ) as dispatcher:
        reception = Reception(
            dispatcher,
            Presence(desk.database),
            Preparation(said_before, download),
            lambda _, text: told.append(text),
            clock=lambda: now[0],
        )
        first = question("why?")
        await reception.take(Asked(first))
        await desk.settled()
        for second in (1.0, 30.0, 60.9):
            now[0] = second
            await reception.take(Asked(question("how?")))
        assert len(told) == 1
        assert told[0].startswith("You have asked 1 question within an hour")
        now[0] = 61.0
        await reception.take(Asked(question("how?")))
        assert len(told) == 2
        await reception.take(Asked(question("how? " * 10)))
        assert "I read at most 20." in told[2]
        await reception.take(edited(first, "why not?", addressed=False))
        assert len(told) == 3, "what may never have been a question is passed over"
        now[0] = 200.0
        await reception.take(edited(first, "why not?"))
        assert len(told) == 4
    assert desk.reader.read == ["why?"]
