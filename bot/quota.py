"""What `docent quota` and `/quota` tell: what is left of each budget, and what follows then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from bot.app import open_database, read_openrouter_plan
from bot.budgets import (
    COHERE,
    FREE,
    OPENROUTER,
    PAID,
    asked,
    budgets,
    cohere,
    has_free,
    has_paid,
    openrouter,
)
from bot.parts import App
from bot.settings import Settings
from core.budgets.accounting import Period, Priority, Provider, Spend, Standing, Unit
from core.budgets.governor import Governor, open_governor
from core.migrations.runner import migrate
from core.ports import Database

NO_PROVIDERS = "Docent uses no paid service here, so that nothing can run out."
_QUOTES = "After that, answers are quotes from the docs."
_BY_WORDS = (
    "After that, passages are found by their words alone (BM25) and are not reranked, and a sync "
    "that has something new to embed fails."
)


@dataclass(frozen=True, slots=True)
class Quota:
    """The budgets as they stand, what was used this month, and by provider what follows."""

    standings: Sequence[Standing]
    used: Mapping[Provider, Spend]
    then: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        """Lists, numbers, strings and booleans; times are in ISO 8601."""
        return {
            "budgets": [self._budget(standing) for standing in self.standings],
            "used_this_month": [
                {"provider": provider.name, **asdict(spend)}
                for provider, spend in self.used.items()
            ],
        }

    def lines(self) -> Iterator[str]:
        """The same for people: sentences, of which each stands for itself."""
        if not self.used:
            yield NO_PROVIDERS
        for provider, spend in self.used.items():
            yield f"{provider.name}, this month so far: {_amounts(spend)}."
        for standing, left in zip(self.standings, self.left(), strict=True):
            yield f"{left} {self.then[standing.budget.provider.name]}"

    def left(self) -> Iterator[str]:
        """What is left alone, a sentence for each budget."""
        return map(_left, self.standings)

    def _budget(self, standing: Standing) -> dict[str, Any]:
        budget = standing.budget
        return {
            "provider": budget.provider.name,
            "unit": budget.unit.value,
            "period": budget.period.value,
            "amount": budget.amount,
            "spent": standing.spent,
            "left": standing.left,
            "ends": standing.ends.isoformat(),
            "told": budget.told,
            "then": self.then[budget.provider.name],
        }


async def read_quota(settings: Settings) -> Quota:
    """Opens the database alone, so that it works beside a running bot. Raises ServiceError."""
    async with open_database(settings) as database:
        await migrate(database)
        return await quota_in(settings, database)


async def quota_in(settings: Settings, database: Database) -> Quota:
    """As that database, which has its tables, knows it. Raises ServiceError."""
    ask = asked(settings, partial(read_openrouter_plan, settings))
    async with open_governor(database, budgets(settings), ask=ask) as governor:
        return await quota_of(settings, governor)


async def quota_of(settings: Settings, governor: Governor) -> Quota:
    """As that governor knows it. Raises ServiceError."""
    payers = [each for each in (cohere(settings), openrouter(settings)) if each is not None]
    standings = await governor.standings() if payers else []
    used = await governor.usage(payers, Period.MONTH) if payers else {}
    return Quota(standings, used, _consequences(settings))


async def quota_text(app: App, person: str) -> str:
    """For the person who asks in a chat, as Markdown. Raises ServiceError."""
    quota = await quota_of(app.settings, app.governor)
    own = _own(app.limits.left(person), app.limits.minutes)
    return "\n\n".join([*quota.lines(), *own])


def _own(left: int | None, minutes: int) -> Iterator[str]:
    if left is not None:
        questions = "1 more question" if left == 1 else f"{left} more questions"
        yield f"You may ask {questions} now; within {minutes} minutes they come back."


def _consequences(settings: Settings) -> dict[str, str]:
    free = "After that, the free models answer." if has_free(settings) else _QUOTES
    paid = "After that, the paid models answer." if has_paid(settings) else _QUOTES
    return {COHERE: _BY_WORDS, OPENROUTER: _QUOTES, PAID: free, FREE: paid}


def _left(standing: Standing) -> str:
    budget = standing.budget
    if budget.told and budget.unit is Unit.DOLLARS:
        return f"{budget.provider.name}: {standing.left:.2f} dollars are left on the key."
    unit = budget.unit.replace("_", " ")
    of = f"{_number(standing.left, budget.unit)} of {_number(budget.amount, budget.unit)} {unit}"
    kept = ""
    if budget.provider.name == COHERE:
        share = (1 - Priority.SYNC.value) * budget.amount
        kept = f" The last {_number(share, budget.unit)} are kept for questions."
    return f"{budget.provider.name}: {of} are left until {_when(standing.ends)}.{kept}"


def _number(amount: float, unit: Unit) -> str:
    return f"{amount:,.2f}" if unit is Unit.DOLLARS else f"{amount:,.0f}"


def _when(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _amounts(spend: Spend) -> str:
    parts = [f"{spend.calls:,} calls", f"{spend.tokens:,} tokens"]
    if spend.search_units:
        parts.append(f"{spend.search_units:,} search units")
    if spend.dollars:
        parts.append(f"{spend.dollars:,.2f} dollars")
    return ", ".join(parts)
