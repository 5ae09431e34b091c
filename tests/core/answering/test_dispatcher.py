import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace

import pytest

from core.answering.dispatcher import DispatcherSettings, open_dispatcher
from core.answering.stopping import Stop
from core.backends.postgres import Postgres
from core.conversation.inbox import Held, Inbox
from core.conversation.limits import Limits, LimitSettings
from core.errors import (
    AccessDenied,
    LeaseLost,
    MalformedReply,
    QuestionRefused,
    QuotaExceeded,
    ServiceUnavailable,
)
from core.model import AnswerEvent, AnswerStatus, Question, Searching, SessionKey, Turn
from tests.support.conversations import (
    OTHER_THREAD,
    THREAD,
    let_lease_run_out,
    question,
    taken,
)
from tests.support.desk import QUICK, Answers, Desk, SlowReader, until

UNANSWERED = "Sorry, I could not answer this, and have stopped trying."


LONG = 60.0
"""The seconds of a lease that does not run out because the machine is slow."""

WATCHFUL = replace(QUICK, watch_pause=0.05)
"""Renews leases so often."""


@pytest.fixture
async def desk(database: Postgres) -> Desk:
    return Desk(database, lease_seconds=LONG)


@pytest.fixture
def other(database: Postgres) -> Inbox:
    return Inbox(database, worker="another", lease_seconds=LONG)


async def test_a_question_is_answered_where_it_was_asked(desk: Desk) -> None:
    async with desk.open() as dispatcher:
        assert await dispatcher.submit(question("why?"))
        await desk.settled()
    assert desk.reader.read == ["why?"]
    assert await desk.ends() == [("why?", "finished", 1)]


async def test_who_waits_for_the_end_finds_the_answer_stored_though_nothing_is_drained(
    desk: Desk,
) -> None:
    async with desk.open(replace(QUICK, drain=0)) as dispatcher:
        await dispatcher.settle(60.0)
        await dispatcher.submit(question("why?"))
        await dispatcher.settle(60.0)
    assert await desk.ends() == [("why?", "finished", 1)]


async def test_a_message_that_is_delivered_again_is_answered_once(desk: Desk) -> None:
    asked = question("why?")
    async with desk.open() as dispatcher:
        accepted = await asyncio.gather(*(dispatcher.submit(asked) for _ in range(10)))
        await desk.settled()
    assert sorted(accepted) == [False] * 9 + [True]
    assert desk.reader.read == ["why?"]


async def test_a_second_delivery_revives_a_question_whose_first_died_after_it_was_stored(
    desk: Desk,
) -> None:
    asked = question("why?")
    await desk.inbox.accept(asked)
    async with desk.open() as dispatcher:
        assert not await dispatcher.submit(asked)
        await desk.settled()
    assert desk.reader.read == ["why?"]


async def test_a_question_that_cannot_be_stored_is_not_accepted(desk: Desk) -> None:
    desk.database.broken.add("INSERT INTO turns")
    async with desk.open() as dispatcher:
        with pytest.raises(ServiceUnavailable):
            await dispatcher.submit(question())
    assert desk.answers.asked == []


async def test_a_session_is_answered_in_order_one_at_a_time(desk: Desk) -> None:
    texts = [f"{n}" for n in range(8)]
    async with desk.open() as dispatcher:
        for text in texts:
            await dispatcher.submit(question(text))
        await desk.settled()
    assert desk.reader.read == texts
    assert desk.answers.most_running == 1


async def test_a_slow_session_holds_up_no_other(desk: Desk) -> None:
    desk.answers.go.clear()
    async with desk.open() as dispatcher:
        for session in (THREAD, OTHER_THREAD):
            await dispatcher.submit(question(session=session))
        await until(lambda: desk.answers.running == 2)
        desk.answers.go.set()


async def test_no_more_answers_run_at_once_than_are_allowed(desk: Desk) -> None:
    desk.answers.go.clear()
    async with desk.open(replace(QUICK, running=2)) as dispatcher:
        for n in range(8):
            await dispatcher.submit(question(session=replace(THREAD, thread=f"{n}")))
        await until(lambda: desk.answers.running == 2)
        desk.answers.go.set()
        await desk.settled()
    assert len(desk.reader.read) == 8
    assert desk.answers.most_running == 2


async def test_who_asks_much_does_not_keep_another_waiting(desk: Desk) -> None:
    reader = SlowReader()
    reader.go.set()
    desk.answers.end.clear()
    async with desk.open(replace(QUICK, running=1), {"slack": reader}) as dispatcher:
        for n in range(5):
            session = replace(THREAD, thread=f"{n}")
            await dispatcher.submit(replace(question(f"much {n}", session=session), author="U1"))
            await until(lambda: bool(desk.answers.asked))
        session = replace(THREAD, thread="other")
        await dispatcher.submit(replace(question("once", session=session), author="U2"))
        await until(lambda: len(reader.reading) == 6)
        await asyncio.sleep(0.01)  # in which all come to wait for the one place
        desk.answers.end.set()
        await desk.settled()
    assert "once" in desk.answers.asked[1:3]


async def test_what_is_beyond_the_limits_is_not_stored(desk: Desk) -> None:
    limits = Limits(LimitSettings(per_person=1))
    async with open_dispatcher(
        desk.inbox, desk.answers, {"slack": desk.reader}, QUICK, limits=limits
    ) as dispatcher:
        first = question("first")
        assert await dispatcher.submit(first)
        with pytest.raises(QuestionRefused):
            await dispatcher.submit(question("second"))
        assert not await dispatcher.submit(first), "delivered again, it is what it was"
        await desk.settled()
    assert desk.reader.read == ["first"]


async def test_an_edit_that_changes_nothing_does_not_count(desk: Desk) -> None:
    limits = Limits(LimitSettings(per_person=2))
    async with open_dispatcher(
        desk.inbox, desk.answers, {"slack": desk.reader}, QUICK, limits=limits
    ) as dispatcher:
        first = question("first")
        await dispatcher.submit(first)
        await desk.settled()
        for revision in "123":
            assert not await dispatcher.edit(first, revision=revision)
        assert await dispatcher.edit(replace(first, text="first, edited"), revision="4")
        with pytest.raises(QuestionRefused):
            await dispatcher.edit(replace(first, text="once more"), revision="5")
        await desk.settled()
    assert desk.reader.read == ["first", "first, edited"]


async def test_a_platform_that_is_slow_to_take_an_answer_holds_up_no_other(desk: Desk) -> None:
    slow = SlowReader()
    responders = {"slack": desk.reader, "discord": slow}
    async with desk.open(replace(QUICK, running=1), responders) as dispatcher:
        for n in range(4):
            session = SessionKey("discord", "guild", "channel", f"{n}")
            await dispatcher.submit(question(f"{n}", session=session))
        await until(lambda: len(slow.reading) == 4)
        await dispatcher.submit(question("quick"))
        await until(lambda: desk.reader.read == ["quick"])
        assert slow.read == []
        slow.go.set()
        await desk.settled()
    assert len(slow.read) == 4


async def test_a_question_that_comes_while_the_session_ends_is_seen(desk: Desk) -> None:
    async with desk.open() as dispatcher:
        for n in range(30):
            await dispatcher.submit(question(f"{n}"))
            await until(lambda: len(desk.reader.read) == n + 1)  # noqa: B023 - awaited at once
    assert len(desk.reader.read) == 30


async def test_an_attempt_that_fails_is_made_again(desk: Desk) -> None:
    desk.answers.faults = [ValueError("a bug"), MalformedReply("Qdrant", "garbled")]
    async with desk.open() as dispatcher:
        await dispatcher.submit(question("why?"))
        await desk.settled()
    assert desk.reader.read == ["why?"]
    assert await desk.ends() == [("why?", "finished", 3)]


async def test_after_three_attempts_the_author_is_told_and_the_next_question_comes(
    desk: Desk,
) -> None:
    desk.answers.faults = [ServiceUnavailable("Qdrant", "it is away")] * 3
    async with desk.open() as dispatcher:
        await dispatcher.submit(question("why?"))
        await dispatcher.submit(question("next"))
        await desk.settled()
    assert desk.reader.read == [f"{UNANSWERED} Qdrant: it is away. Please ask again.", "next"]
    assert desk.reader.statuses == [AnswerStatus.REFUSED, AnswerStatus.ANSWERED]
    assert await desk.ends() == [("why?", "failed", 3), ("next", "finished", 1)]


def test_three_attempts_are_what_is_usual() -> None:
    assert len(DispatcherSettings().retry_pauses) == len(QUICK.retry_pauses) == 2


WAITING = replace(QUICK, outage_pauses=(0.0, 0.0, 0.0))
POSTPONED = "Sorry, I cannot answer this yet. Qdrant: it is away. I keep your question, and"


async def test_a_service_that_is_away_is_waited_for_and_the_author_told_so_once(
    desk: Desk,
) -> None:
    desk.answers.faults = [ServiceUnavailable("Qdrant", "it is away")] * 3
    async with desk.open(WAITING) as dispatcher:
        await dispatcher.submit(question("why?"))
        await desk.settled()
    postponed, answer = desk.reader.read
    assert postponed.startswith(POSTPONED)
    assert answer == "why?"
    assert await desk.ends() == [("why?", "finished", 1)]


async def test_nobody_is_told_of_what_is_over_in_a_moment(desk: Desk) -> None:
    desk.answers.faults = [ServiceUnavailable("Qdrant", "it is away")]
    async with desk.open(WAITING) as dispatcher:
        await dispatcher.submit(question("why?"))
        await desk.settled()
    assert desk.reader.read == ["why?"]


async def test_a_question_waits_though_its_author_cannot_be_told(desk: Desk) -> None:
    desk.answers.faults = [QuotaExceeded("Qdrant", "it is suspended")] * 2
    desk.reader.faults = [ConnectionError("gone")]
    async with desk.open(WAITING) as dispatcher:
        await dispatcher.submit(question("why?"))
        await desk.settled()
    assert desk.reader.read == ["why?"]
    assert await desk.ends() == [("why?", "finished", 1)]


async def test_a_service_that_stays_away_is_a_failure_at_last(desk: Desk) -> None:
    desk.answers.faults = [AccessDenied("Qdrant", "it is away")] * 6
    async with desk.open(WAITING) as dispatcher:
        await dispatcher.submit(question("why?"))
        await dispatcher.submit(question("next"))
        await desk.settled()
    assert [text[: len(UNANSWERED)] for text in desk.reader.read[1:]] == [UNANSWERED, "next"]
    assert await desk.ends() == [("why?", "failed", 3), ("next", "finished", 1)]


async def test_what_the_platform_refuses_is_not_waited_for(desk: Desk) -> None:
    desk.reader.faults = [ServiceUnavailable("Slack", "it is away")]
    async with desk.open(WAITING) as dispatcher:
        await dispatcher.submit(question("why?"))
        await desk.settled()
    assert await desk.ends() == [("why?", "finished", 2)]


async def test_a_question_that_was_stopped_is_not_waited_for(desk: Desk) -> None:
    class WithoutIndex:
        async def answer(self, question: Question, stop: Stop) -> AsyncIterator[AnswerEvent]:
            yield Searching()
            raise ServiceUnavailable("Qdrant", "it is away")

    await desk.inbox.accept(question("why?"))
    turn = await taken(desk.inbox)
    await desk.inbox.amendments.stop(turn.id)
    await desk.inbox.release(turn, counted=False)
    platforms = {"slack": desk.reader}
    async with open_dispatcher(desk.inbox, WithoutIndex(), platforms, WAITING) as dispatcher:
        await dispatcher.resume()
        await desk.settled()
    [word] = desk.reader.read
    assert word.startswith(UNANSWERED)
    assert await desk.ends() == [("why?", "failed", 3)]


async def test_a_turn_that_cannot_be_read_holds_up_no_other_session(
    desk: Desk, database: Postgres
) -> None:
    await desk.inbox.accept(question("odd"))
    await database.execute("""UPDATE turns SET context = '[{"of": "another version"}]'""")
    async with desk.open() as dispatcher:
        await dispatcher.resume()
        await dispatcher.submit(question("why?", session=OTHER_THREAD))
        await until(lambda: desk.reader.read == ["why?"])


async def test_what_a_bug_says_is_not_shown_to_the_author(desk: Desk) -> None:
    desk.answers.faults = [ValueError("internals")] * 3
    async with desk.open() as dispatcher:
        await dispatcher.submit(question())
        await desk.settled()
    assert desk.reader.read == [f"{UNANSWERED} Please ask again."]


async def test_a_platform_that_fails_throughout_does_not_stop_the_session(desk: Desk) -> None:
    desk.reader.faults = [ConnectionError("gone")] * 4
    async with desk.open() as dispatcher:
        await dispatcher.submit(question("why?"))
        await dispatcher.submit(question("next"))
        await desk.settled()
    assert desk.reader.read == ["next"]
    assert await desk.ends() == [("why?", "failed", 3), ("next", "finished", 1)]


async def test_an_answer_that_was_not_read_to_its_end_is_no_answer(desk: Desk) -> None:
    desk.reader.leaves_early = True
    desk.answers.end.clear()
    async with desk.open() as dispatcher:
        await dispatcher.submit(question("why?"))
        await desk.settled()
    assert desk.answers.cancelled == ["why?"] * 3
    assert await desk.ends() == [("why?", "failed", 3)]


@pytest.mark.parametrize(("earlier", "told"), [(3, True), (4, False)])
async def test_a_question_that_kills_its_worker_is_given_up(
    desk: Desk, earlier: int, told: bool
) -> None:
    await desk.inbox.accept(question("poison"))
    for _ in range(earlier):
        await taken(desk.inbox)
    async with desk.open() as dispatcher:
        await dispatcher.resume()
        await desk.settled()
    assert desk.answers.asked == []
    assert desk.reader.read == ([f"{UNANSWERED} Please ask again."] if told else [])
    assert await desk.ends() == [("poison", "failed", earlier + 1)]


async def test_what_an_earlier_process_left_is_taken_up_at_start(desk: Desk) -> None:
    for session in (THREAD, OTHER_THREAD, THREAD):
        await desk.inbox.accept(question(session=session))
    async with desk.open() as dispatcher:
        assert await dispatcher.resume() == 2
        await desk.settled()
    assert len(desk.reader.read) == 3


async def test_what_a_dead_worker_held_is_taken_up_when_its_lease_runs_out(
    desk: Desk, database: Postgres
) -> None:
    await desk.inbox.accept(question("why?"))
    await taken(Inbox(database, worker="dead", lease_seconds=0.5))
    async with desk.open() as dispatcher:
        await dispatcher.resume()
        await desk.settled()
    assert await desk.ends() == [("why?", "finished", 2)]


async def test_a_platform_that_is_not_there_keeps_its_questions(desk: Desk) -> None:
    elsewhere = SessionKey("discord", "G1", "C1", "1")
    await desk.inbox.accept(question("why?", session=elsewhere))
    async with desk.open() as dispatcher:
        assert await dispatcher.resume() == 0
        await dispatcher.submit(question("and?", session=elsewhere))
    assert await desk.ends() == [("why?", "accepted", 0), ("and?", "accepted", 0)]


async def test_a_lease_is_renewed_while_its_turn_runs(desk: Desk, other: Inbox) -> None:
    desk.answers.go.clear()
    async with desk.open(WATCHFUL) as dispatcher:
        await dispatcher.submit(question())
        await desk.answers.begun.wait()
        await _until_sent(desk, "UPDATE turns SET lease_until")
        held = await other.claim(THREAD)
        assert isinstance(held, Held)
        desk.answers.go.set()
        await desk.settled()
    assert len(desk.answers.asked) == 1


async def test_a_lease_that_was_lost_cancels_its_turn(
    desk: Desk, database: Postgres, other: Inbox
) -> None:
    desk.answers.go.clear()
    async with desk.open(WATCHFUL) as dispatcher:
        await dispatcher.submit(question("why?"))
        await desk.answers.begun.wait()
        successor = await _stolen(database, other)
        await until(lambda: bool(desk.answers.cancelled))
        await other.fail(successor, "enough")
    assert desk.reader.read == []
    assert desk.answers.asked == ["why?"]


async def test_a_lease_that_cannot_be_renewed_is_as_good_as_lost(database: Postgres) -> None:
    desk = Desk(database, lease_seconds=3.0)
    desk.answers.go.clear()
    desk.database.broken.add("UPDATE turns SET lease_until")
    async with desk.open() as dispatcher:
        await dispatcher.submit(question("why?"))
        await until(lambda: bool(desk.answers.cancelled))
        desk.database.broken.clear()
        desk.answers.go.set()
        await desk.settled()
    assert desk.reader.read == ["why?"]


@pytest.mark.parametrize("fault", [ServiceUnavailable("PostgreSQL", "it is away"), TimeoutError()])
async def test_what_an_outage_of_the_database_ends_counts_as_no_attempt(
    database: Postgres, fault: Exception
) -> None:
    desk = Desk(database, lease_seconds=0.6)
    desk.answers.go.clear()
    desk.database.fault = fault
    desk.database.broken.add("UPDATE turns SET lease_until")
    async with desk.open(WATCHFUL) as dispatcher:
        await dispatcher.submit(question("why?"))
        await until(lambda: len(desk.answers.cancelled) > len(QUICK.retry_pauses) + 1)
        desk.database.broken.clear()
        desk.answers.go.set()
        await desk.settled()
    assert desk.reader.read == ["why?"]


class Flapping(Answers):
    """Whose services are away each other time."""

    async def _events(self, question: Question) -> AsyncGenerator[AnswerEvent, None]:
        if len(self.asked) % 2:
            raise ServiceUnavailable("OpenRouter", "it is away")
        async for event in super()._events(question):
            yield event


async def test_nor_does_it_go_on_for_ever_while_the_database_and_the_models_flap(
    desk: Desk,
) -> None:
    lost = LeaseLost("The lease could not be renewed in time.")
    lost.__cause__ = ServiceUnavailable("PostgreSQL", "it is away")
    desk.reader.faults = [lost] * 100
    desk.answers = Flapping()
    async with desk.open(replace(QUICK, outage_pauses=(0.0,) * 3)) as dispatcher:
        await dispatcher.submit(question("why?"))
        await desk.settled()
    assert [status for _, status, _ in await desk.ends()] == ["failed"]
    assert len(desk.answers.asked) < 40


async def test_a_responder_that_finds_the_lease_lost_ends_the_turn_for_this_worker(
    desk: Desk,
) -> None:
    desk.reader.faults = [LeaseLost("It ran out.")]
    async with desk.open() as dispatcher:
        await dispatcher.submit(question("why?"))
        await desk.settled()
    assert await desk.ends() == [("why?", "finished", 2)]


async def test_an_answer_that_was_read_is_stored_though_the_database_was_away(
    desk: Desk,
) -> None:
    desk.database.broken.add("SET status = 'finished'")
    async with desk.open() as dispatcher:
        await dispatcher.submit(question("why?"))
        await until(lambda: desk.database.failed > 0)
        desk.database.broken.clear()
        await desk.settled()
    assert desk.reader.read == ["why?"]
    assert await desk.ends() == [("why?", "finished", 1)]


async def test_an_outage_of_the_database_is_waited_out(desk: Desk) -> None:
    asked = question("why?")
    await desk.inbox.accept(asked)
    desk.database.broken.add("FROM sessions")
    async with desk.open() as dispatcher:
        await dispatcher.submit(asked)
        await until(lambda: desk.database.failed >= 3)
        desk.database.broken.clear()
        await desk.settled()
    assert desk.reader.read == ["why?"]


async def test_what_another_instance_left_is_found_by_sweeping(desk: Desk, other: Inbox) -> None:
    await other.accept(question("never claimed"))
    await other.accept(question("claimed by a dead worker", session=OTHER_THREAD))
    await let_lease_run_out(desk.database, await taken(other, OTHER_THREAD))
    async with desk.open(replace(QUICK, sweep_pause=0.01)):
        await desk.settled()
    assert sorted(desk.reader.read) == ["claimed by a dead worker", "never claimed"]


async def test_a_sweep_leaves_alone_what_another_instance_works_at(
    desk: Desk, other: Inbox
) -> None:
    await other.accept(question())
    await taken(other)
    async with desk.open(replace(QUICK, sweep_pause=0.01)):
        await until(lambda: desk.database.count("HAVING") >= 3)
    assert desk.database.count("UPDATE turns") == 0


async def test_a_sweep_outlives_an_outage_of_the_database(desk: Desk, other: Inbox) -> None:
    await other.accept(question())
    desk.database.broken.add("HAVING")
    async with desk.open(replace(QUICK, sweep_pause=0.01)):
        await until(lambda: desk.database.failed >= 3)
        desk.database.broken.clear()
        await desk.settled()


async def test_an_idle_dispatcher_asks_the_database_nothing(desk: Desk) -> None:
    async with desk.open(WATCHFUL) as dispatcher:
        await dispatcher.submit(question())
        await desk.settled()
        await dispatcher.settle(60)
        before = len(desk.database.statements)
        await asyncio.sleep(10 * WATCHFUL.watch_pause)
        assert len(desk.database.statements) == before


async def test_a_session_is_left_without_a_second_look_unless_more_was_asked(desk: Desk) -> None:
    """Its first question needs no look at all: it is claimed as it is accepted."""
    async with desk.open() as dispatcher:
        for looks in range(3):
            await dispatcher.submit(question("alone"))
            await dispatcher.settle(60)
            assert desk.database.count("SET lease_token = gen_random_uuid()") == looks


async def test_questions_that_begin_a_session_together_are_all_answered(desk: Desk) -> None:
    texts = [f"{n}" for n in range(5)]
    async with desk.open() as dispatcher:
        await asyncio.gather(*(dispatcher.submit(question(text)) for text in texts))
        await desk.settled()
    assert sorted(desk.reader.read) == texts
    assert desk.answers.most_running == 1
    assert [attempts for _, _, attempts in await desk.ends()] == [1] * 5


async def test_a_question_that_was_claimed_while_it_stops_is_put_back_unblamed(
    desk: Desk, database: Postgres, other: Inbox
) -> None:
    async with desk.open() as dispatcher:
        async with database.transaction() as statements:
            await statements.execute("LOCK TABLE turns")
            submitting = asyncio.create_task(dispatcher.submit(question("late")))
            await until(lambda: desk.database.under_way > 0)
            await dispatcher.stop()
        assert await submitting
    assert (desk.answers.asked, await desk.ends()) == ([], [("late", "accepted", 0)])
    assert isinstance(await other.claim(THREAD), Turn)


async def test_a_session_that_could_not_be_begun_is_begun_later(desk: Desk) -> None:
    desk.database.broken.add("INSERT INTO turns")
    async with desk.open() as dispatcher:
        with pytest.raises(ServiceUnavailable):
            await dispatcher.submit(question("first"))
        desk.database.broken.clear()
        await dispatcher.submit(question("second"))
        await desk.settled()
    assert desk.reader.read == ["second"]


async def test_a_running_turn_ends_before_the_dispatcher_does(desk: Desk) -> None:
    desk.answers.go.clear()
    async with desk.open() as dispatcher:
        await dispatcher.submit(question("running"))
        await dispatcher.submit(question("waiting"))
        await desk.answers.begun.wait()
        asyncio.get_running_loop().call_later(0.05, desk.answers.go.set)
    assert await desk.ends() == [("running", "finished", 1), ("waiting", "accepted", 0)]


async def test_a_turn_that_takes_too_long_to_end_is_put_back_unblamed(
    desk: Desk, other: Inbox
) -> None:
    desk.answers.go.clear()
    async with desk.open(replace(QUICK, drain=0.05)) as dispatcher:
        await dispatcher.submit(question("why?"))
        await desk.answers.begun.wait()
    assert desk.answers.cancelled == ["why?"]
    assert (await taken(other)).attempt == 1


async def test_stopping_does_not_wait_for_a_retry(desk: Desk) -> None:
    desk.answers.faults = [ValueError("a bug")]
    async with asyncio.timeout(20), desk.open(replace(QUICK, retry_pauses=(60.0,))) as dispatcher:
        await dispatcher.submit(question("why?"))
        await _until_sent(desk, "lease_owner = NULL")
    assert await desk.ends() == [("why?", "accepted", 1)]


async def test_a_question_that_comes_while_it_stops_is_stored_for_the_next_process(
    desk: Desk,
) -> None:
    async with desk.open() as dispatcher:
        await dispatcher.stop()
        assert await dispatcher.submit(question("late"))
    assert await desk.ends() == [("late", "accepted", 0)]


async def _until_sent(desk: Desk, part: str) -> None:
    await until(lambda: any(part in sql for sql in desk.database.statements))


async def _stolen(database: Postgres, thief: Inbox) -> Turn:
    """The running turn, as another worker takes it over; it may be renewed in between."""
    over = "UPDATE turns SET lease_until = clock_timestamp() - INTERVAL '1 second'"
    async with asyncio.timeout(30):
        while True:
            await database.execute(over)
            if isinstance(stolen := await thief.claim(THREAD), Turn):
                return stolen
