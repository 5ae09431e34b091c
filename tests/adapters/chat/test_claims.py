"""A part of an answer is posted once, whatever dies on the way."""

from __future__ import annotations

import pytest

from adapters.chat.claims import Claims
from core.conversation.inbox import Inbox
from core.conversation.postings import Posting, Postings
from core.errors import LeaseLost
from core.model import Turn
from core.ports import Database
from tests.support.conversations import let_lease_run_out, question, taken
from tests.support.quick_clock import QuickClock


class Platform:
    """Where parts can be looked for. `there` are those that it has."""

    def __init__(self, **there: str) -> None:
        self.there = {int(part.removeprefix("part")): ts for part, ts in there.items()}
        self.looked_for: list[int] = []

    async def find(self, part: int) -> str | None:
        self.looked_for.append(part)
        return self.there.get(part)


@pytest.fixture
async def turn(database: Database) -> Turn:
    inbox = Inbox(database, worker="ours")
    await inbox.accept(question())
    return await taken(inbox)


async def successor(database: Database, turn: Turn) -> Turn:
    """The same turn in the hands of the next worker."""
    await let_lease_run_out(database, turn)
    return await taken(Inbox(database, worker="next"))


async def test_a_part_that_nobody_began_is_sent_without_a_look(
    database: Database, turn: Turn
) -> None:
    platform = Platform()
    claims = Claims(Postings(database), turn, platform.find)
    assert await claims.claim(0) is None
    assert await claims.claim(0) is None
    assert platform.looked_for == []
    assert not claims.taken_up


async def test_a_part_that_is_done_is_there(database: Database, turn: Turn) -> None:
    claims = Claims(Postings(database), turn, Platform().find)
    await claims.claim(0)
    await claims.begin(0)
    await claims.done(0, "ts0")
    assert await claims.claim(0) == "ts0"
    assert not claims.taken_up


@pytest.mark.parametrize("arrived", [True, False])
async def test_a_part_whose_sending_broke_off_is_looked_for(
    database: Database, turn: Turn, *, arrived: bool
) -> None:
    platform = Platform(part0="ts0") if arrived else Platform()
    claims = Claims(Postings(database), turn, platform.find)
    await claims.claim(0)
    await claims.begin(0)
    assert await claims.claim(0) == ("ts0" if arrived else None)
    assert platform.looked_for == [0]
    assert [posting.message_id for posting in await Postings(database).of(turn)] == [
        "ts0" if arrived else None
    ]


async def test_a_part_that_was_refused_did_not_arrive(database: Database, turn: Turn) -> None:
    platform = Platform()
    claims = Claims(Postings(database), turn, platform.find)
    await claims.claim(0)
    await claims.begin(0)
    claims.refused(0)
    assert await claims.claim(0) is None
    assert platform.looked_for == []


@pytest.mark.parametrize("recorded", [True, False])
async def test_the_next_worker_finds_what_the_one_that_died_had_posted(
    database: Database, turn: Turn, *, recorded: bool
) -> None:
    first = Claims(Postings(database), turn, Platform().find)
    await first.claim(0)
    await first.begin(0)
    if recorded:
        await first.done(0, "ts0")
    platform = Platform(part0="ts0")
    second = Claims(Postings(database), await successor(database, turn), platform.find)
    assert await second.claim(0) == "ts0"
    assert platform.looked_for == ([] if recorded else [0])
    assert second.taken_up


async def test_a_worker_that_lost_its_lease_claims_nothing(database: Database, turn: Turn) -> None:
    await successor(database, turn)
    with pytest.raises(LeaseLost):
        await Claims(Postings(database), turn, Platform().find).claim(0)


async def test_a_worker_that_stood_still_past_its_lease_begins_nothing(
    database: Database, turn: Turn
) -> None:
    clock = QuickClock()
    claims = Claims(Postings(database), turn, Platform().find, clock=clock.now)
    await claims.claim(0)
    await successor(database, turn)
    await clock.sleep(25.0)
    with pytest.raises(LeaseLost):
        await claims.begin(0)


async def test_a_lease_that_was_kept_for_long_is_looked_at_again_before_a_part_is_sent(
    database: Database, turn: Turn
) -> None:
    clock = QuickClock()
    claims = Claims(Postings(database), turn, Platform().find, clock=clock.now)
    await claims.claim(0)
    await clock.sleep(25.0)
    await Inbox(database, worker="ours").renew([turn])
    await claims.begin(0)
    await claims.done(0, "ts0")


async def test_what_was_posted_from_a_part_on_is_told_recorded_or_not(
    database: Database, turn: Turn
) -> None:
    platform = Platform(part2="ts2")
    claims = Claims(Postings(database), turn, platform.find)
    for part in range(4):
        await claims.claim(part)
    for part in range(2):
        await claims.done(part, f"ts{part}")
    assert [each async for each in claims.posted_from(1)] == ["ts1", "ts2"]
    assert platform.looked_for == [2, 3]


class Counted:
    """Postings that count how often an intent is committed."""

    def __init__(self, database: Database) -> None:
        self._postings = Postings(database)
        self.complete, self.of = self._postings.complete, self._postings.of
        self.opened = 0

    async def open(self, turn: Turn, part: int, marker: str) -> Posting:
        self.opened += 1
        return await self._postings.open(turn, part, marker)


async def test_a_part_that_was_claimed_ahead_is_claimed_once(
    database: Database, turn: Turn
) -> None:
    postings = Counted(database)
    claims = Claims(postings, turn, Platform().find)
    await claims.claim(0)
    await claims.claim(0)
    assert postings.opened == 1
    await claims.begin(0)
    claims.refused(0)
    await claims.claim(0)
    assert postings.opened == 2


async def test_a_part_that_an_earlier_attempt_began_is_looked_for_once(
    database: Database, turn: Turn
) -> None:
    await Claims(Postings(database), turn, Platform().find).claim(0)
    turn, platform = await successor(database, turn), Platform()
    claims = Claims(Postings(database), turn, platform.find)
    assert await claims.claim(0) is None
    assert await claims.claim(0) is None
    assert platform.looked_for == [0]
    assert claims.taken_up
