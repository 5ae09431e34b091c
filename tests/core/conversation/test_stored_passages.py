"""What was stored a moment ago is not sent again; what may not be stored is."""

from __future__ import annotations

import pytest

from core.backends.postgres import Postgres
from core.conversation.inbox import Inbox
from core.conversation.stored_passages import StoredPassages
from core.errors import LeaseLost, ServiceUnavailable
from core.model import Turn
from core.ports import Row
from tests.support.conversations import answered, let_lease_run_out, passage, question, taken
from tests.support.faulty_database import FaultyDatabase
from tests.support.quick_clock import QuickClock

MINUTE = 60.0


class Listening(FaultyDatabase):
    """Knows of the last statement how many passages came with it."""

    sent = 0

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        if "INSERT INTO passages" in sql:
            *_, hashes, passages = args
            assert isinstance(hashes, list)
            assert isinstance(passages, list)
            assert len(hashes) == len(passages)
            self.sent = len(passages)
        return await super().fetch(sql, *args)


@pytest.fixture
def listening(database: Postgres) -> Listening:
    return Listening(database)


@pytest.fixture
def inbox(listening: Listening) -> Inbox:
    return Inbox(listening, worker="one")


async def asked(inbox: Inbox) -> Turn:
    await inbox.accept(question())
    return await taken(inbox)


async def stored(database: Postgres) -> int:
    return len(await database.fetch("SELECT FROM passages"))


async def test_only_what_is_new_is_sent(
    database: Postgres, inbox: Inbox, listening: Listening
) -> None:
    a, b, c = map(passage, "abc")
    sent = []
    for found in ([a, b], [b, a, c, c], [c]):
        await inbox.finish(await asked(inbox), answered("So.", *found))
        sent.append(listening.sent)
    assert sent == [2, 1, 0]
    assert await stored(database) == 3


async def test_what_a_lost_lease_kept_from_being_stored_is_sent_again(
    database: Postgres, inbox: Inbox, listening: Listening
) -> None:
    slow = await asked(inbox)
    await let_lease_run_out(database, slow)
    again = await taken(Inbox(database, worker="two"))
    with pytest.raises(LeaseLost):
        await inbox.finish(slow, answered())
    await inbox.finish(again, answered())
    assert listening.sent == await stored(database) == 1


async def test_what_a_fault_may_have_kept_from_being_stored_is_sent_again(
    database: Postgres, inbox: Inbox, listening: Listening
) -> None:
    turn = await asked(inbox)
    listening.broken = {"INSERT INTO passages"}
    with pytest.raises(ServiceUnavailable):
        await inbox.finish(turn, answered())
    listening.broken = set()
    await inbox.finish(turn, answered())
    assert listening.sent == await stored(database) == 1


@pytest.mark.parametrize("set_off", [0.0, -60 * MINUTE], ids=["in time", "set back"])
async def test_what_was_stored_is_remembered_for_minutes(set_off: float) -> None:
    clock = QuickClock()
    passages = StoredPassages(lambda: clock.now() + (set_off if clock.now() > MINUTE else 0.0))
    before = passages.lately()
    before.add("a")
    assert passages.lately() == {"a"}
    await clock.sleep(11 * MINUTE)
    assert passages.lately() == set()
    before.add("b")
    assert passages.lately() == set()


def test_no_more_is_remembered_than_has_room() -> None:
    passages = StoredPassages()
    passages.lately().update(map(str, range(20_000)))
    assert passages.lately() == set()
