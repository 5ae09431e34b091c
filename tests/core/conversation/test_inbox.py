import asyncio
from collections import Counter
from dataclasses import replace

import orjson
import pytest

from core.backends.postgres import Postgres
from core.conversation.inbox import Held, Inbox
from core.errors import LeaseLost
from core.model import Claim, Message, Scope, SessionKey, Turn, Verdict, Wanted
from tests.support.conversations import (
    OTHER_THREAD,
    THREAD,
    answered,
    let_clock_jump,
    let_lease_run_out,
    passage,
    question,
    somebody_waits,
    taken,
)


@pytest.fixture
def inbox(database: Postgres) -> Inbox:
    return Inbox(database, worker="one")


@pytest.fixture
def other(database: Postgres) -> Inbox:
    return Inbox(database, worker="two")


async def test_a_message_is_accepted_once_under_fifty_concurrent_deliveries(
    inbox: Inbox, other: Inbox
) -> None:
    asked = question()
    accepted = await asyncio.gather(*((inbox, other)[n % 2].accept(asked) for n in range(50)))
    assert Counter(accepted) == {True: 1, False: 49}


async def test_a_message_is_the_same_whatever_thread_it_is_delivered_in(inbox: Inbox) -> None:
    first = question(message_id="100.1")
    assert await inbox.accept(first)
    assert not await inbox.accept(replace(first, session=OTHER_THREAD))


@pytest.mark.parametrize(
    "session",
    [
        SessionKey("discord", "T1", "C1", "100.1"),
        SessionKey("slack", "T2", "C1", "100.1"),
        SessionKey("slack", "T1", "C2", "100.1"),
    ],
    ids=["platform", "workspace", "channel"],
)
async def test_the_same_message_id_elsewhere_is_another_message(
    inbox: Inbox, session: SessionKey
) -> None:
    await inbox.accept(question(message_id="100.1"))
    assert await inbox.accept(question(message_id="100.1", session=session))


async def test_a_turn_has_the_question_as_it_was_asked(inbox: Inbox) -> None:
    asked = replace(
        question("¿Cómo? 🎉"),
        scope=Scope(frozenset({"docs", "wiki"})),
        context=(Message("user", "earlier"), Message("assistant", "said")),
    )
    await inbox.accept(asked)
    turn = await taken(inbox)
    assert turn.question == asked
    assert turn.attempt == 1


async def test_an_empty_scope_is_not_an_open_one(inbox: Inbox) -> None:
    await inbox.accept(replace(question(), scope=Scope(frozenset())))
    assert (await taken(inbox)).question.scope == Scope(frozenset())


async def test_text_that_postgresql_cannot_hold_is_accepted_with_replacements(
    inbox: Inbox,
) -> None:
    await inbox.accept(
        replace(question("a\0b\ud800c"), context=(Message("user", "\0"),), author="\0")
    )
    turn = await taken(inbox)
    assert turn.question.text == "a\N{REPLACEMENT CHARACTER}b?c"
    await inbox.finish(turn, answered("x\0y\udfff"))


async def test_an_unknown_session_has_no_turn(inbox: Inbox) -> None:
    assert await inbox.claim(THREAD) is None


async def test_a_session_is_worked_on_by_one_at_a_time(inbox: Inbox, other: Inbox) -> None:
    await inbox.accept(question("first"))
    await inbox.accept(question("second"))
    await taken(inbox)
    held = await other.claim(THREAD)
    assert isinstance(held, Held)
    assert 20 < held.seconds <= 25


async def test_sessions_are_worked_on_side_by_side(inbox: Inbox, other: Inbox) -> None:
    await inbox.accept(question())
    await inbox.accept(question(session=OTHER_THREAD))
    await taken(inbox)
    await taken(other, OTHER_THREAD)


async def test_of_many_who_claim_at_once_one_gets_the_turn(database: Postgres) -> None:
    workers = [Inbox(database, worker=f"w{n}") for n in range(20)]
    await workers[0].accept(question())
    claims = await asyncio.gather(*(worker.claim(THREAD) for worker in workers))
    assert Counter(type(claim) for claim in claims) == {Turn: 1, Held: 19}


async def test_workers_that_compete_finish_a_session_in_order_of_arrival(
    database: Postgres,
) -> None:
    workers = [Inbox(database, worker=f"w{n}") for n in range(4)]
    for n in range(12):
        await workers[n % 4].accept(question(f"{n}"))
    done: list[str] = []

    async def work(inbox: Inbox) -> None:
        while (claimed := await inbox.claim(THREAD)) is not None:
            if isinstance(claimed, Turn):
                done.append(claimed.question.text)
                await inbox.finish(claimed, answered())

    await asyncio.gather(*(work(inbox) for inbox in workers))
    assert done == [str(n) for n in range(12)]


async def test_a_question_does_not_overtake_one_that_is_still_being_stored(
    database: Postgres, other: Inbox
) -> None:
    async with database.transaction() as statements:
        slow = Inbox(statements, worker="slow")  # type: ignore[arg-type]
        await slow.accept(question("first"))
        second = asyncio.ensure_future(other.accept(question("second")))
        await somebody_waits(database)
    assert await second
    assert (await taken(other)).question.text == "first"


async def test_the_first_question_of_a_session_may_be_claimed_as_it_is_accepted(
    inbox: Inbox, other: Inbox
) -> None:
    asked = replace(
        question("why?"),
        scope=Scope(frozenset({"docs"})),
        context=(Message("user", "It is broken."),),
    )
    turn = await inbox.accept(asked, claiming=True)
    assert isinstance(turn, Turn)
    assert (turn.question, turn.attempt, turn.wanted) == (asked, 1, Wanted.ANSWERED)
    assert not turn.followed
    held = await other.claim(THREAD)
    assert isinstance(held, Held)
    assert 0 < held.seconds <= inbox.lease_seconds
    assert await inbox.renew([turn]) == [Wanted.ANSWERED]
    await inbox.finish(turn, answered())
    assert await other.claim(THREAD) is None


async def test_no_later_question_is_claimed_as_it_is_accepted(inbox: Inbox, other: Inbox) -> None:
    first = question("first")
    assert await other.accept(first) is True
    assert await inbox.accept(question("second"), claiming=True) is True
    assert await inbox.accept(first, claiming=True) is False
    await other.finish(await taken(other), answered())
    await other.fail(await taken(other), "enough")
    assert await inbox.accept(question("third"), claiming=True) is True
    assert (await taken(other)).question.text == "third"


async def test_of_many_who_begin_a_session_at_once_the_first_has_its_claim(
    inbox: Inbox, other: Inbox
) -> None:
    asked = [question(f"{n}") for n in range(20)]
    accepted = await asyncio.gather(
        *((inbox, other)[n % 2].accept(each, claiming=True) for n, each in enumerate(asked))
    )
    (claimed,) = (each for each in accepted if isinstance(each, Turn))
    assert accepted.count(True) == 19
    owner = (inbox, other)[accepted.index(claimed) % 2]
    assert (await taken(owner)).id == claimed.id, "it comes before all others"


async def test_a_message_that_moved_to_a_new_session_is_not_claimed_there(inbox: Inbox) -> None:
    asked = question()
    await inbox.accept(asked)
    moved = replace(asked, session=OTHER_THREAD)
    assert await inbox.accept(moved, claiming=True) is False
    assert await inbox.claim(OTHER_THREAD) is None


async def test_a_turn_that_ends_while_another_worker_reaches_for_it_is_not_taken(
    database: Postgres, inbox: Inbox, other: Inbox
) -> None:
    await inbox.accept(question("first"))
    await inbox.accept(question("second"))
    turn = await taken(inbox)
    await let_lease_run_out(database, turn)
    async with database.transaction() as statements:
        await Inbox(statements, worker="one").fail(turn, "enough")  # type: ignore[arg-type]
        reaching = asyncio.ensure_future(other.claim(THREAD))
        await somebody_waits(database)
    assert await reaching == Held(0.0)
    assert (await taken(other)).question.text == "second"


async def test_a_finished_turn_makes_way_for_the_next(inbox: Inbox, other: Inbox) -> None:
    await inbox.accept(question("first"))
    await inbox.accept(question("second"))
    await inbox.finish(await taken(inbox), answered())
    second = await taken(other)
    assert second.question.text == "second"
    await other.finish(second, answered())
    assert await inbox.claim(THREAD) is None


async def test_a_lease_that_ran_out_is_taken_over_and_its_worker_is_fenced(
    database: Postgres, inbox: Inbox, other: Inbox
) -> None:
    await inbox.accept(question())
    slow = await taken(inbox)
    await let_lease_run_out(database, slow)
    taken_over = await taken(other)
    assert (taken_over.id, taken_over.attempt) == (slow.id, 2)
    assert await inbox.renew([slow]) == [None]
    with pytest.raises(LeaseLost):
        await inbox.finish(slow, answered("late", passage("late")))
    with pytest.raises(LeaseLost):
        await inbox.fail(slow, "late")
    await inbox.release(slow, counted=False)
    assert await database.fetch("SELECT FROM passages") == []
    await other.finish(taken_over, answered("in time"))


async def test_a_lease_that_ran_out_untaken_can_be_renewed(
    database: Postgres, inbox: Inbox, other: Inbox
) -> None:
    await inbox.accept(question())
    turn = await taken(inbox)
    await let_lease_run_out(database, turn)
    assert await inbox.renew([turn]) == [Wanted.ANSWERED]
    assert isinstance(await other.claim(THREAD), Held)


@pytest.mark.parametrize("jump", ["1 hour", "1 day"])
async def test_a_clock_that_is_set_back_keeps_no_dead_worker_s_turn(
    database: Postgres, inbox: Inbox, other: Inbox, jump: str
) -> None:
    await inbox.accept(question())
    left = await taken(inbox)
    await let_clock_jump(database, f"-{jump}")
    assert await inbox.unattended() == [THREAD]
    assert (await taken(other)).id == left.id
    assert await inbox.renew([left]) == [None]


@pytest.mark.parametrize("jump", ["1 hour", "-1 hour"])
async def test_a_clock_that_jumps_takes_no_turn_from_a_worker_that_goes_on(
    database: Postgres, inbox: Inbox, other: Inbox, jump: str
) -> None:
    await inbox.accept(question())
    turn = await taken(inbox)
    await let_clock_jump(database, jump)
    assert await inbox.renew([turn]) == [Wanted.ANSWERED]
    held = await other.claim(THREAD)
    assert isinstance(held, Held)
    assert held.seconds <= inbox.lease_seconds
    await inbox.finish(turn, answered())


async def test_sessions_are_unattended_while_no_worker_holds_one_of_their_turns(
    database: Postgres, inbox: Inbox
) -> None:
    await inbox.accept(question(message_id="100.1"))
    await inbox.accept(question(message_id="100.2"))
    await inbox.accept(question(message_id="200.1", session=OTHER_THREAD))
    assert await inbox.unattended() == [THREAD, OTHER_THREAD]
    turn = await taken(inbox)
    assert await inbox.unattended() == [OTHER_THREAD]
    assert await inbox.unfinished() == [THREAD, OTHER_THREAD]
    await let_lease_run_out(database, turn)
    assert await inbox.unattended() == [THREAD, OTHER_THREAD]


async def test_a_worker_that_comes_back_has_its_old_leases_at_once(database: Postgres) -> None:
    before = Inbox(database, worker="instance-1")
    await before.accept(question())
    left = await taken(before)
    again = await taken(Inbox(database, worker="instance-1"))
    assert (again.id, again.attempt) == (left.id, 2)
    with pytest.raises(LeaseLost):
        await before.finish(left, answered())


async def test_a_released_turn_is_free_at_once(inbox: Inbox, other: Inbox) -> None:
    await inbox.accept(question())
    await inbox.release(await taken(inbox), counted=True)
    counted = await taken(other)
    assert counted.attempt == 2
    await other.release(counted, counted=False)
    assert (await taken(inbox)).attempt == 2


async def test_finishing_twice_is_finishing_once(database: Postgres, inbox: Inbox) -> None:
    await inbox.accept(question())
    turn = await taken(inbox)
    await inbox.finish(turn, answered())
    await inbox.finish(turn, answered())
    assert len(await database.fetch("SELECT FROM passages")) == 1


async def test_a_turn_that_was_given_up_makes_way_with_its_reason(
    database: Postgres, inbox: Inbox
) -> None:
    await inbox.accept(question("poison"))
    await inbox.accept(question("next"))
    await inbox.fail(await taken(inbox), "it would not do")
    assert (await taken(inbox)).question.text == "next"
    rows = await database.fetch("SELECT text, failure FROM turns WHERE status = 'failed'")
    assert [dict(row) for row in rows] == [{"text": "poison", "failure": "it would not do"}]


async def test_unfinished_sessions_come_longest_waiting_first(inbox: Inbox) -> None:
    done = SessionKey("slack", "T1", "C1", "done")
    for session in (done, OTHER_THREAD, THREAD, OTHER_THREAD):
        await inbox.accept(question(session=session))
    await inbox.finish(await taken(inbox, done), answered())
    assert await inbox.unfinished() == [OTHER_THREAD, THREAD]


async def test_the_answer_is_stored_with_a_trace_of_how_it_came_about(
    database: Postgres, inbox: Inbox
) -> None:
    await inbox.accept(question())
    found = passage("one"), passage("two")
    claim = Claim("Do it.", Verdict.SUPPORTED, 0.75, (found[0].content_hash,))
    whole = replace(answered("Do it. [1]", *found), claims=(claim,))
    await inbox.finish(await taken(inbox), whole)
    (row,) = await database.fetch("SELECT answer, trace FROM turns")
    answer, trace = orjson.loads(row["answer"]), orjson.loads(row["trace"])
    assert answer["text"] == "Do it. [1]"
    assert answer["status"] == "answered"
    assert answer["citations"][0]["url"] == "https://docs.example/install#linux"
    assert trace == {
        "query": "how to install",
        "generation": 7,
        "confidence": 0.8,
        "sufficient": True,
        "passages": [
            {
                "hash": each.content_hash,
                "scores": {"fused": 0.9, "dense": 0.7, "sparse": 11.0, "rerank": None},
            }
            for each in found
        ],
        "model": "some/model",
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "cost": 0.001},
        "prompt": None,
        "rungs": ["no_rerank"],
        "claims": [
            {
                "text": "Do it.",
                "verdict": "supported",
                "support": 0.75,
                "passages": [found[0].content_hash],
                "judged": False,
            }
        ],
        "timings_ms": {"dense": 1, "total": 900.0},
    }


async def test_a_passage_is_stored_once_for_all_answers(database: Postgres, inbox: Inbox) -> None:
    for found in ([passage("a"), passage("b")], [passage("b"), passage("b")]):
        await inbox.accept(question())
        await inbox.finish(await taken(inbox), answered("x", *found))
    rows = await database.fetch("SELECT hash, passage FROM passages")
    assert {row["hash"] for row in rows} == {
        passage("a").content_hash,
        passage("b").content_hash,
    }
    stored = {orjson.loads(row["passage"])["text"] for row in rows}
    assert stored == {"a", "b"}


async def test_a_passage_that_is_used_again_counts_as_used_now(
    database: Postgres, inbox: Inbox
) -> None:
    await inbox.accept(question())
    turn = await taken(inbox)
    await inbox.finish(turn, answered())
    await database.execute("UPDATE passages SET used_at = now() - INTERVAL '2 days'")
    await Inbox(database, worker="one").finish(turn, answered())
    (row,) = await database.fetch(
        "SELECT used_at > now() - INTERVAL '1 minute' AS fresh FROM passages"
    )
    assert row["fresh"]
