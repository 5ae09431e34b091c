"""What a client is told where an answer is late, is given up, or is made by somebody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from adapters.web.chat import Chat
from adapters.web.live import Ended, LiveAnswers, LiveEvent, Waiting, Withdrawn
from adapters.web.principals import LOCAL
from adapters.web.streams import chat_event, chat_events
from bot.settings.limits import LimitsSettings
from core.answering.dispatcher import open_dispatcher
from core.answering.stopping import Stop
from core.backends.postgres import Postgres
from core.conversation.archive import Archive
from core.conversation.inbox import Inbox
from core.errors import ServiceUnavailable
from core.model import (
    EVERYTHING,
    Answered,
    AnswerEvent,
    Apology,
    Question,
    Queued,
    Searching,
    TextDelta,
    Turn,
)
from tests.support.answers import answer, answered
from tests.support.conversations import question
from tests.support.faulty_database import FaultyDatabase
from tests.support.web_server import ASKED, WebServer, open_web, web_settings

POSTPONED = replace(answered(answer("Later.")), apology=Apology.POSTPONED)
GIVEN_UP = replace(answered(answer("Never.")), apology=Apology.GIVEN_UP)


@dataclass
class Scripted:
    """Yields these events, and then, with `hangs`, nothing more."""

    events: Sequence[AnswerEvent]
    hangs: bool = False
    going: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, question: Question, stop: Stop) -> AsyncGenerator[AnswerEvent, None]:
        for event in self.events:
            yield event
        self.going.set()
        if self.hangs:
            await asyncio.Event().wait()


@asynccontextmanager
async def saying(
    database: Postgres, folder: Path, *events: AnswerEvent, hangs: bool = False
) -> AsyncIterator[WebServer]:
    async with open_web(database, folder, answerer=Scripted(events, hangs)) as server:
        yield server


async def names(server: WebServer, key: str) -> list[str]:
    return [event.name async for event in server.stream(key=key)]


async def test_who_has_to_wait_is_told_how_long_the_line_is(
    database: Postgres, tmp_path: Path
) -> None:
    end = answered(answer("So."))
    async with saying(database, tmp_path, Queued(4), Searching(), end) as server:
        events = [event async for event in server.stream()]
    assert [event.name for event in events] == ["accepted", "queued", "searching", "answer"]
    assert events[1].data == {"before": 4}


async def test_an_answer_that_is_put_off_comes_later_on_the_same_stream(
    database: Postgres, tmp_path: Path
) -> None:
    async with saying(database, tmp_path, POSTPONED, answered(answer("So."))) as server:
        assert await names(server, "m1") == ["accepted", "postponed", "answer"]


async def test_in_json_it_is_to_be_asked_for_again(database: Postgres, tmp_path: Path) -> None:
    async with saying(database, tmp_path, POSTPONED, hangs=True) as server:
        reply = await server.ask(key="m1")
        assert reply.status_code == 202
        assert reply.json()["detail"] == "Later."
        assert reply.headers["location"] == "/api/v1/chat/m1"
        assert (await server.client.get("/chat/m1")).status_code == 202
        late = {"message_id": "m1", "value": "up"}
        assert (await server.client.post("/feedback", json=late)).status_code == 409
        await server.client.delete(f"/sessions/{reply.json()['session_id']}")


async def test_an_answer_that_was_given_up_is_an_error(database: Postgres, tmp_path: Path) -> None:
    async with saying(database, tmp_path, GIVEN_UP) as server:
        events = [event async for event in server.stream(key="m1")]
        assert events[-1].name == "error"
        assert (events[-1].data["status"], events[-1].data["detail"]) == (503, "Never.")
        assert (await server.ask(key="m1")).status_code == 503
        await database.execute("UPDATE turns SET status = 'failed', answer = NULL")
    async with saying(database, tmp_path, GIVEN_UP) as server:
        stored = await server.client.get("/chat/m1")
        assert stored.status_code == 503
        assert "failed" in stored.json()["detail"]


async def test_a_conversation_that_is_deleted_ends_its_streams(
    database: Postgres, tmp_path: Path
) -> None:
    async with saying(database, tmp_path, TextDelta("So "), hangs=True) as server:
        seen = []
        async for event in server.stream(key="m1", session_id="s"):
            seen.append(event)
            if event.name == "delta":
                assert (await server.client.delete("/sessions/s")).status_code == 204
        assert seen[-1].name == "error"
        assert seen[-1].data["status"] == 410


async def test_who_asks_too_much_is_told_when_to_come_back(
    database: Postgres, tmp_path: Path
) -> None:
    settings = web_settings(tmp_path).model_copy(update={"limits": LimitsSettings(per_person=1)})
    async with open_web(database, tmp_path, settings=settings) as server:
        assert (await server.ask()).status_code == 200
        refused = await server.ask()
        assert refused.status_code == 429
        assert 3_500 < int(refused.headers["retry-after"]) <= 3_600
        assert "1 question within an hour" in refused.json()["detail"]


async def test_who_asked_too_much_gets_what_was_let_in_before(
    database: Postgres, tmp_path: Path
) -> None:
    settings = web_settings(tmp_path).model_copy(update={"limits": LimitsSettings(per_person=1)})
    async with open_web(database, tmp_path, settings=settings) as server:
        first = await server.ask(key="m1")
    async with open_web(database, tmp_path, settings=settings) as server:
        assert (await server.ask(key="m2")).status_code == 200
        assert (await server.ask(key="m3")).status_code == 429
        assert (await server.ask(key="m1")).json() == first.json()


class Elsewhere:
    """A chat whose questions are answered by nobody here."""

    def __init__(self, database: FaultyDatabase) -> None:
        self.inbox = Inbox(database, worker="ours")
        self.theirs = Inbox(database, worker="theirs")
        self.database = database

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Chat]:
        async with open_dispatcher(self.inbox, Scripted([]), {}) as dispatcher:
            archive = Archive(self.database)
            yield Chat(dispatcher, archive, LiveAnswers(), EVERYTHING, look=0.01)

    async def answer(self, asked: Question, answered: Answered) -> None:
        turn = await self.theirs.claim(asked.session)
        assert isinstance(turn, Turn)
        await self.theirs.finish(turn, answered)


async def test_what_another_process_answers_is_found(database: Postgres) -> None:
    there = Elsewhere(FaultyDatabase(database))
    async with there.open() as chat:
        asked, is_new = await chat.ask(LOCAL, None, "m1", ASKED)
        assert is_new
        seen: list[LiveEvent] = []
        async for event in chat.follow(asked, is_new=True):
            seen.append(event)
            if len(seen) == 1:
                await there.answer(asked, answered(answer("So.")))
    assert set(seen[:-2]) == {Waiting()}
    assert seen[-2] == TextDelta("So.")
    assert isinstance(seen[-1], Ended)
    assert seen[-1].answered.answer.text == "So."


async def test_a_database_that_is_away_in_the_middle_ends_the_stream_without_its_words(
    database: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    faulty = FaultyDatabase(database)
    faulty.fault = ServiceUnavailable("PostgreSQL", "no route to 10.0.0.7")
    async with Elsewhere(faulty).open() as chat:
        asked, _ = await chat.ask(LOCAL, None, "m1", ASKED)
        faulty.broken.add("SELECT")
        written = [each async for each in chat_events(asked, chat.follow(asked, is_new=True))]
    assert written[0].startswith(b"event: accepted")
    assert written[-1].startswith(b"event: error")
    assert b"PostgreSQL cannot be used at the moment." in written[-1]
    assert b"10.0.0.7" not in written[-1]
    assert "10.0.0.7" in caplog.text


def test_a_question_that_was_deleted_is_told_as_such() -> None:
    assert b'"status":410' in chat_event(question(), Withdrawn())
