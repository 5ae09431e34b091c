"""What was asked in a session, as its asker finds it again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.backends.postgres import Postgres
from core.conversation.feedback import Feedback
from core.conversation.inbox import Inbox
from core.conversation.transcripts import Transcripts
from core.model import Scope, SessionKey
from tests.support.conversations import (
    OTHER_THREAD,
    THREAD,
    answered,
    passage,
    question,
    taken,
)

ELSEWHERE = SessionKey("slack", "T1", "C2", "100.1")


@pytest.fixture
def inbox(database: Postgres) -> Inbox:
    return Inbox(database, worker="one")


@pytest.fixture
def transcripts(database: Postgres) -> Transcripts:
    return Transcripts(database)


async def _threads(transcripts: Transcripts, limit: int = 10) -> list[tuple[str, str, int]]:
    found = await transcripts.sessions("slack", "T1", "C1", limit=limit)
    return [(each.thread, each.title, each.questions) for each in found]


async def test_sessions_are_known_by_their_first_question_the_latest_first(
    inbox: Inbox, transcripts: Transcripts
) -> None:
    await inbox.accept(question("First?"))
    await inbox.accept(question("Other?", session=OTHER_THREAD))
    await inbox.accept(question("Elsewhere?", session=ELSEWHERE))
    await inbox.accept(question("Second?"))
    assert await _threads(transcripts) == [("100.1", "First?", 2), ("200.1", "Other?", 1)]


async def test_they_are_read_page_by_page(inbox: Inbox, transcripts: Transcripts) -> None:
    for n in range(3):
        session = SessionKey("slack", "T1", "C1", str(n))
        await inbox.accept(question(f"Question {n}?", session=session))
    (first,) = await transcripts.sessions("slack", "T1", "C1", limit=1)
    rest = await transcripts.sessions("slack", "T1", "C1", limit=9, before=first.asked_at)
    assert [each.thread for each in (first, *rest)] == ["2", "1", "0"]


async def test_a_session_has_its_latest_turns_with_answers_and_the_askers_rating(
    database: Postgres, inbox: Inbox, transcripts: Transcripts
) -> None:
    for text in ("First?", "Second?", "Third?"):
        await inbox.accept(question(text))
    first = await taken(inbox)
    await inbox.finish(first, answered())
    await Feedback(database).rate(first.id, "U1", "up")
    await Feedback(database).rate(first.id, "U2", "down")
    turns = await transcripts.turns(THREAD, limit=9)
    assert [(t.text, t.status, t.rating) for t in turns] == [
        ("First?", "finished", "up"),
        ("Second?", "accepted", None),
        ("Third?", "accepted", None),
    ]
    assert turns[0].answer == answered().answer
    latest = await transcripts.turns(THREAD, limit=2)
    assert [t.text for t in latest] == ["Second?", "Third?"]


async def test_an_answer_rests_on_all_that_was_found_for_it(
    database: Postgres, inbox: Inbox, transcripts: Transcripts
) -> None:
    asked = replace(question(), scope=Scope(frozenset({"docs", "board", "wiki"})))
    await inbox.accept(asked)
    uncited = replace(passage("Ask the board."), source="board")
    await inbox.finish(await taken(inbox), answered("Run it. [1]", passage(), uncited))
    (turn,) = await transcripts.turns(THREAD, limit=9)
    assert turn.sources == {"docs", "board"}
    await database.execute(
        "UPDATE turns SET trace = NULL, answer = jsonb_set(answer, '{citations}', '[]')"
    )
    (turn,) = await transcripts.turns(THREAD, limit=9)
    assert turn.sources == {"docs", "board", "wiki"}


async def test_what_was_withdrawn_is_not_there(inbox: Inbox, transcripts: Transcripts) -> None:
    await inbox.accept(question("First?", message_id="m"))
    await inbox.amendments.withdraw(THREAD, "m")
    assert await transcripts.turns(THREAD, limit=9) == []
    assert await _threads(transcripts) == []
