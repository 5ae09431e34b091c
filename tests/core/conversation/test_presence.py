import pytest

from core.backends.postgres import Postgres
from core.conversation.inbox import Inbox
from core.conversation.presence import Presence
from core.model import SessionKey
from tests.support.conversations import OTHER_THREAD, THREAD, question
from tests.support.faulty_database import FaultyDatabase


@pytest.fixture
def watched(database: Postgres) -> FaultyDatabase:
    return FaultyDatabase(database)


@pytest.fixture
def inbox(database: Postgres) -> Inbox:
    return Inbox(database, worker="one")


def _thread(name: str) -> SessionKey:
    return SessionKey("slack", "T1", "C1", name)


async def test_what_was_asked_before_is_known_after_one_query(
    watched: FaultyDatabase, inbox: Inbox
) -> None:
    for n in range(3):
        await inbox.accept(question(session=_thread(f"{n}")))
    presence = Presence(watched)
    await presence.load()
    assert [_thread(f"{n}") in presence for n in range(4)] == [True, True, True, False]
    assert len(watched.statements) == 1


async def test_chatter_costs_no_query(watched: FaultyDatabase) -> None:
    presence = Presence(watched)
    presence.join(THREAD)
    assert THREAD in presence
    assert await presence.includes(THREAD)
    assert not await presence.includes(OTHER_THREAD)
    assert watched.statements == []


async def test_the_sessions_that_were_last_spoken_in_are_kept(
    database: Postgres, inbox: Inbox
) -> None:
    for name in ("a", "b", "c", "a"):
        await inbox.accept(question(session=_thread(name)))
    presence = Presence(database, capacity=2)
    await presence.load()
    assert [_thread(name) in presence for name in "abc"] == [True, False, True]
    presence.join(_thread("d"))
    assert [_thread(name) in presence for name in "acd"] == [True, False, True]


async def test_what_was_asked_while_it_loaded_counts_as_the_newest(
    database: Postgres, inbox: Inbox
) -> None:
    for name in ("a", "b"):
        await inbox.accept(question(session=_thread(name)))
    presence = Presence(database, capacity=2)
    presence.join(_thread("live"))
    await presence.load()
    assert [_thread(name) in presence for name in ("a", "b", "live")] == [False, True, True]


async def test_a_session_that_another_process_was_asked_in_is_asked_for_once(
    watched: FaultyDatabase, inbox: Inbox
) -> None:
    presence = Presence(watched, shared=True)
    assert not await presence.includes(THREAD)
    await inbox.accept(question())
    assert await presence.includes(THREAD)
    assert await presence.includes(THREAD)
    assert len(watched.statements) == 2


@pytest.mark.parametrize("shared", [False, True])
async def test_a_session_whose_questions_were_all_taken_back_is_not_ours_any_more(
    database: Postgres, inbox: Inbox, *, shared: bool
) -> None:
    one, other = question(), question()
    for asked in (one, other):
        await inbox.accept(asked)
    presence = Presence(database, shared=shared)
    await presence.load()
    for asked, ours in ((one, True), (other, False)):
        await inbox.amendments.withdraw(THREAD, asked.message_id)
        assert await presence.revise(THREAD) == ours
        assert (THREAD in presence) == ours
    assert not await presence.includes(THREAD)
    await presence.load()
    assert THREAD not in presence


async def test_a_channel_has_its_own_sessions_the_one_last_spoken_in_first(
    database: Postgres,
) -> None:
    presence = Presence(database)
    for session in (_thread("a"), _thread("b"), SessionKey("slack", "T1", "C2", "c"), _thread("a")):
        presence.join(session)
    assert presence.recent("slack", "T1", "C1") == [_thread("a"), _thread("b")]


async def test_the_sessions_of_a_platform_are_told_the_latest_first(database: Postgres) -> None:
    presence = Presence(database)
    for n in range(3):
        presence.join(_thread(f"{n}"))
    presence.join(SessionKey("discord", "@me", "D1", "D1"))
    presence.join(_thread("0"))
    assert presence.all("slack") == [_thread("0"), _thread("2"), _thread("1")]
