"""Questions that are edited, stopped or deleted, by whichever process is told."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from uuid import UUID

import pytest

from core.answering.dispatcher import Dispatcher
from core.backends.postgres import Postgres, open_postgres
from core.conversation.archive import Archive
from core.conversation.history import History
from core.conversation.inbox import Held
from core.conversation.postings import Postings
from core.errors import LeaseLost, ServiceUnavailable
from core.model import EVERYTHING, Question, SessionKey
from core.ports import Database
from tests.support.conversations import OTHER_THREAD, THREAD, question, taken
from tests.support.desk import QUICK, Desk, until
from tests.support.pgbouncer import open_pgbouncer

LONG = 600.0
"""Longer than any test: what happens in time did not wait for it."""

TOLD = replace(QUICK, watch_pause=LONG)
WATCHFUL = replace(QUICK, watch_pause=0.05, sweep_pause=30.0)


@pytest.fixture
async def desk(database: Postgres) -> Desk:
    return Desk(database, lease_seconds=LONG)


@pytest.fixture
async def elsewhere(database: Postgres) -> Desk:
    """Another process on the same database."""
    return Desk(database, worker="another", lease_seconds=LONG)


async def _withdraw(dispatcher: Dispatcher, asked: Question) -> bool:
    return await dispatcher.withdraw(asked.session, asked.message_id)


async def _id(database: Database, asked: Question) -> UUID:
    key = asked.session
    found = await Archive(database).find(key.platform, key.workspace, key.channel, asked.message_id)
    assert found is not None
    return found.id


async def test_an_edited_question_is_answered_again_in_its_old_turn(desk: Desk) -> None:
    asked = question("first")
    async with desk.open(TOLD) as dispatcher:
        await dispatcher.submit(asked)
        await desk.settled()
        before = await _id(desk.database, asked)
        assert await dispatcher.edit(replace(asked, text="second"))
        await desk.settled()
    assert desk.reader.read == ["first", "second"]
    assert await desk.ends() == [("second", "finished", 1)]
    assert await _id(desk.database, asked) == before


async def test_an_edit_while_the_answer_runs_ends_it_and_begins_anew(desk: Desk) -> None:
    asked = question("first")
    desk.answers.go.clear()
    async with desk.open(TOLD) as dispatcher:
        await dispatcher.submit(asked)
        await desk.answers.begun.wait()
        assert await dispatcher.edit(replace(asked, text="second"))
        await until(lambda: desk.answers.asked == ["first", "second"])
        desk.answers.go.set()
        await desk.settled()
    assert desk.answers.cancelled == ["first"]
    assert desk.reader.read == ["second"]


async def test_an_edit_that_another_process_is_told_of_ends_the_running_answer(
    desk: Desk, elsewhere: Desk
) -> None:
    asked = question("first")
    desk.answers.go.clear()
    async with desk.open(WATCHFUL) as dispatcher, elsewhere.open(WATCHFUL) as other:
        await dispatcher.submit(asked)
        await desk.answers.begun.wait()
        assert await other.edit(replace(asked, text="second"))
        await until(lambda: desk.answers.asked == ["first", "second"])
        desk.answers.go.set()
        await desk.settled()
    assert desk.reader.read == ["second"]
    assert elsewhere.answers.asked == []


async def test_an_edit_of_a_question_that_still_waits_is_the_one_that_is_answered(
    desk: Desk,
) -> None:
    waiting = question("first")
    desk.answers.go.clear()
    async with desk.open(TOLD) as dispatcher:
        await dispatcher.submit(question("running"))
        await desk.answers.begun.wait()
        await dispatcher.submit(waiting)
        await dispatcher.edit(replace(waiting, text="second"))
        desk.answers.go.set()
        await desk.settled()
    assert desk.reader.read == ["running", "second"]


async def test_an_edited_question_keeps_its_place_before_later_ones(desk: Desk) -> None:
    early, late = question("early"), question("late")
    async with desk.open(TOLD) as dispatcher:
        for asked in (early, late):
            await dispatcher.submit(asked)
        await desk.settled()
        await dispatcher.edit(replace(early, text="edited"))
        await desk.settled()
    assert desk.reader.read == ["early", "late", "edited"]
    history = History(desk.database)
    assert [m.text for m in (await history.load(early)).messages] == []
    assert [m.text for m in (await history.load(late)).messages] == ["edited", "edited"]


async def test_a_running_answer_looks_once_when_another_turn_of_its_session_is_amended(
    desk: Desk,
) -> None:
    early = question("early")
    async with desk.open(TOLD) as dispatcher:
        await dispatcher.submit(early)
        await desk.settled()
        desk.answers.go.clear()
        desk.answers.begun.clear()
        await dispatcher.submit(question("late"))
        await desk.answers.begun.wait()
        await dispatcher.edit(replace(early, text="edited"))
        await until(lambda: desk.database.count("SET lease_until") > 0)
        await asyncio.sleep(0.05)
        assert desk.database.count("SET lease_until") == 1
        desk.answers.go.set()
        await desk.settled()
    assert desk.reader.read == ["early", "late", "edited"]


async def test_an_earlier_question_that_is_edited_waits_for_the_one_that_runs(
    desk: Desk, elsewhere: Desk
) -> None:
    early, late = question("early"), question("late")
    async with desk.open(WATCHFUL) as dispatcher, elsewhere.open(WATCHFUL) as other:
        await dispatcher.submit(early)
        await desk.settled()
        desk.answers.go.clear()
        desk.answers.begun.clear()
        await dispatcher.submit(late)
        await desk.answers.begun.wait()
        await other.edit(replace(early, text="edited"))
        assert isinstance(await elsewhere.inbox.claim(THREAD), Held)
        desk.answers.go.set()
        await desk.settled()
    assert desk.reader.read == ["early", "late", "edited"]
    assert desk.answers.cancelled == []


@pytest.mark.parametrize("text", ["why?", "wh\0y?\ud800"], ids=["plain", "not storable"])
async def test_an_edit_that_changes_nothing_is_not_answered(desk: Desk, text: str) -> None:
    asked = question(text)
    async with desk.open(TOLD) as dispatcher:
        await dispatcher.submit(asked)
        await desk.settled()
        assert not await dispatcher.edit(asked)
        assert not await dispatcher.edit(question("never asked"))
        await desk.settled()
    assert len(desk.reader.read) == 1


async def test_edits_that_are_delivered_again_or_out_of_order_are_answered_once(
    desk: Desk,
) -> None:
    asked = question("first")
    second, third = replace(asked, text="second"), replace(asked, text="third")
    async with desk.open(TOLD) as dispatcher:
        await dispatcher.submit(asked)
        await desk.settled()
        assert await dispatcher.edit(third, revision="1726133700.000003")
        for edit, revision in ((third, "1726133700.000003"), (second, "1726133700.000002")):
            assert not await dispatcher.edit(edit, revision=revision)
        await desk.settled()
    assert desk.reader.read == ["first", "third"]


async def test_an_edit_whose_first_delivery_died_is_seen_to_by_the_second(desk: Desk) -> None:
    asked = question("first")
    await desk.inbox.accept(asked)
    edited = replace(asked, text="second")
    async with desk.open(TOLD) as dispatcher:
        await desk.inbox.amendments.edit(
            "slack", "T1", "C1", asked.message_id, "second", scope=EVERYTHING
        )
        assert not await dispatcher.edit(edited)
        await desk.settled()
    assert desk.reader.read == ["second"]


async def test_an_edit_that_cannot_be_stored_is_not_acknowledged(desk: Desk) -> None:
    desk.database.broken.add("text = $5")
    async with desk.open(TOLD) as dispatcher:
        with pytest.raises(ServiceUnavailable):
            await dispatcher.edit(question())


async def test_a_question_that_was_given_up_gets_all_its_attempts_when_edited(desk: Desk) -> None:
    asked = question("first")
    desk.answers.faults = [ValueError("a bug")] * 5
    async with desk.open(TOLD) as dispatcher:
        await dispatcher.submit(asked)
        await desk.settled()
        await dispatcher.edit(replace(asked, text="second"))
        await desk.settled()
    assert desk.reader.read[-1] == "second"
    assert await desk.ends() == [("second", "finished", 3)]


async def test_a_stopped_answer_is_stored_as_it_stands(desk: Desk) -> None:
    asked = question("why?")
    desk.answers.go.clear()
    async with desk.open(TOLD) as dispatcher:
        await dispatcher.submit(asked)
        await desk.answers.begun.wait()
        assert await dispatcher.cancel(await _id(desk.database, asked))
        await desk.settled()
    assert desk.reader.read == ["stopped"]
    assert await desk.ends() == [("why?", "finished", 1)]


async def test_a_stop_that_another_process_is_told_of_ends_the_answer(
    desk: Desk, elsewhere: Desk
) -> None:
    asked = question("why?")
    desk.answers.go.clear()
    async with desk.open(WATCHFUL) as dispatcher, elsewhere.open(WATCHFUL) as other:
        await dispatcher.submit(asked)
        await desk.answers.begun.wait()
        turn_id = await _id(desk.database, asked)
        assert await other.cancel(turn_id)
        assert not await other.cancel(turn_id)
        await desk.settled()
    assert desk.reader.read == ["stopped"]


async def test_a_stop_outlives_the_process_that_was_told(desk: Desk, elsewhere: Desk) -> None:
    asked = question("why?")
    await elsewhere.inbox.accept(asked)
    await elsewhere.inbox.amendments.stop(await _id(desk.database, asked))
    async with desk.open(TOLD) as dispatcher:
        await dispatcher.resume()
        await desk.settled()
    assert desk.reader.read == ["stopped"]


async def test_an_answer_that_has_ended_cannot_be_stopped(desk: Desk) -> None:
    asked = question("why?")
    async with desk.open(TOLD) as dispatcher:
        await dispatcher.submit(asked)
        await desk.settled()
        assert not await dispatcher.cancel(await _id(desk.database, asked))
    assert desk.reader.read == ["why?"]


async def test_a_stopped_question_is_answered_when_it_is_edited(desk: Desk) -> None:
    asked = question("first")
    desk.answers.go.clear()
    async with desk.open(TOLD) as dispatcher:
        await dispatcher.submit(asked)
        await desk.answers.begun.wait()
        await dispatcher.cancel(await _id(desk.database, asked))
        await desk.settled()
        desk.answers.go.set()
        await dispatcher.edit(replace(asked, text="second"))
        await desk.settled()
    assert desk.reader.read == ["stopped", "second"]


async def test_the_answer_to_a_deleted_question_is_retracted_and_forgotten(desk: Desk) -> None:
    asked = question("secret")
    async with desk.open(TOLD) as dispatcher:
        await dispatcher.submit(asked)
        await desk.settled()
        assert await _withdraw(dispatcher, asked)
        await desk.settled()
        assert not await _withdraw(dispatcher, asked)
    assert desk.reader.retracted == [asked.message_id]
    (row,) = await desk.database.fetch("SELECT * FROM turns")
    assert (row["text"], row["author"], row["answer"], row["trace"]) == ("", "", None, None)
    assert (await History(desk.database).load(question())).messages == ()


async def test_all_answers_to_a_person_who_is_forgotten_are_retracted(desk: Desk) -> None:
    asked = [question("one"), question("two"), question("three", session=OTHER_THREAD)]
    async with desk.open(TOLD) as dispatcher:
        for each in asked:
            await dispatcher.submit(each)
        await desk.settled()
        assert await dispatcher.forget(["slack"], "U1") == 3
        await desk.settled()
        assert await dispatcher.forget(["slack"], "U1") == 0
    assert sorted(desk.reader.retracted) == sorted(each.message_id for each in asked)


async def test_a_question_that_is_deleted_while_it_is_answered_is_retracted_after_that(
    desk: Desk,
) -> None:
    asked = question("why?")
    desk.answers.go.clear()
    async with desk.open(TOLD) as dispatcher:
        await dispatcher.submit(asked)
        await desk.answers.begun.wait()
        assert await _withdraw(dispatcher, asked)
        await desk.settled()
        assert desk.answers.running == 0
    assert desk.answers.cancelled == ["why?"]
    assert (desk.reader.read, desk.reader.retracted) == ([], [asked.message_id])


async def test_a_deletion_that_another_process_is_told_of_ends_the_answer(
    desk: Desk, elsewhere: Desk
) -> None:
    asked = question("why?")
    desk.answers.go.clear()
    async with desk.open(WATCHFUL) as dispatcher, elsewhere.open(WATCHFUL) as other:
        await dispatcher.submit(asked)
        await desk.answers.begun.wait()
        assert await _withdraw(other, asked)
        await desk.settled()
    assert desk.reader.read == []
    assert (desk.reader.retracted, elsewhere.reader.retracted) == ([asked.message_id], [])


async def test_a_deleted_question_that_waits_is_never_answered(desk: Desk) -> None:
    waiting = question("waiting")
    desk.answers.go.clear()
    async with desk.open(TOLD) as dispatcher:
        await dispatcher.submit(question("running"))
        await desk.answers.begun.wait()
        await dispatcher.submit(waiting)
        await _withdraw(dispatcher, waiting)
        desk.answers.go.set()
        await desk.settled()
    assert desk.answers.asked == ["running"]


async def test_a_deleted_question_is_no_new_one_when_it_is_delivered_or_edited_late(
    desk: Desk,
) -> None:
    asked = question("why?")
    async with desk.open(TOLD) as dispatcher:
        await dispatcher.submit(asked)
        await desk.settled()
        await _withdraw(dispatcher, asked)
        await desk.settled()
        assert not await dispatcher.submit(asked)
        assert not await dispatcher.edit(replace(asked, text="still there?"))
    assert desk.reader.read == ["why?"]


async def test_a_question_that_was_deleted_before_it_arrives_is_never_answered(desk: Desk) -> None:
    asked = question("why?")
    async with desk.open(TOLD) as dispatcher:
        assert not await _withdraw(dispatcher, asked)
        assert not await dispatcher.submit(asked)
        await desk.settled()
    assert desk.answers.asked == []


async def test_a_retraction_that_fails_is_made_again_also_by_the_next_process(
    desk: Desk, elsewhere: Desk
) -> None:
    asked = question("why?")
    async with elsewhere.open() as gone:
        await gone.submit(asked)
        await elsewhere.settled()
    await elsewhere.inbox.amendments.withdraw(asked.session, asked.message_id)
    desk.reader.faults = [ConnectionError("gone")] * 2
    async with desk.open(TOLD) as dispatcher:
        await dispatcher.resume()
        await desk.settled()
    assert desk.reader.retracted == [asked.message_id]


@pytest.mark.parametrize("fault", [ServiceUnavailable("Slack", "it is away"), ValueError("a bug")])
async def test_a_retraction_that_fails_for_good_tells_nobody_and_can_be_asked_for_again(
    desk: Desk, fault: Exception
) -> None:
    asked = question("why?")
    async with desk.open(replace(TOLD, outage_pauses=())) as dispatcher:
        await dispatcher.submit(asked)
        await desk.settled()
        desk.reader.faults = [fault] * 3
        await _withdraw(dispatcher, asked)
        await desk.settled()
        assert (desk.reader.read, desk.reader.retracted) == (["why?"], [])
        assert await _withdraw(dispatcher, asked)
        await desk.settled()
    assert desk.reader.retracted == [asked.message_id]


async def test_a_retraction_outwaits_a_platform_that_is_away(desk: Desk) -> None:
    asked = question("why?")
    async with desk.open(replace(QUICK, outage_pauses=(0.0,) * 10)) as dispatcher:
        await dispatcher.submit(asked)
        await desk.settled()
        desk.reader.faults = [ServiceUnavailable("Slack", "it is away")] * 12
        await _withdraw(dispatcher, asked)
        await desk.settled()
    assert desk.reader.retracted == [asked.message_id]


@pytest.mark.parametrize("fault", [ServiceUnavailable("Qdrant", "it is away"), ValueError("a bug")])
async def test_what_waits_for_its_next_attempt_is_amended_at_once(
    desk: Desk, fault: Exception
) -> None:
    asked = question("first")
    desk.answers.faults = [fault, ValueError("a bug")]
    patient = replace(TOLD, retry_pauses=(LONG, LONG), outage_pauses=(LONG, LONG))
    async with desk.open(patient) as dispatcher:
        await dispatcher.submit(asked)
        for n, text in enumerate(("second", "third"), 1):
            await until(lambda: desk.database.count("lease_owner = NULL") == n)  # noqa: B023 - awaited at once
            await asyncio.sleep(0.05)
            assert len(desk.answers.asked) == n
            await dispatcher.edit(replace(asked, text=text))
        await desk.settled()
        await _withdraw(dispatcher, asked)
        await desk.settled()
    assert desk.reader.read == ["third"]
    assert desk.reader.retracted == [asked.message_id]


async def test_a_new_question_does_not_hurry_an_earlier_one(desk: Desk) -> None:
    desk.answers.faults = [ValueError("a bug")]
    async with desk.open(replace(QUICK, retry_pauses=(LONG,))) as dispatcher:
        await dispatcher.submit(question("first"))
        await until(lambda: desk.database.count("lease_owner = NULL") == 1)
        await dispatcher.submit(question("second"))
        await asyncio.sleep(0.1)
    assert desk.answers.asked == ["first"]


async def test_nothing_is_stored_or_posted_for_a_question_once_it_is_deleted(
    desk: Desk, database: Postgres
) -> None:
    await desk.inbox.accept(question("why?"))
    turn = await taken(desk.inbox)
    await desk.inbox.amendments.withdraw(THREAD, turn.question.message_id)
    with pytest.raises(LeaseLost):
        await Postings(database).open(turn, 0, "marker")
    with pytest.raises(LeaseLost):
        await desk.inbox.forget(turn)


async def test_a_question_is_answered_as_soon_as_whoever_held_its_session_is_done(
    desk: Desk, elsewhere: Desk
) -> None:
    first = question("first")
    await elsewhere.inbox.accept(first)
    held = await taken(elsewhere.inbox)
    async with desk.open(TOLD) as dispatcher:
        await dispatcher.submit(first)
        await until(lambda: desk.database.count("extract(epoch") > 0)
        await elsewhere.inbox.fail(held, "enough")
        await dispatcher.submit(question("second"))
        await desk.settled()
    assert desk.reader.read == ["second"]


async def test_two_processes_behind_a_bouncer_agree_on_every_question(database_dsn: str) -> None:
    """Each is asked, and each is told of the edit or the deletion of what the other was asked."""
    async with AsyncExitStack() as stack:
        pooled = await stack.enter_async_context(open_pgbouncer(database_dsn))
        desks, dispatchers = [], []
        for worker in ("one", "two"):
            opened = await stack.enter_async_context(open_postgres(pooled, pooled=True))
            desks.append(Desk(opened, worker=worker))
            dispatchers.append(await stack.enter_async_context(desks[-1].open(WATCHFUL)))
        sessions = [THREAD, OTHER_THREAD, SessionKey("slack", "T1", "C2", "1")]
        asked = [question(f"{n}", session=sessions[n % 3]) for n in range(18)]

        async def one(n: int) -> None:
            await dispatchers[n % 2].submit(asked[n])
            if n % 3 == 0:
                await dispatchers[(n + 1) % 2].edit(replace(asked[n], text=f"{n} edited"))
            if n % 6 == 5:
                await _withdraw(dispatchers[(n + 1) % 2], asked[n])

        await asyncio.gather(*(one(n) for n in range(18)))
        await desks[0].settled()
        rows = await desks[0].database.fetch("SELECT message_id, text, status FROM turns")
    ends = {row["message_id"]: (row["text"], row["status"]) for row in rows}
    assert ends == {
        each.message_id: ("", "withdrawn")
        if n % 6 == 5
        else (f"{n} edited" if n % 3 == 0 else f"{n}", "finished")
        for n, each in enumerate(asked)
    }
