"""Answers go stale when a section that they cite is no longer served as it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest

from core.backends.postgres import Postgres
from core.conversation.inbox import Inbox
from core.conversation.postings import Postings
from core.conversation.staleness import NOTICE, NoticePostings, StaleAnswer, StaleAnswers
from core.conversation.traces import Traces
from core.errors import LeaseLost
from core.model import EVERYTHING, Passage, SessionKey, Turn
from tests.support.conversations import OTHER_THREAD, THREAD, answered, passage, question, taken
from tests.support.stale_docs import SECTION, serve

OTHER = replace(passage("Wait."), heading_path=("macOS",), url="https://d.example", chunks=("k3",))
SLACK = ("slack", "discord")


@pytest.fixture
def inbox(database: Postgres) -> Inbox:
    return Inbox(database, worker="one")


@pytest.fixture
def stale(database: Postgres) -> StaleAnswers:
    return StaleAnswers(database)


async def asked(
    inbox: Inbox, *passages: Passage, session: SessionKey = THREAD, text: str = "How?"
) -> Turn:
    await inbox.accept(question(text, session=session))
    turn = await taken(inbox, session)
    await inbox.finish(turn, answered("So. [1]", *(passages or (SECTION, OTHER))))
    return turn


async def marked(database: Postgres) -> set[UUID]:
    traces = Traces(database)
    rows = await database.fetch("SELECT id FROM turns")
    found = [await traces.get(row["id"]) for row in rows]
    return {trace.turn.id for trace in found if trace and trace.stale_since}


@pytest.mark.parametrize(
    ("served", "goes_stale"),
    [
        (["k1", "k2", "k3"], False),
        (["k1", "k2", "new"], False),
        (["k1", "new", "k3"], True),
        ([], True),
    ],
)
async def test_an_answer_is_stale_when_a_section_that_it_cites_has_changed(
    database: Postgres, inbox: Inbox, stale: StaleAnswers, served: Sequence[str], goes_stale: bool
) -> None:
    turn = await asked(inbox)
    await serve(database, *served)
    assert await stale.mark(30) == goes_stale
    assert await marked(database) == ({turn.id} if goes_stale else set())
    assert await stale.mark(30) == 0, "it is marked once"


async def test_what_is_old_refused_or_withdrawn_is_not_marked(
    database: Postgres, inbox: Inbox, stale: StaleAnswers
) -> None:
    old, gone = await asked(inbox), await asked(inbox)
    await database.execute(
        "UPDATE turns SET accepted_at = now() - INTERVAL '31 days' WHERE id = $1", old.id
    )
    await inbox.amendments.withdraw(gone.question.session, gone.question.message_id)
    refused = await asked(inbox, session=OTHER_THREAD)
    await database.execute(
        "UPDATE turns SET answer = jsonb_set(answer, '{citations}', '[]') WHERE id = $1", refused.id
    )
    assert await stale.mark(30) == 0


async def test_an_answer_that_is_made_anew_is_no_longer_stale_until_it_is_again(
    database: Postgres, inbox: Inbox, stale: StaleAnswers
) -> None:
    turn = await asked(inbox)
    assert await stale.mark(30, threads=1, platforms=SLACK) == 1
    place = ("slack", "T1", "C1", turn.question.message_id)
    await inbox.amendments.edit(*place, "new", scope=EVERYTHING)
    assert await stale.claim("slack") is None
    await inbox.finish(await taken(inbox), answered("So. [1]", SECTION))
    assert await marked(database) == set()
    assert await stale.claim("slack") is None
    assert await stale.mark(30, threads=1, platforms=SLACK) == 1
    assert await marked(database) == {turn.id}
    assert await stale.claim("slack")


async def claims(stale: StaleAnswers, platform: str = "slack") -> list[StaleAnswer]:
    found = []
    while (each := await stale.claim(platform)) is not None:
        found.append(each)
    return found


async def test_so_many_threads_are_told_the_newest_first_and_each_of_its_newest_answer(
    inbox: Inbox, stale: StaleAnswers
) -> None:
    threads = [SessionKey("slack", "T1", "C1", f"{n}.0") for n in range(4)]
    turns = [await asked(inbox, session=thread) for thread in threads]
    again = await asked(inbox, session=threads[2])
    elsewhere = [SessionKey(each, "T1", "C1", "1.0") for each in ("terminal", "discord")]
    other, discord = [await asked(inbox, session=each) for each in elsewhere]
    assert await stale.mark(30, threads=3, platforms=SLACK) == 7
    told = [each.turn.id for each in await claims(stale)]
    assert told == [again.id, turns[3].id]
    assert [each.turn.id for each in await claims(stale, "discord")] == [discord.id]
    assert await claims(stale, "terminal") == []
    assert other.id not in told


async def test_nobody_is_told_unless_that_is_wished(inbox: Inbox, stale: StaleAnswers) -> None:
    await asked(inbox)
    assert await stale.mark(30, platforms=SLACK) == 1
    assert await claims(stale) == []


async def test_what_is_told_is_the_section_as_it_was_and_whether_it_is_gone(
    database: Postgres, inbox: Inbox, stale: StaleAnswers
) -> None:
    await asked(inbox)
    await asked(inbox, session=OTHER_THREAD)
    await serve(database, "new")
    await stale.mark(30, threads=2, platforms=SLACK)
    changed = await stale.claim("slack")
    await serve(database)
    gone = await stale.claim("slack")
    assert changed
    assert gone
    assert (changed.section, changed.gone, gone.gone) == (SECTION, False, True)
    assert changed.sources == {"docs"}


async def test_one_of_several_tells_and_another_only_after_its_lease(
    database: Postgres, inbox: Inbox, stale: StaleAnswers
) -> None:
    await asked(inbox)
    await stale.mark(30, threads=1, platforms=SLACK)
    first = await stale.claim("slack")
    assert first
    assert await stale.claim("slack") is None
    await database.execute("UPDATE stale_answers SET lease_until = now() - INTERVAL '1 s'")
    intents = NoticePostings(database)
    with pytest.raises(LeaseLost):
        await intents.open(first.turn, NOTICE, "overslept")
    second = await stale.claim("slack")
    assert second
    with pytest.raises(LeaseLost):
        await intents.open(first.turn, NOTICE, "first")
    posting = await intents.open(second.turn, NOTICE, "second")
    assert 50 < posting.held_for <= 60
    await stale.settle(first.turn)
    await intents.complete(second.turn, NOTICE, "m1")
    await stale.settle(second.turn)
    assert await claims(stale) == []
    assert [(p.part, p.message_id) for p in await intents.of(second.turn)] == [(NOTICE, "m1")]
    assert await Postings(database).of(second.turn) == await intents.of(second.turn)


async def test_a_lease_from_before_the_clock_was_set_back_is_none(
    database: Postgres, inbox: Inbox, stale: StaleAnswers
) -> None:
    await asked(inbox)
    await stale.mark(30, threads=1, platforms=SLACK)
    await stale.claim("slack")
    await database.execute("UPDATE stale_answers SET lease_until = now() + INTERVAL '1 hour'")
    assert await stale.claim("slack")


async def test_no_notice_is_posted_for_an_answer_that_is_withdrawn_meanwhile(
    database: Postgres, inbox: Inbox, stale: StaleAnswers
) -> None:
    turn = await asked(inbox)
    await stale.mark(30, threads=1, platforms=SLACK)
    claimed = await stale.claim("slack")
    assert claimed
    await inbox.amendments.withdraw(turn.question.session, turn.question.message_id)
    with pytest.raises(LeaseLost):
        await NoticePostings(database).open(claimed.turn, NOTICE, "marker")


async def test_what_nobody_told_for_two_days_is_left_alone(
    database: Postgres, inbox: Inbox, stale: StaleAnswers
) -> None:
    await asked(inbox)
    await stale.mark(30, threads=1, platforms=SLACK)
    await database.execute("UPDATE turns SET ended_at = now() - INTERVAL '9 days'")
    await database.execute("UPDATE stale_answers SET marked_at = now() - INTERVAL '3 days'")
    assert await claims(stale) == []
    assert await marked(database) != set()


async def test_an_answer_whose_passages_are_gone_keeps_no_other_from_being_told_of(
    database: Postgres, inbox: Inbox, stale: StaleAnswers
) -> None:
    other, newest = await asked(inbox), await asked(inbox, session=OTHER_THREAD)
    await stale.mark(30, threads=2, platforms=SLACK)
    await database.execute("UPDATE turns SET trace = NULL WHERE id = $1", newest.id)
    assert [each.turn.id for each in await claims(stale)] == [other.id]
