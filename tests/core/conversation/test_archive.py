from dataclasses import replace
from uuid import uuid4

import pytest

from core.backends.postgres import Postgres
from core.conversation.archive import Archive, StoredTurn
from core.conversation.inbox import Inbox
from core.conversation.postings import Posting, Postings
from core.model import Message, Question, Scope, Turn
from tests.support.conversations import answered, passage, question, taken


@pytest.fixture
def inbox(database: Postgres) -> Inbox:
    return Inbox(database, worker="one")


@pytest.fixture
def archive(database: Postgres) -> Archive:
    return Archive(database)


async def _asked(inbox: Inbox, asked: Question) -> Turn:
    await inbox.accept(asked)
    return await taken(inbox, asked.session)


async def test_a_turn_comes_back_as_it_was_asked_answered_and_posted(
    database: Postgres, inbox: Inbox, archive: Archive
) -> None:
    asked = replace(
        question(), scope=Scope(frozenset({"docs"})), context=(Message("user", "earlier"),)
    )
    turn, postings = await _asked(inbox, asked), Postings(database)
    whole = answered("Do it. [1]", passage("b"), passage("a"))
    await postings.open(turn, 1, "second")
    await postings.open(turn, 0, "first")
    await postings.complete(turn, 0, "171.2")
    await inbox.finish(turn, whole)
    expected = StoredTurn(
        id=turn.id,
        question=asked,
        status="finished",
        answer=whole.answer,
        passages=whole.retrieval.passages,
        postings=(Posting(0, "first", "171.2"), Posting(1, "second", None)),
    )
    assert await archive.get(turn.id) == expected
    assert await archive.find("slack", "T1", "C1", asked.message_id) == expected
    assert await archive.find_posted("slack", "T1", "C1", "171.2") == expected


async def test_a_turn_that_was_not_answered_has_no_answer(inbox: Inbox, archive: Archive) -> None:
    waiting = question()
    await inbox.accept(waiting)
    assert await archive.find("slack", "T1", "C1", waiting.message_id) == StoredTurn(
        id=(await taken(inbox)).id,
        question=waiting,
        status="accepted",
        answer=None,
        passages=(),
        postings=(),
    )


async def test_the_scores_of_a_passage_are_those_it_had_for_this_question(
    inbox: Inbox, archive: Archive
) -> None:
    found = passage()
    better = replace(found, scores=replace(found.scores, fused=1.0, rerank=0.99))
    turns = []
    for each in (found, better):
        turns.append(await _asked(inbox, question()))
        await inbox.finish(turns[-1], answered("x", each))
    stored = [await archive.get(turn.id) for turn in turns]
    assert [each.passages for each in stored if each] == [(found,), (better,)]


async def test_passages_that_are_no_longer_kept_are_left_out(
    database: Postgres, inbox: Inbox, archive: Archive
) -> None:
    turn = await _asked(inbox, question())
    await inbox.finish(turn, answered("x", passage("a"), passage("b")))
    await database.execute("DELETE FROM passages WHERE hash = $1", passage("a").content_hash)
    stored = await archive.get(turn.id)
    assert stored is not None
    assert stored.passages == (passage("b"),)


async def test_what_is_not_there_is_not_found(inbox: Inbox, archive: Archive) -> None:
    asked = question()
    await inbox.accept(asked)
    assert await archive.get(uuid4()) is None
    assert await archive.find("slack", "T1", "C1", "unknown") is None
    assert await archive.find("slack", "T2", "C1", asked.message_id) is None
    assert await archive.find_posted("slack", "T1", "C1", asked.message_id) is None


async def test_a_message_of_the_same_id_in_another_channel_is_not_the_one_posted(
    database: Postgres, inbox: Inbox, archive: Archive
) -> None:
    turn = await _asked(inbox, question())
    await Postings(database).open(turn, 0, "first")
    await Postings(database).complete(turn, 0, "171.2")
    assert await archive.find_posted("slack", "T1", "C2", "171.2") is None
    assert await archive.find_posted("discord", "T1", "C1", "171.2") is None


async def test_of_a_withdrawn_question_only_what_it_posted_is_found_until_that_is_removed(
    database: Postgres, inbox: Inbox, archive: Archive
) -> None:
    asked = question()
    turn = await _asked(inbox, asked)
    await Postings(database).open(turn, 0, "first")
    await Postings(database).complete(turn, 0, "171.2")
    await inbox.finish(turn, answered())
    await inbox.amendments.withdraw(asked.session, asked.message_id)
    assert await archive.get(turn.id) is None
    assert await archive.find("slack", "T1", "C1", asked.message_id) is None
    posted = await archive.find_posted("slack", "T1", "C1", "171.2")
    assert posted is not None
    assert (posted.id, posted.answer, posted.question.text) == (turn.id, None, "")
    await inbox.forget(await taken(inbox))
    assert await archive.find_posted("slack", "T1", "C1", "171.2") is None


async def test_the_questions_of_late_are_told_the_newest_first(
    database: Postgres, inbox: Inbox, archive: Archive
) -> None:
    first, second, third = (question(message_id=f"17{n}.0") for n in range(3))
    for asked in (first, second, third):
        await inbox.accept(asked)
    await inbox.amendments.withdraw(second.session, second.message_id)
    assert await archive.asked_lately("slack", 60.0, 10) == [third, first]
    assert await archive.asked_lately("slack", 60.0, 1) == [third]
    assert await archive.asked_lately("discord", 60.0, 10) == []
    await database.execute("UPDATE turns SET accepted_at = now() - interval '2 minutes'")
    assert await archive.asked_lately("slack", 60.0, 10) == []
