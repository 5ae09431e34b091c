"""How long questions wait is known without a query."""

from __future__ import annotations

import pytest

from core.backends.postgres import Postgres
from core.conversation.inbox import Inbox
from core.conversation.waiting import Waiting
from core.errors import LeaseLost
from tests.support.conversations import OTHER_THREAD, THREAD, answered, question, taken
from tests.support.quick_clock import QuickClock


async def test_the_oldest_counts_until_it_has_ended() -> None:
    clock = QuickClock()
    waiting = Waiting(clock.now)
    assert (len(waiting), waiting.oldest) == (0, 0)
    waiting.began(THREAD, "m1")
    await clock.sleep(5)
    waiting.began(THREAD, "m2")
    waiting.began(THREAD, "m1")
    waiting.began(OTHER_THREAD, "m3")
    await clock.sleep(1)
    assert (len(waiting), waiting.oldest) == (3, 6)
    waiting.ended(THREAD, "m1")
    assert (len(waiting), waiting.oldest) == (2, 1)
    waiting.all_ended(THREAD)
    waiting.ended(OTHER_THREAD, "m3")
    waiting.ended(OTHER_THREAD, "m3")
    assert (len(waiting), waiting.oldest) == (0, 0)


async def test_a_question_waits_from_its_acceptance_to_its_end(database: Postgres) -> None:
    inbox = Inbox(database, worker="one")
    for message_id in ("m1", "m1", "m2"):
        await inbox.accept(question(message_id=message_id))
    assert len(inbox.waiting) == 2
    first = await taken(inbox)
    await inbox.finish(first, answered())
    assert len(inbox.waiting) == 1
    second = await taken(inbox)
    await inbox.fail(second, "no")
    assert len(inbox.waiting) == 0


async def test_what_another_process_answered_waits_no_longer(database: Postgres) -> None:
    ours, theirs = Inbox(database, worker="ours"), Inbox(database, worker="theirs")
    await ours.accept(question(message_id="m1"))
    turn = await taken(theirs)
    await theirs.finish(turn, answered())
    assert len(ours.waiting) == 1
    assert await ours.claim(THREAD) is None
    assert len(ours.waiting) == len(theirs.waiting) == 0


async def test_who_lost_the_lease_has_not_ended_it(database: Postgres) -> None:
    inbox = Inbox(database, worker="one")
    await inbox.accept(question(message_id="m1"))
    turn = await taken(inbox)
    await inbox.amendments.withdraw(THREAD, "m1")
    with pytest.raises(LeaseLost):
        await inbox.finish(turn, answered())
    assert len(inbox.waiting) == 1
