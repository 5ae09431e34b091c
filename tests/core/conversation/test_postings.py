import pytest

from core.backends.postgres import Postgres
from core.conversation.inbox import Inbox
from core.conversation.postings import Posting, Postings
from core.errors import LeaseLost
from core.model import Turn
from tests.support.conversations import answered, let_lease_run_out, question, taken


@pytest.fixture
def inbox(database: Postgres) -> Inbox:
    return Inbox(database, worker="one")


@pytest.fixture
def postings(database: Postgres) -> Postings:
    return Postings(database)


@pytest.fixture
async def turn(inbox: Inbox) -> Turn:
    await inbox.accept(question())
    return await taken(inbox)


async def test_an_intent_is_there_before_the_message_and_then_has_its_id(
    postings: Postings, turn: Turn
) -> None:
    assert await postings.open(turn, 0, "nonce-0") == Posting(0, "nonce-0", None)
    assert await postings.of(turn) == [Posting(0, "nonce-0", None)]
    await postings.complete(turn, 0, "171.2")
    assert await postings.of(turn) == [Posting(0, "nonce-0", "171.2")]


async def test_the_parts_of_a_long_answer_come_in_order(postings: Postings, turn: Turn) -> None:
    for part in (2, 0, 1):
        await postings.open(turn, part, f"nonce-{part}")
    assert [posting.part for posting in await postings.of(turn)] == [0, 1, 2]


async def test_who_takes_over_sees_what_was_opened_and_keeps_its_marker(
    database: Postgres, postings: Postings, turn: Turn
) -> None:
    await postings.open(turn, 0, "first-marker")
    await postings.complete(turn, 0, "171.2")
    await let_lease_run_out(database, turn)
    successor = await taken(Inbox(database, worker="two"))
    reopened = await postings.open(successor, 0, "second-marker")
    assert reopened == Posting(0, "first-marker", "171.2")


async def test_a_worker_whose_turn_was_taken_over_opens_nothing(
    database: Postgres, postings: Postings, turn: Turn
) -> None:
    await let_lease_run_out(database, turn)
    await taken(Inbox(database, worker="two"))
    with pytest.raises(LeaseLost):
        await postings.open(turn, 0, "nonce")
    assert await postings.of(turn) == []


async def test_a_worker_that_overslept_opens_nothing_though_nobody_took_over(
    database: Postgres, postings: Postings, turn: Turn
) -> None:
    await let_lease_run_out(database, turn)
    with pytest.raises(LeaseLost):
        await postings.open(turn, 0, "nonce")


async def test_a_message_that_was_sent_is_recorded_even_without_the_lease(
    database: Postgres, postings: Postings, turn: Turn
) -> None:
    await postings.open(turn, 0, "nonce")
    await let_lease_run_out(database, turn)
    successor = await taken(Inbox(database, worker="two"))
    await postings.complete(turn, 0, "171.2")
    assert await postings.of(successor) == [Posting(0, "nonce", "171.2")]


async def test_a_finished_turn_opens_nothing_more(
    inbox: Inbox, postings: Postings, turn: Turn
) -> None:
    await inbox.finish(turn, answered())
    with pytest.raises(LeaseLost):
        await postings.open(turn, 0, "nonce")


async def test_a_message_that_shows_an_answer_once_more_is_a_further_part(
    postings: Postings, inbox: Inbox, turn: Turn
) -> None:
    await postings.open(turn, 0, "nonce-0")
    await postings.complete(turn, 0, "171.2")
    await inbox.finish(turn, answered())
    assert await postings.add(turn.id, "C2/171.3")
    assert await postings.add(turn.id, "C2/171.4")
    found = [(posting.part, posting.message_id) for posting in await postings.of(turn)]
    assert found == [(0, "171.2"), (1, "C2/171.3"), (2, "C2/171.4")]


async def test_nothing_is_added_to_what_was_withdrawn(
    postings: Postings, inbox: Inbox, turn: Turn
) -> None:
    await inbox.amendments.withdraw(turn.question.session, turn.question.message_id)
    assert not await postings.add(turn.id, "C2/171.3")
    assert await postings.of(turn) == []
