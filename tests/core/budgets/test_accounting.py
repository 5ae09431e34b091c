"""The pure part of the accounts: periods, sums, and what a budget admits."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.budgets.accounting import (
    Budget,
    Period,
    Priority,
    Provider,
    Spend,
    Standing,
    Unit,
    estimated_dollars,
    plausible,
    provider,
    total,
)

COHERE = Provider("Cohere", "key")
DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))


@pytest.mark.parametrize(
    ("period", "today", "first", "end"),
    [
        (Period.DAY, date(2026, 2, 28), date(2026, 2, 28), datetime(2026, 3, 1, tzinfo=UTC)),
        (Period.DAY, date(2026, 12, 31), date(2026, 12, 31), datetime(2027, 1, 1, tzinfo=UTC)),
        (Period.MONTH, date(2026, 2, 28), date(2026, 2, 1), datetime(2026, 3, 1, tzinfo=UTC)),
        (Period.MONTH, date(2028, 2, 29), date(2028, 2, 1), datetime(2028, 3, 1, tzinfo=UTC)),
        (Period.MONTH, date(2026, 12, 1), date(2026, 12, 1), datetime(2027, 1, 1, tzinfo=UTC)),
        (Period.MONTH, date(2026, 1, 31), date(2026, 1, 1), datetime(2026, 2, 1, tzinfo=UTC)),
    ],
)
def test_periods_are_those_of_utc(period: Period, today: date, first: date, end: datetime) -> None:
    assert period.first_day(today) == first
    assert period.end(today) == end


@given(DAYS, st.sampled_from(Period))
def test_each_day_is_within_its_period(today: date, period: Period) -> None:
    end = period.end(today).date()
    assert period.first_day(today) <= today < end
    assert period.first_day(end) == end


def test_a_key_is_kept_as_a_hash_that_tells_it_from_others() -> None:
    one, other = provider("Cohere", "secret-one"), provider("Cohere", "secret-two")
    assert one == provider("Cohere", "secret-one")
    assert one != other
    assert "secret" not in repr(one)


def test_only_the_provider_and_the_period_are_added_up() -> None:
    spending = {
        (COHERE, date(2026, 10, 31)): Spend(calls=100),
        (COHERE, date(2026, 11, 1)): Spend(1, 10, 2, 0.5),
        (COHERE, date(2026, 11, 20)): Spend(2, 20, 3, 0.25),
        (COHERE, date(2026, 11, 21)): Spend(calls=1000),
        (Provider("Cohere", "other"), date(2026, 11, 20)): Spend(calls=10_000),
    }
    today = date(2026, 11, 20)
    assert total(spending, COHERE, Period.MONTH, today) == Spend(3, 30, 5, 0.75)
    assert total(spending, COHERE, Period.DAY, today) == Spend(2, 20, 3, 0.25)
    assert total(spending, Provider("OpenRouter", "key"), Period.DAY, today) == Spend()


@pytest.mark.parametrize(
    ("unit", "amount", "spent", "wanted", "question", "sync"),
    [
        (Unit.CALLS, 10, Spend(calls=0), Spend(calls=1), True, True),
        (Unit.CALLS, 10, Spend(calls=7), Spend(calls=1), True, True),
        (Unit.CALLS, 10, Spend(calls=8), Spend(calls=1), True, False),
        (Unit.CALLS, 10, Spend(calls=9), Spend(calls=1), True, False),
        (Unit.CALLS, 10, Spend(calls=10), Spend(calls=1), False, False),
        (Unit.CALLS, 10, Spend(calls=5), Spend(calls=4), True, False),
        (Unit.CALLS, 10, Spend(calls=12), Spend(calls=0), False, False),
        (Unit.CALLS, 1, Spend(calls=0), Spend(calls=1), True, False),
        (
            Unit.SEARCH_UNITS,
            10,
            Spend(search_units=9),
            Spend(calls=1, search_units=2),
            False,
            False,
        ),
        (Unit.TOKENS, 100, Spend(tokens=99), Spend(calls=1), True, False),
        (Unit.DOLLARS, 1.0, Spend(dollars=0.79), Spend(calls=1), True, True),
        (Unit.DOLLARS, 1.0, Spend(dollars=0.99), Spend(calls=1), True, False),
        (Unit.DOLLARS, 1.0, Spend(dollars=1.0), Spend(calls=1), False, False),
        (Unit.DOLLARS, 0.0, Spend(), Spend(calls=1), False, False),
        (Unit.DOLLARS, 1.0, Spend(calls=10**6), Spend(calls=1), True, True),
    ],
)
def test_a_budget_admits_what_fits_and_keeps_a_fifth_from_syncs(
    *, unit: Unit, amount: float, spent: Spend, wanted: Spend, question: bool, sync: bool
) -> None:
    budget = Budget(COHERE, unit, Period.MONTH, amount)
    assert budget.admits(spent, wanted, Priority.QUESTION) is question
    assert budget.admits(spent, wanted, Priority.SYNC) is sync


@given(st.integers(0, 50), st.integers(0, 60), st.integers(1, 10))
def test_whatever_a_sync_may_a_question_may(amount: int, spent: int, wanted: int) -> None:
    budget = Budget(COHERE, Unit.CALLS, Period.DAY, amount)
    before, more = Spend(calls=spent), Spend(calls=wanted)
    assert budget.admits(before, more, Priority.QUESTION) is (spent + wanted <= amount)
    if budget.admits(before, more, Priority.SYNC):
        assert budget.admits(before, more, Priority.QUESTION)


def test_what_is_left_is_never_less_than_nothing() -> None:
    budget = Budget(COHERE, Unit.DOLLARS, Period.DAY, 1.0)
    end = datetime(2026, 11, 21, tzinfo=UTC)
    assert Standing(budget, 0.75, end).left == 0.25
    assert Standing(budget, 1.25, end).left == 0.0


@pytest.mark.parametrize(
    ("told", "believed"),
    [
        (Spend(1, 1200, 1, 0.25), Spend(1, 1200, 1, 0.25)),
        (Spend(1, -5, -1, -0.5), Spend(1)),
        (Spend(1, 10**30, 0, 1e300), Spend(1, 10**8, 0, 1000.0)),
        (Spend(1, 0, 0, float("inf")), Spend(1)),
        (Spend(1, 0, 0, float("nan")), Spend(1)),
    ],
)
def test_a_service_is_not_believed_whatever_it_tells(told: Spend, believed: Spend) -> None:
    assert plausible(told) == believed


@pytest.mark.parametrize(
    ("spent", "tokens", "dollars"),
    [(Spend(tokens=1000, dollars=0.5), 100, 0.05), (Spend(tokens=0, dollars=0.5), 100, 0.0)],
)
def test_what_nobody_told_is_priced_by_what_was_told(
    spent: Spend, tokens: int, dollars: float
) -> None:
    assert estimated_dollars(spent, tokens) == pytest.approx(dollars)
