"""The governor: what is let through, what is refused, and what is told of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.budgets.accounting import Budget, Period, Priority, Provider, Spend, Unit
from core.budgets.governor import Governor, Told, open_governor
from core.budgets.ledger import Ledger
from core.errors import QuotaExceeded, ServiceUnavailable
from core.ports import Database
from tests.support.desk import until
from tests.support.faulty_database import FaultyDatabase

COHERE = Provider("Cohere", "k1")
OPENROUTER = Provider("OpenRouter", "k2")
FREE = Provider("OpenRouter's free models", "k2")
CALL = Spend(calls=1)
NEVER = 1e6


class Clock:
    def __init__(self, now: datetime = datetime(2026, 11, 20, 12, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class Memory:
    """A ledger that forgets: for what has nothing to do with the database."""

    def __init__(self) -> None:
        self.spending: dict[tuple[Provider, date], Spend] = {}

    async def load(self, today: date) -> None:
        await asyncio.sleep(0)

    def count(self, provider: Provider, day: date, spend: Spend) -> None:
        self.spending[provider, day] = self.spending.get((provider, day), Spend()) + spend

    async def settle(self) -> None:
        await asyncio.sleep(0)


def calls(amount: float, period: Period = Period.MONTH, provider: Provider = COHERE) -> Budget:
    return Budget(provider, Unit.CALLS, period, amount)


def dollars(amount: float) -> Budget:
    return Budget(OPENROUTER, Unit.DOLLARS, Period.DAY, amount)


@pytest.fixture
async def ledger(database: Database) -> AsyncIterator[Ledger]:
    opened = Ledger(database, pause=NEVER)
    yield opened
    await opened.close()


async def test_calls_are_let_through_until_the_budget_is_spent_and_again_the_next_month(
    ledger: Ledger,
) -> None:
    clock = Clock()
    governor = Governor(ledger, [calls(2)], clock=clock)
    await governor.spend([COHERE], CALL)
    await governor.spend([COHERE], CALL)
    with pytest.raises(QuotaExceeded) as refused:
        await governor.spend([COHERE], CALL)
    assert str(refused.value) == "Cohere: the budget of 2 calls a month is spent."
    assert refused.value.hint == (
        "It begins anew on 1 December at midnight UTC; `docent quota` shows all."
    )
    await governor.spend([OPENROUTER], CALL)
    clock.now = datetime(2026, 12, 1, tzinfo=UTC)
    await governor.spend([COHERE], CALL)


async def test_a_sync_leaves_a_share_for_questions(ledger: Ledger) -> None:
    governor = Governor(ledger, [calls(10)])
    await governor.spend([COHERE], Spend(calls=8), Priority.SYNC)
    with pytest.raises(QuotaExceeded) as refused:
        await governor.spend([COHERE], CALL, Priority.SYNC)
    assert str(refused.value) == (
        "Cohere: of the budget of 10 calls a month, syncs may use 80%, which this goes beyond."
    )
    await governor.spend([COHERE], Spend(calls=2))


async def test_what_is_refused_is_not_counted(ledger: Ledger) -> None:
    governor = Governor(ledger, [calls(1, provider=FREE)])
    await governor.spend([OPENROUTER, FREE], CALL)
    for _ in range(3):
        with pytest.raises(QuotaExceeded):
            await governor.spend([OPENROUTER, FREE], CALL)
    usage = await governor.usage([OPENROUTER, FREE], Period.DAY)
    assert usage == {OPENROUTER: CALL, FREE: CALL}


async def test_money_is_refused_once_it_is_spent(ledger: Ledger) -> None:
    governor = Governor(ledger, [dollars(0.5)])
    await governor.spend([OPENROUTER], CALL)
    governor.count([OPENROUTER], Spend(tokens=100, dollars=0.6))
    with pytest.raises(QuotaExceeded, match=r"the budget of 0\.5 dollars a day is spent"):
        await governor.spend([OPENROUTER], CALL)
    [standing] = await governor.standings()
    assert (standing.spent, standing.left) == (0.6, 0.0)
    assert standing.ends - datetime.now(UTC) < timedelta(days=1)


async def test_what_an_earlier_process_spent_counts(database: Database, ledger: Ledger) -> None:
    async with open_governor(database, [calls(2)]) as first:
        await first.spend([COHERE], CALL)
    governor = Governor(ledger, [calls(2)])
    await governor.spend([COHERE], CALL)
    with pytest.raises(QuotaExceeded):
        await governor.spend([COHERE], CALL)


async def test_without_a_budget_nothing_is_read(database: Database) -> None:
    watched = FaultyDatabase(database)
    ledger = Ledger(watched, pause=NEVER)
    governor = Governor(ledger, [calls(1)])
    await governor.spend([OPENROUTER], CALL)
    assert watched.statements == []
    await ledger.close()


async def test_with_the_database_away_a_budget_that_is_not_known_is_not_spent(
    database: Database,
) -> None:
    watched = FaultyDatabase(database)
    watched.broken = {"spending"}
    governor = Governor(Ledger(watched, pause=NEVER), [calls(1)])
    with pytest.raises(QuotaExceeded, match="what is left of its budget is not known") as refused:
        await governor.spend([COHERE], CALL)
    assert refused.value.hint == "PostgreSQL: it is away"
    watched.broken = set()
    await governor.spend([COHERE], CALL)


class Account:
    """Tells what is left once it `may`."""

    def __init__(self, clock: Clock, told: Told) -> None:
        self.told = told
        self.asked: list[datetime] = []
        self.may = asyncio.Event()
        self.may.set()
        self._clock = clock

    async def __call__(self) -> Told:
        self.asked.append(self._clock.now)
        await self.may.wait()
        return self.told


async def test_a_provider_is_asked_what_is_left_while_somebody_spends_and_only_then() -> None:
    clock = Clock()
    account = Account(clock, Told())
    governor = Governor(_memory(), ask={OPENROUTER: account}, clock=clock)
    governor.count([OPENROUTER], CALL)
    await governor.spend([COHERE], CALL)
    await asyncio.sleep(0.01)
    assert account.asked == []
    for minutes, times in ((0, 1), (14, 1), (1, 2), (60, 3)):
        clock.now += timedelta(minutes=minutes)
        await governor.spend([OPENROUTER], CALL)
        await asyncio.sleep(0.01)
        assert len(account.asked) == times
    await governor.close()


async def test_what_a_provider_tells_is_a_budget_until_it_tells_something_else() -> None:
    clock = Clock()
    account = Account(clock, Told((calls(50, Period.DAY, FREE),), dollars_left=0.25))
    governor = Governor(_memory(), ask={OPENROUTER: account}, clock=clock)
    governor.count([OPENROUTER], Spend(dollars=1.0))
    await governor.spend([OPENROUTER, FREE], CALL)
    [free, left] = await governor.standings()
    assert (free.budget.amount, free.spent) == (50, 1)
    assert (left.budget.told, left.left) == (True, 0.25)
    governor.count([OPENROUTER], Spend(dollars=0.25))
    with pytest.raises(QuotaExceeded, match="dollars a day is spent"):
        await governor.spend([OPENROUTER], CALL)
    account.told = Told(dollars_left=5.0)
    clock.now += timedelta(minutes=15)
    account.may.clear()
    with pytest.raises(QuotaExceeded):
        await governor.spend([OPENROUTER], CALL)
    account.may.set()
    await asyncio.sleep(0.01)
    await governor.spend([OPENROUTER], CALL)
    await governor.close()


async def test_who_looks_again_and_again_has_nobody_asked_each_time() -> None:
    clock = Clock()
    account = Account(clock, Told(dollars_left=1.0))
    governor = Governor(_memory(), ask={OPENROUTER: account}, clock=clock)
    for seconds, times in ((0, 1), (59, 1), (1, 2), (1, 2)):
        clock.now += timedelta(seconds=seconds)
        [left] = await governor.standings()
        assert (left.left, len(account.asked)) == (1.0, times)


async def test_a_new_day_is_asked_about_at_once() -> None:
    clock, asked = Clock(datetime(2026, 11, 20, 23, 59, tzinfo=UTC)), []

    async def ask() -> Told:
        asked.append(clock.now)
        return Told()

    governor = Governor(_memory(), ask={OPENROUTER: ask}, clock=clock)
    await governor.spend([OPENROUTER], CALL)
    clock.now += timedelta(minutes=2)
    await governor.spend([OPENROUTER], CALL)
    await until(lambda: len(asked) == 2)
    await governor.close()


async def test_a_provider_that_does_not_tell_keeps_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")

    async def away() -> Told:
        raise ServiceUnavailable("OpenRouter", "could not be reached.")

    async def silent() -> Told:
        await asyncio.Event().wait()
        return Told()

    governor = Governor(_memory(), ask={OPENROUTER: away, FREE: silent})
    await governor.spend([OPENROUTER, FREE], CALL)
    await until(lambda: "OpenRouter does not tell what is left" in caplog.text)
    await governor.close()


def _memory() -> Ledger:
    return Memory()  # type: ignore[return-value] # it has what the governor uses


@given(
    st.integers(1, 20),
    st.floats(0.1, 2.0),
    st.lists(
        st.tuples(st.sampled_from(["begin", "end", "sync"]), st.integers(1, 3), st.floats(0, 0.5)),
        max_size=80,
    ),
)
def test_no_budget_is_overrun_by_more_than_was_in_flight(
    most_calls: int, most_dollars: float, steps: Sequence[tuple[str, int, float]]
) -> None:
    """Calls, which are counted ahead, never; dollars by what those cost that had begun before."""
    budgets = [calls(most_calls, Period.DAY, OPENROUTER), dollars(most_dollars)]

    async def play() -> None:
        ledger = _memory()
        governor = Governor(ledger, budgets)
        in_flight: list[float] = []
        begun = spent = 0.0
        most = float("inf")
        for kind, count, cost in steps:
            if kind == "end":
                if in_flight:
                    paid = in_flight.pop()
                    governor.count([OPENROUTER], Spend(dollars=paid))
                    spent += paid
                    if spent >= most_dollars and most == float("inf"):
                        most = spent + sum(in_flight)
                continue
            priority = Priority.SYNC if kind == "sync" else Priority.QUESTION
            try:
                await governor.spend([OPENROUTER], Spend(calls=count), priority)
            except QuotaExceeded:
                over = begun + count > most_calls * priority.value
                assert over or spent >= most_dollars * priority.value
                continue
            begun += count
            in_flight.append(cost)
        assert begun <= most_calls
        assert spent + sum(in_flight) <= most + 1e-9

    asyncio.run(play())


@given(st.integers(1, 10), st.integers(1, 40))
def test_those_who_come_at_once_share_what_is_left(most: int, people: int) -> None:
    async def play() -> int:
        governor = Governor(_memory(), [calls(most)])
        ends = await asyncio.gather(
            *(governor.spend([COHERE], CALL) for _ in range(people)), return_exceptions=True
        )
        return sum(end is None for end in ends)

    assert asyncio.run(play()) == min(most, people)
