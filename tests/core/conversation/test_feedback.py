import asyncio
from uuid import uuid4

import pytest

from core.backends.postgres import Postgres
from core.conversation.amendments import Amendments
from core.conversation.feedback import Feedback
from core.conversation.inbox import Inbox
from core.model import EVERYTHING, Turn
from tests.support.conversations import answered, question, somebody_waits, taken


@pytest.fixture
def feedback(database: Postgres) -> Feedback:
    return Feedback(database)


@pytest.fixture
def inbox(database: Postgres) -> Inbox:
    return Inbox(database, worker="one")


@pytest.fixture
async def turn(inbox: Inbox) -> Turn:
    await inbox.accept(question())
    turn = await taken(inbox)
    await inbox.finish(turn, answered())
    return turn


async def _ratings(database: Postgres) -> list[tuple[str, str]]:
    rows = await database.fetch("SELECT person, value FROM feedback ORDER BY person")
    return [(row["person"], row["value"]) for row in rows]


async def test_each_person_rates_an_answer_once_and_may_think_again(
    database: Postgres, feedback: Feedback, turn: Turn
) -> None:
    assert await feedback.rate(turn.id, "U1", "up")
    assert await feedback.rate(turn.id, "U2", "up")
    assert await feedback.rate(turn.id, "U1", "down")
    assert await _ratings(database) == [("U1", "down"), ("U2", "up")]


async def test_a_button_that_is_hammered_counts_once(
    database: Postgres, feedback: Feedback, turn: Turn
) -> None:
    await asyncio.gather(*(feedback.rate(turn.id, "U1", "up") for _ in range(20)))
    assert await _ratings(database) == [("U1", "up")]


async def test_only_an_answer_can_be_rated(
    database: Postgres, inbox: Inbox, feedback: Feedback
) -> None:
    await inbox.accept(question())
    running = await taken(inbox)
    assert not await feedback.rate(running.id, "U1", "up")
    assert not await feedback.rate(uuid4(), "U1", "up")
    assert await _ratings(database) == []


async def test_an_answer_cannot_be_rated_while_it_makes_way_for_another(
    database: Postgres, feedback: Feedback, turn: Turn
) -> None:
    async with database.transaction() as statements:
        amendments = Amendments(statements)  # type: ignore[arg-type]
        await amendments.edit(
            "slack", "T1", "C1", turn.question.message_id, "new", scope=EVERYTHING
        )
        rating = asyncio.ensure_future(feedback.rate(turn.id, "U1", "up"))
        await somebody_waits(database)
    assert not await rating
    assert await _ratings(database) == []
