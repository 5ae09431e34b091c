"""What providers are used for, what they may be used for, and what is left of that. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum, StrEnum
from math import isfinite
from typing import NamedTuple, TypeAlias

_MOST_OF_A_CALL = 10**8
_MOST_DOLLARS_OF_A_CALL = 1000.0


class Unit(StrEnum):
    """What is counted."""

    CALLS = "calls"
    TOKENS = "tokens"
    SEARCH_UNITS = "search_units"
    DOLLARS = "dollars"


class Period(StrEnum):
    """How long a budget has to last. Days and months are those of UTC, as the providers' are."""

    DAY = "day"
    MONTH = "month"

    def first_day(self, today: date) -> date:
        """The day on which the period that holds `today` began."""
        return today if self is Period.DAY else today.replace(day=1)

    def end(self, today: date) -> datetime:
        """The moment at which it is over, and the next one begins."""
        after = today + timedelta(days=1)
        if self is Period.MONTH:
            after = (today.replace(day=28) + timedelta(days=4)).replace(day=1)
        return datetime.combine(after, time(), UTC)


class Priority(Enum):
    """Who spends. The value is the share of a budget that they may use up.

    What a sync leaves is for the people who ask while the period lasts.
    """

    QUESTION = 1.0
    SYNC = 0.8


class Provider(NamedTuple):
    """Who is paid, and for which key: `key` is a hash of it, which tells keys apart.

    A tuple, as each call looks several things up by it.
    """

    name: str
    key: str


def provider(name: str, secret: str) -> Provider:
    """The provider as it is used with that key."""
    return Provider(name, hashlib.sha256(secret.encode()).hexdigest()[:16])


@dataclass(frozen=True, slots=True)
class Spend:
    """What was used. `tokens` are those that went in and those that came out."""

    calls: int = 0
    tokens: int = 0
    search_units: int = 0
    dollars: float = 0.0

    def __add__(self, other: Spend) -> Spend:
        return Spend(
            self.calls + other.calls,
            self.tokens + other.tokens,
            self.search_units + other.search_units,
            self.dollars + other.dollars,
        )

    def of(self, unit: Unit) -> float:
        """The amount in one unit."""
        return float(getattr(self, unit.value))


def plausible(spend: Spend) -> Spend:
    """The spend as far as a single call can come to it: services may tell anything."""
    within = 0.0 <= spend.dollars <= _MOST_DOLLARS_OF_A_CALL and all(
        0 <= amount <= _MOST_OF_A_CALL for amount in (spend.calls, spend.tokens, spend.search_units)
    )
    if within:
        return spend
    dollars = spend.dollars if isfinite(spend.dollars) else 0.0
    return Spend(
        min(max(spend.calls, 0), _MOST_OF_A_CALL),
        min(max(spend.tokens, 0), _MOST_OF_A_CALL),
        min(max(spend.search_units, 0), _MOST_OF_A_CALL),
        min(max(dollars, 0.0), _MOST_DOLLARS_OF_A_CALL),
    )


Spending: TypeAlias = Mapping[tuple[Provider, date], Spend]
"""By provider and day."""


def total(spending: Spending, provider: Provider, period: Period, today: date) -> Spend:
    """What the provider was used for in the period that holds `today`, up to it."""
    first = period.first_day(today)
    days = (s for (who, day), s in spending.items() if who == provider and first <= day <= today)
    return sum(days, Spend())


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of a unit a provider may be used for in each period.

    `told` by the provider itself, or else set by whoever runs Docent.
    """

    provider: Provider
    unit: Unit
    period: Period
    amount: float
    told: bool = False

    def admits(self, spent: Spend, wanted: Spend, priority: Priority) -> bool:
        """Whether that may be spent on top.

        Where only the end tells what a call costs, as with tokens and money, `wanted` has none of
        the unit: the call is let in while anything is left, and may be the one that uses it up.
        """
        limit = self.amount * priority.value
        before, more = spent.of(self.unit), wanted.of(self.unit)
        return before < limit and before + more <= limit


@dataclass(frozen=True, slots=True)
class Standing:
    """A budget at a moment: what is spent, and when it begins anew."""

    budget: Budget
    spent: float
    ends: datetime

    @property
    def left(self) -> float:
        """Never below 0, though what was in flight may have cost more than was left."""
        return max(0.0, self.budget.amount - self.spent)


def estimated_dollars(spent: Spend, tokens: int) -> float:
    """What so many tokens may have cost, by what others did; 0 where nothing is known."""
    return spent.dollars * tokens / spent.tokens if spent.tokens else 0.0
