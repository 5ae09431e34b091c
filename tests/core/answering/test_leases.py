"""Leases that are kept together while work goes on under them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from core.answering.leases import Leases
from core.answering.stopping import Stop
from core.errors import LeaseLost, ServiceUnavailable
from core.model import SessionKey, Turn, Wanted
from tests.support.conversations import question

OFTEN = 0.04
RARELY = 3600.0


class Desk:
    """Holds leases. A renewal waits for `go`, and tells of each turn what is `wanted`."""

    def __init__(self, lease_seconds: float = 3600.0) -> None:
        self.lease_seconds = lease_seconds
        self.asked: list[list[Turn]] = []
        self.wanted: dict[Turn, Wanted | None] = {}
        self.faults: list[Exception] = []
        self.go = asyncio.Event()
        self.go.set()
        self.renewed = asyncio.Condition()

    async def renew(self, turns: Sequence[Turn]) -> list[Wanted | None]:
        self.asked.append(list(turns))
        async with self.renewed:
            self.renewed.notify_all()
        await self.go.wait()
        if self.faults:
            raise self.faults.pop()
        return [self.wanted.get(turn, Wanted.ANSWERED) for turn in turns]

    async def until(self, told: Callable[[], bool]) -> None:
        async with asyncio.timeout(20), self.renewed:
            await self.renewed.wait_for(told)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def turn(thread: str = "1") -> Turn:
    asked = question(session=SessionKey("slack", "T1", "C1", thread))
    return Turn(uuid4(), asked, uuid4(), 1, Wanted.ANSWERED)


@asynccontextmanager
async def at_work(leases: Leases, at: Turn, stop: Stop | None = None) -> AsyncIterator[Working]:
    working = Working()
    work = leases.hold(at, working.work(), stop or Stop())
    working.task = asyncio.create_task(work)
    await working.begun.wait()
    try:
        yield working
    finally:
        working.task.cancel()
        await asyncio.wait([working.task])


class Working:
    """Work that goes on until it may end."""

    def __init__(self) -> None:
        self.begun, self.may_end = asyncio.Event(), asyncio.Event()
        self.task: asyncio.Task[None]

    async def work(self) -> None:
        self.begun.set()
        await self.may_end.wait()


async def test_the_leases_of_all_turns_are_renewed_together_again_and_again(desk: Desk) -> None:
    leases = Leases(desk, watch_pause=OFTEN)
    one, another = turn("1"), turn("2")
    async with at_work(leases, one), at_work(leases, another):
        # They may have begun on two sides of a moment, and be renewed at two moments for ever.
        await desk.until(lambda: sum(map(len, desk.asked)) >= 4)
    assert {each.id for batch in desk.asked for each in batch} == {one.id, another.id}


async def test_what_begins_between_two_moments_is_renewed_with_one_statement(desk: Desk) -> None:
    leases = Leases(desk, watch_pause=0.8)
    turns = [turn(str(n)) for n in range(5)]
    loop = asyncio.get_running_loop()
    await asyncio.sleep(0.1 - loop.time() % 0.1 + 0.01)
    works = [Working() for _ in turns]
    holding = [
        asyncio.create_task(leases.hold(at, each.work(), Stop()))
        for at, each in zip(turns, works, strict=True)
    ]
    await desk.until(lambda: bool(desk.asked))
    for each in works:
        each.may_end.set()
    await asyncio.gather(*holding)
    assert desk.asked == [turns]


async def test_work_that_ends_before_its_lease_is_due_sends_nothing(desk: Desk) -> None:
    leases = Leases(desk, watch_pause=OFTEN)
    async with at_work(leases, turn()) as working:
        working.may_end.set()
        await working.task
        await asyncio.sleep(3 * OFTEN)
    assert desk.asked == []


async def test_a_lost_lease_cancels_the_work(desk: Desk) -> None:
    at = turn()
    desk.wanted[at] = None
    async with at_work(Leases(desk, watch_pause=OFTEN), at) as working:
        with pytest.raises(LeaseLost, match="changed, withdrawn or taken over"):
            await working.task


async def test_one_that_is_lost_ends_no_other(desk: Desk) -> None:
    leases = Leases(desk, watch_pause=OFTEN)
    lost, kept = turn("1"), turn("2")
    desk.wanted[lost] = None
    async with at_work(leases, lost) as losing, at_work(leases, kept) as keeping:
        with pytest.raises(LeaseLost):
            await losing.task
        before = len(desk.asked)
        await desk.until(lambda: desk.asked[before:] == [[kept]])
        keeping.may_end.set()
        await keeping.task


async def test_a_stop_is_passed_on(desk: Desk) -> None:
    at, stop = turn(), Stop()
    desk.wanted[at] = Wanted.STOPPED
    leases = Leases(desk, watch_pause=RARELY)
    async with at_work(leases, at, stop) as working:
        leases.look(at.question.session)
        await desk.until(lambda: bool(desk.asked))
        working.may_end.set()
        await working.task
    assert stop.wished


async def test_who_is_told_while_a_lease_is_renewed_looks_once_more(desk: Desk) -> None:
    at = turn()
    leases = Leases(desk, watch_pause=RARELY)
    desk.go.clear()
    async with at_work(leases, at):
        leases.look(at.question.session)
        await desk.until(lambda: len(desk.asked) == 1)
        leases.look(at.question.session)
        leases.look(at.question.session)
        desk.go.set()
        await desk.until(lambda: len(desk.asked) == 2)
    assert desk.asked == [[at]] * 2


async def test_nobody_looks_at_what_does_not_run(desk: Desk) -> None:
    Leases(desk, watch_pause=OFTEN).look(turn().question.session)
    await asyncio.sleep(0)
    assert desk.asked == []


async def test_a_renewal_that_fails_is_tried_again(desk: Desk) -> None:
    desk.faults = [ServiceUnavailable("PostgreSQL", "it is away")]
    async with at_work(Leases(desk, watch_pause=OFTEN), turn()) as working:
        await desk.until(lambda: len(desk.asked) == 2)
        working.may_end.set()
        await working.task


async def test_a_lease_that_may_run_out_before_the_next_attempt_is_lost() -> None:
    desk = Desk(lease_seconds=0.3)
    desk.go.clear()
    async with at_work(Leases(desk, watch_pause=OFTEN), turn()) as working:
        with pytest.raises(LeaseLost, match="not be renewed in time") as raised:
            await working.task
    assert isinstance(raised.value.__cause__, TimeoutError)


async def test_a_fault_of_ours_ends_the_work_with_it(desk: Desk) -> None:
    desk.faults = [KeyError("a column")]
    async with at_work(Leases(desk, watch_pause=OFTEN), turn()) as working:
        with pytest.raises(KeyError, match="a column"):
            await working.task


async def test_who_cancels_the_work_at_the_same_time_has_it_cancelled(desk: Desk) -> None:
    at = turn()
    desk.wanted[at] = None
    desk.go.clear()
    leases = Leases(desk, watch_pause=RARELY)
    async with at_work(leases, at) as working:
        leases.look(at.question.session)
        await desk.until(lambda: bool(desk.asked))
        desk.go.set()
        # Its reply and our wish come in the same turn of the loop.
        await asyncio.sleep(0)
        working.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await working.task


async def test_a_reply_that_comes_after_the_work_has_ended_cancels_nothing(desk: Desk) -> None:
    at = turn()
    desk.wanted[at] = None
    desk.go.clear()
    leases = Leases(desk, watch_pause=RARELY)

    async def work_and_go_on() -> str:
        await leases.hold(at, working.work(), Stop())
        desk.go.set()
        await asyncio.sleep(0.05)
        return "went on"

    working = Working()
    going_on = asyncio.create_task(work_and_go_on())
    await working.begun.wait()
    leases.look(at.question.session)
    await desk.until(lambda: bool(desk.asked))
    working.may_end.set()
    assert await going_on == "went on"


async def test_what_the_work_raises_is_raised(desk: Desk) -> None:
    async def fail() -> None:
        raise ValueError("nothing to show")

    with pytest.raises(ValueError, match="nothing to show"):
        await Leases(desk, watch_pause=OFTEN).hold(turn(), fail(), Stop())
