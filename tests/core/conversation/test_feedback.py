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


async def _expected(database: Postgres) -> list[tuple[str, str | None, str | None]]:
    rows = await database.fetch(
        "SELECT value, expected, expected_path FROM feedback ORDER BY person"
    )
    return [(row["value"], row["expected"], row["expected_path"]) for row in rows]


async def test_an_expected_section_comes_with_a_thumbs_down(
    database: Postgres, feedback: Feedback, turn: Turn
) -> None:
    assert await feedback.expect(turn.id, "U1", "https://docs.example/a#b", "a.md")
    assert await feedback.rate(turn.id, "U2", "up")
    assert await feedback.expect(turn.id, "U2", "the chapter on\0 keys")
    assert await feedback.rate(turn.id, "U2", "down"), "which says nothing else"
    assert await _expected(database) == [
        ("down", "https://docs.example/a#b", "a.md"),
        ("down", "the chapter on\ufffd keys", None),
    ]
    assert not await feedback.expect(uuid4(), "U1", "nothing")


async def test_an_answer_that_is_made_anew_expects_nothing(
    database: Postgres, feedback: Feedback, turn: Turn
) -> None:
    await feedback.expect(turn.id, "U1", "a.md", "a.md")
    await Amendments(database).edit(
        "slack", "T1", "C1", turn.question.message_id, "new", scope=EVERYTHING
    )
    assert not await feedback.expect(turn.id, "U1", "a.md", "a.md")
    assert await _expected(database) == []


async def test_what_was_expected_of_a_withdrawn_question_is_forgotten_with_it(
    database: Postgres, feedback: Feedback, turn: Turn
) -> None:
    await feedback.expect(turn.id, "U2", "the part on our secret project")
    await Amendments(database).withdraw(turn.question.session, turn.question.message_id)
    assert await _expected(database) == []


@pytest.mark.parametrize(
    ("words", "path"),
    [
        ("https://docs.example/guide/keys/", "guide/keys.md"),
        (" https://docs.example/guide/keys?utm=1#rotate ", "guide/keys.md"),
        ("guide/keys.md", "guide/keys.md"),
        ("all about KEYS", "guide/keys.md"),
        ("Twice", None),
        ("old.md", None),
        ("https://docs.example/", None),
        ("http://[broken", None),
        ("", None),
    ],
)
async def test_a_document_is_known_by_its_address_its_path_and_its_title(
    database: Postgres, feedback: Feedback, words: str, path: str | None
) -> None:
    documents = [
        ("guide/keys.md", "All about keys", "https://docs.example/guide/keys/", None),
        ("a.md", "Twice", "https://docs.example/a", None),
        ("b.md", "Twice", "https://docs.example/b", None),
        ("old.md", "Old", "https://docs.example/old", 2),
        ("unpublished.md", "", "", None),
    ]
    for document in documents:
        await database.execute(
            """
            INSERT INTO documents (
                source, since, fingerprint, peer_reviewed, authors, chunk_keys, chunk_sinces,
                path, title, url, until
            ) VALUES ('docs', 1, 'f', FALSE, '{}', '{}', '{}', $1, $2, $3, $4)
            """,
            *document,
        )
    assert await feedback.document_of(words) == path
