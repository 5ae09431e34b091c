"""What is kept for how long, and how much of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest

from core.backends.postgres import Postgres
from core.conversation.archive import Archive
from core.conversation.feedback import Feedback
from core.conversation.inbox import Inbox
from core.conversation.postings import Postings
from core.conversation.retention import Retention
from core.model import Scope, SessionKey
from tests.support.conversations import (
    OTHER_THREAD,
    THREAD,
    answered,
    passage,
    question,
    somebody_waits,
    taken,
)

ELSEWHERE = SessionKey("discord", "G1", "C1", "300")


@pytest.fixture
def inbox(database: Postgres) -> Inbox:
    return Inbox(database, worker="one")


@pytest.fixture
def retention(database: Postgres) -> Retention:
    return Retention(database)


async def _answered(
    database: Postgres,
    inbox: Inbox,
    *texts: str,
    session: SessionKey = THREAD,
    days_ago: int = 0,
) -> UUID:
    """A turn that ended then, made from passages with these texts."""
    await inbox.accept(question(session=session))
    turn = await taken(inbox, session)
    await Postings(database).open(turn, 0, "marker")
    await inbox.finish(turn, answered("Like this. [1]", *map(passage, texts)))
    await Feedback(database).rate(turn.id, "U1", "up")
    await _age(database, turn.id, days_ago)
    return turn.id


async def _age(database: Postgres, turn: UUID, days: int) -> None:
    """Moves the turn and its session so many days into the past."""
    past = "now() - make_interval(days => $1)"
    await database.execute(f"UPDATE turns SET ended_at = {past} WHERE id = $2", days, turn)  # noqa: S608 - it is ours
    await database.execute(
        f"UPDATE sessions SET asked_at = {past} WHERE id IN"  # noqa: S608 - it is ours
        " (SELECT session_id FROM turns WHERE id = $2)",
        days,
        turn,
    )


async def _count(database: Postgres, table: str) -> int:
    return len(await database.fetch(f"SELECT FROM {table}"))


async def _kept_passages(database: Postgres) -> set[str]:
    rows = await database.fetch("SELECT passage ->> 'text' AS text FROM passages")
    return {row["text"] for row in rows}


async def _passages_of_long_ago(database: Postgres) -> None:
    await database.execute("UPDATE passages SET used_at = now() - INTERVAL '3 days'")


async def test_a_turn_is_deleted_with_all_that_is_kept_of_it_after_its_days(
    database: Postgres, inbox: Inbox, retention: Retention
) -> None:
    await _answered(database, inbox, "old", days_ago=91)
    young = await _answered(database, inbox, "young", session=OTHER_THREAD, days_ago=89)
    assert await retention.expire(["slack"], 90) == 1
    assert [row["id"] for row in await database.fetch("SELECT id FROM turns")] == [young]
    for table in ("sessions", "postings", "feedback"):
        assert await _count(database, table) == 1


async def test_each_platform_has_its_own_days(
    database: Postgres, inbox: Inbox, retention: Retention
) -> None:
    await _answered(database, inbox, "here", days_ago=10)
    there = await _answered(database, inbox, "there", session=ELSEWHERE, days_ago=10)
    assert await retention.expire(["discord", "discord-private"], 30) == 0
    assert await retention.expire(["slack", "slack-private"], 7) == 1
    assert [row["id"] for row in await database.fetch("SELECT id FROM turns")] == [there]


async def test_a_conversation_that_goes_on_loses_only_its_old_turns(
    database: Postgres, inbox: Inbox, retention: Retention
) -> None:
    old = await _answered(database, inbox, "old")
    young = await _answered(database, inbox, "young")
    await _age(database, old, 91)
    await retention.expire(["slack"], 90)
    assert [row["id"] for row in await database.fetch("SELECT id FROM turns")] == [young]
    assert await _count(database, "sessions") == 1


async def test_a_question_that_still_waits_is_kept(
    database: Postgres, inbox: Inbox, retention: Retention
) -> None:
    await inbox.accept(question())
    await database.execute("UPDATE turns SET accepted_at = now() - INTERVAL '1 year'")
    await database.execute("UPDATE sessions SET asked_at = now() - INTERVAL '1 year'")
    assert await retention.expire(["slack"], 1) == 0
    assert await inbox.unfinished() == [THREAD]


async def test_what_is_left_of_a_withdrawn_question_goes_with_time(
    database: Postgres, inbox: Inbox, retention: Retention
) -> None:
    assert await inbox.amendments.withdraw(THREAD, "m0") is None
    await database.execute("UPDATE turns SET ended_at = now() - INTERVAL '91 days'")
    await database.execute("UPDATE sessions SET asked_at = now() - INTERVAL '91 days'")
    assert await retention.expire(["slack"], 90) == 1
    assert await _count(database, "sessions") == 0


async def test_a_question_that_comes_into_an_old_session_at_that_moment_is_kept(
    database: Postgres, inbox: Inbox, retention: Retention
) -> None:
    await _answered(database, inbox, "old", days_ago=91)
    async with database.transaction() as asking:
        await asking.execute("UPDATE sessions SET asked_at = now()")
        expiring = asyncio.create_task(retention.expire(["slack"], 90))
        await somebody_waits(database)
        await asking.execute(
            """
            INSERT INTO turns (session_id, platform, workspace, channel, message_id, author, text,
                context)
            SELECT id, platform, workspace, channel, 'new', 'U1', 'Why?', '[]' FROM sessions
            """
        )
    assert await expiring == 1
    assert await inbox.unfinished() == [THREAD]


async def test_passages_are_deleted_once_no_trace_names_them(
    database: Postgres, inbox: Inbox, retention: Retention
) -> None:
    await _answered(database, inbox, "both", "first", days_ago=91)
    await _answered(database, inbox, "both", "second", session=OTHER_THREAD)
    await _passages_of_long_ago(database)
    assert await retention.sweep() == 0
    await retention.expire(["slack"], 90)
    assert await retention.sweep() == 1
    assert await _kept_passages(database) == {"both", "second"}


async def test_a_passage_that_was_just_used_is_not_deleted_before_its_trace_is_stored(
    database: Postgres, inbox: Inbox, retention: Retention
) -> None:
    await _answered(database, inbox, "fresh", days_ago=91)
    await retention.expire(["slack"], 90)
    assert await retention.sweep() == 0
    assert await _kept_passages(database) == {"fresh"}


async def test_within_the_budget_nothing_is_deleted(
    database: Postgres, inbox: Inbox, retention: Retention
) -> None:
    await _answered(database, inbox, "text")
    assert await retention.trim(1_000_000) == 0


async def test_the_oldest_traces_and_passages_make_room_and_their_answers_stay(
    database: Postgres, inbox: Inbox, retention: Retention
) -> None:
    turns = [
        await _answered(database, inbox, f"text {days}", "common", days_ago=days)
        for days in (3, 2, 1)
    ]
    await _passages_of_long_ago(database)
    assert await retention.trim(await _held(database) - 1) == 1
    assert await retention.sweep() == 1
    assert await _kept_passages(database) == {"text 2", "text 1", "common"}
    archive = Archive(database)
    oldest, *others = [await archive.get(turn) for turn in turns]
    assert oldest is not None
    assert oldest.answer is not None
    assert oldest.passages == ()
    assert oldest.sources == {"docs"}
    assert all(other is not None and len(other.passages) == 2 for other in others)


async def test_what_cites_nothing_rests_on_its_whole_scope_once_its_trace_is_deleted(
    database: Postgres, inbox: Inbox, retention: Retention
) -> None:
    await inbox.accept(replace(question(), scope=Scope(frozenset({"guide", "minutes"}))))
    turn, whole = await taken(inbox), answered()
    refusal = replace(whole, answer=replace(whole.answer, citations=()))
    await inbox.finish(turn, refusal)
    archive = Archive(database)
    before = await archive.get(turn.id)
    await retention.trim(1)
    after = await archive.get(turn.id)
    assert before is not None
    assert after is not None
    assert before.sources == {"docs"}
    assert after.sources == {"guide", "minutes"}


async def test_no_trace_is_kept_by_a_budget_that_the_newest_exceeds(
    database: Postgres, inbox: Inbox, retention: Retention
) -> None:
    for days in (2, 1):
        await _answered(database, inbox, f"text {days}", days_ago=days)
    assert await retention.trim(10) == 2


async def _held(database: Postgres) -> int:
    """The bytes of all traces and passages."""
    (row,) = await database.fetch(
        """
        SELECT (SELECT sum(pg_column_size(trace)) FROM turns)
            + (SELECT sum(pg_column_size(passage)) FROM passages) AS held
        """
    )
    return int(row["held"])
