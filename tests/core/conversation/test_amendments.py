import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest

from core.backends.postgres import Postgres
from core.conversation.amendments import Amendments
from core.conversation.archive import Archive
from core.conversation.feedback import Feedback
from core.conversation.inbox import Held, Inbox
from core.conversation.postings import Posting, Postings
from core.errors import LeaseLost
from core.model import EVERYTHING, Question, Scope, SessionKey, Turn, Wanted
from tests.support.conversations import (
    OTHER_THREAD,
    THREAD,
    answered,
    let_lease_run_out,
    question,
    taken,
)


@pytest.fixture
def inbox(database: Postgres) -> Inbox:
    return Inbox(database, worker="one")


@pytest.fixture
def other(database: Postgres) -> Inbox:
    return Inbox(database, worker="two")


@pytest.fixture
def amendments(inbox: Inbox) -> Amendments:
    return inbox.amendments


async def _edited(
    amendments: Amendments, asked: Question, text: str, revision: str = ""
) -> SessionKey | None:
    key = asked.session
    place = (key.platform, key.workspace, key.channel, asked.message_id)
    return await amendments.edit(*place, text, scope=EVERYTHING, revision=revision)


async def _withdrawn(amendments: Amendments, asked: Question) -> SessionKey | None:
    return await amendments.withdraw(asked.session, asked.message_id)


async def _asked(inbox: Inbox, asked: Question) -> Turn:
    await inbox.accept(asked)
    return await taken(inbox, asked.session)


async def test_an_edit_opens_a_finished_turn_again_and_keeps_what_was_posted(
    database: Postgres, inbox: Inbox, other: Inbox, amendments: Amendments
) -> None:
    asked, postings = question("first"), Postings(database)
    turn = await _asked(inbox, asked)
    await postings.open(turn, 0, "marker")
    await postings.complete(turn, 0, "171.2")
    await inbox.finish(turn, answered())
    await Feedback(database).rate(turn.id, "U1", "up")
    assert await _edited(amendments, asked, "second") == THREAD
    again = await taken(other)
    assert (again.id, again.question.text, again.attempt) == (turn.id, "second", 1)
    assert await postings.open(again, 0, "other") == Posting(0, "marker", "171.2")
    assert await database.fetch("SELECT FROM feedback") == []


async def test_an_edited_question_is_answered_from_what_its_place_has_by_now(
    inbox: Inbox, other: Inbox, amendments: Amendments
) -> None:
    asked = replace(question("first"), scope=Scope(frozenset({"guide", "minutes"})))
    turn = await _asked(inbox, asked)
    await inbox.finish(turn, answered())
    key, public = asked.session, Scope(frozenset({"guide"}))
    place = (key.platform, key.workspace, key.channel, asked.message_id)
    await amendments.edit(*place, "second", scope=public)
    assert (await taken(other)).question.scope == public


async def test_a_turn_in_the_thread_it_was_first_delivered_in_is_the_one_edited(
    inbox: Inbox, amendments: Amendments
) -> None:
    asked = question("first", session=OTHER_THREAD)
    await inbox.accept(asked)
    moved = Question(THREAD, asked.message_id, "U1", "first")
    assert await _edited(amendments, moved, "second") == OTHER_THREAD


async def test_a_worker_at_the_old_text_is_fenced_and_the_next_waits_for_it(
    database: Postgres, inbox: Inbox, other: Inbox, amendments: Amendments
) -> None:
    asked = question("first")
    turn = await _asked(inbox, asked)
    await _edited(amendments, asked, "second")
    assert await inbox.renew([turn]) == [None]
    for late in (inbox.finish(turn, answered()), inbox.fail(turn, "x")):
        with pytest.raises(LeaseLost):
            await late
    with pytest.raises(LeaseLost):
        await Postings(database).open(turn, 0, "marker")
    assert isinstance(await other.claim(THREAD), Held)
    assert (await taken(inbox)).question.text == "second"


async def test_a_worker_that_died_at_the_old_text_is_waited_for_until_its_lease_ran_out(
    database: Postgres, inbox: Inbox, other: Inbox, amendments: Amendments
) -> None:
    asked = question("first")
    turn = await _asked(inbox, asked)
    await _edited(amendments, asked, "second")
    await let_lease_run_out(database, turn)
    assert (await taken(other)).question.text == "second"


async def test_of_many_who_edit_at_once_with_the_same_text_one_does(
    inbox: Inbox, amendments: Amendments
) -> None:
    asked = question("first")
    await inbox.finish(await _asked(inbox, asked), answered())
    edits = await asyncio.gather(*(_edited(amendments, asked, "second") for _ in range(20)))
    assert sorted(map(bool, edits)) == [False] * 19 + [True]


@pytest.mark.parametrize(
    ("edits", "text"),
    [
        ([("b", ""), ("a", "")], "a"),
        ([("c", "3"), ("b", "2")], "c"),
        ([("b", "2"), ("c", "3")], "c"),
        ([("b", "2024-01-02T00:00:00.9+00:00"), ("c", "2024-01-02T00:00:01+00:00")], "c"),
        ([("b", "2"), ("c", "")], "c"),
    ],
    ids=["without revisions", "late", "in order", "dates", "without one after one"],
)
async def test_the_latest_edit_counts(
    inbox: Inbox, amendments: Amendments, edits: list[tuple[str, str]], text: str
) -> None:
    asked = question("a")
    await inbox.accept(asked)
    for each, revision in edits:
        await _edited(amendments, asked, each, revision)
    assert (await taken(inbox)).question.text == text


async def test_a_running_turn_is_not_overtaken_by_an_older_one_that_was_edited(
    inbox: Inbox, other: Inbox, amendments: Amendments
) -> None:
    early = question("early")
    await inbox.finish(await _asked(inbox, early), answered())
    late = await _asked(inbox, question("late"))
    await _edited(amendments, early, "edited")
    assert isinstance(await other.claim(THREAD), Held)
    await inbox.finish(late, answered())
    assert (await taken(other)).question.text == "edited"


async def test_an_edited_turn_goes_before_a_later_one_whose_worker_is_gone(
    database: Postgres, inbox: Inbox, other: Inbox, amendments: Amendments
) -> None:
    early = question("early")
    await inbox.finish(await _asked(inbox, early), answered())
    late = await _asked(inbox, question("late"))
    await _edited(amendments, early, "edited")
    await let_lease_run_out(database, late)
    assert (await taken(other)).question.text == "edited"


async def test_a_stop_reaches_whoever_runs_the_turn_and_costs_no_lease(
    inbox: Inbox, amendments: Amendments
) -> None:
    turn = await _asked(inbox, question())
    assert (turn.wanted, await inbox.renew([turn])) == (Wanted.ANSWERED, [Wanted.ANSWERED])
    assert await amendments.stop(turn.id) == THREAD
    assert await amendments.stop(turn.id) is None
    assert await inbox.renew([turn]) == [Wanted.STOPPED]
    await inbox.finish(turn, answered("half of it"))
    assert await amendments.stop(turn.id) is None


async def test_a_stop_is_still_wanted_of_the_next_attempt(
    inbox: Inbox, other: Inbox, amendments: Amendments
) -> None:
    turn = await _asked(inbox, question())
    await amendments.stop(turn.id)
    await inbox.release(turn, counted=True)
    assert (await taken(other)).wanted is Wanted.STOPPED


async def test_an_unknown_turn_cannot_be_amended(amendments: Amendments) -> None:
    assert await amendments.stop(uuid4()) is None
    assert await _edited(amendments, question(), "new") is None
    assert await _withdrawn(amendments, question()) is None


async def test_a_withdrawn_question_loses_its_words_at_once_and_its_postings_when_forgotten(
    database: Postgres, inbox: Inbox, amendments: Amendments
) -> None:
    asked, postings = question("secret"), Postings(database)
    turn = await _asked(inbox, asked)
    await postings.open(turn, 0, "marker")
    await inbox.finish(turn, answered())
    await Feedback(database).rate(turn.id, "U1", "up")
    assert await _withdrawn(amendments, asked) == THREAD
    (row,) = await database.fetch("SELECT text, author, context, answer, trace FROM turns")
    assert tuple(row.values()) == ("", "", "[]", None, None)
    withdrawn = await taken(inbox)
    assert (withdrawn.id, withdrawn.wanted) == (turn.id, Wanted.WITHDRAWN)
    assert len(await postings.of(withdrawn)) == 1
    await inbox.forget(withdrawn)
    await inbox.forget(withdrawn)
    assert await postings.of(withdrawn) == []
    assert await database.fetch("SELECT FROM feedback") == []
    assert await inbox.claim(THREAD) is None


async def test_a_forgotten_question_stays_so(inbox: Inbox, amendments: Amendments) -> None:
    asked = question("secret")
    await inbox.accept(asked)
    await _withdrawn(amendments, asked)
    assert await _edited(amendments, asked, "edited") is None
    await inbox.forget(await taken(inbox))
    assert await _withdrawn(amendments, asked) is None
    assert await _edited(amendments, asked, "edited") is None
    assert not await inbox.accept(asked)


async def test_a_message_that_is_withdrawn_before_it_arrives_is_no_question(
    database: Postgres, inbox: Inbox, amendments: Amendments
) -> None:
    asked = question("secret")
    assert await _withdrawn(amendments, asked) is None
    assert not await inbox.accept(asked)
    assert await _edited(amendments, asked, "edited") is None
    assert await inbox.claim(THREAD) is None
    (row,) = await database.fetch("SELECT author, text, context FROM turns")
    assert tuple(row.values()) == ("", "", "[]")


async def test_a_worker_that_lost_its_lease_forgets_nothing(
    database: Postgres, inbox: Inbox, other: Inbox, amendments: Amendments
) -> None:
    asked = question()
    await inbox.accept(asked)
    await _withdrawn(amendments, asked)
    turn = await taken(inbox)
    await let_lease_run_out(database, turn)
    successor = await taken(other)
    with pytest.raises(LeaseLost):
        await inbox.forget(turn)
    await other.forget(successor)


async def test_a_withdrawal_that_could_not_be_seen_through_may_be_asked_for_again(
    inbox: Inbox, amendments: Amendments
) -> None:
    asked = question()
    await inbox.accept(asked)
    await _withdrawn(amendments, asked)
    await inbox.fail(await taken(inbox), "the platform is away")
    assert await _withdrawn(amendments, asked) == THREAD
    assert (await taken(inbox)).attempt == 1


async def test_a_person_who_is_forgotten_takes_all_questions_and_ratings_along(
    database: Postgres, inbox: Inbox, amendments: Amendments
) -> None:
    mine, others = question("mine"), replace(question("others"), author="U2", session=OTHER_THREAD)
    for asked in (mine, others):
        await inbox.finish(await _asked(inbox, asked), answered())
    theirs = await Archive(database).find("slack", "T1", "C1", others.message_id)
    assert theirs is not None
    await Feedback(database).rate(theirs.id, "U1", "down")
    await Feedback(database).rate(theirs.id, "U2", "up")
    assert await amendments.withdraw_all(["slack", "slack-private"], "U1") == [THREAD]
    assert await amendments.withdraw_all(["discord"], "U2") == []
    rows = await database.fetch("SELECT text, author FROM turns ORDER BY sequence")
    assert [tuple(row.values()) for row in rows] == [("", ""), ("others", "U2")]
    (rating,) = await database.fetch("SELECT person FROM feedback")
    assert rating["person"] == "U2"
