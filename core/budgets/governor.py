"""Lets calls of paid services through while their budgets last."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias

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
    total,
)
from core.budgets.ledger import Ledger, open_ledger
from core.errors import DocentError, QuotaExceeded, ServiceError
from core.ports import Database

log = logging.getLogger(__name__)

_ASK_AGAIN = timedelta(minutes=15)
_FRESH = timedelta(minutes=1)
"""How old an answer may be that somebody looks at."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a provider says of a key: budgets, and the dollars that are left on it right now."""

    budgets: tuple[Budget, ...] = ()
    dollars_left: float | None = None


AskProvider: TypeAlias = Callable[[], Awaitable[Told]]
"""Raises DocentError."""


class Governor:
    """Counts what providers are used for, and refuses what goes beyond a budget.

    In one process no budget of calls is ever overrun, and one that only the end of a call counts
    against, of tokens or dollars, by no more than what was in flight. Of other processes it knows
    as of the last batch that it wrote.

    `ask` are the providers that tell what is left: in the background, at most every quarter of an
    hour, and only while somebody spends.
    """

    def __init__(
        self,
        ledger: Ledger,
        budgets: Iterable[Budget] = (),
        *,
        ask: dict[Provider, AskProvider] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._ledger = ledger
        self._budgets = tuple(budgets)
        self._ask = ask or {}
        self._told: dict[Provider, tuple[Budget, ...]] = {}
        self._asked: dict[Provider, datetime] = {}
        self._asking: set[asyncio.Task[None]] = set()
        self._clock = clock

    async def spend(
        self, providers: Sequence[Provider], spend: Spend, priority: Priority = Priority.QUESTION
    ) -> None:
        """Counts the spend, before it is made. Raises QuotaExceeded, and then counts nothing.

        One call may be counted for several providers, as one on a free plan beside all of them.
        """
        for provider in providers:
            self._ask_if_older(provider, _ASK_AGAIN)
        if self._of(providers):
            await self._know_what_was_spent(providers[0])
        for budget in self._of(providers):
            self._require(budget, spend, priority)
        self.count(providers, spend)
        await self._ledger.settle()

    def count(self, providers: Sequence[Provider], spend: Spend) -> None:
        """Counts what is only known after the call, whatever the budgets say."""
        today, counted = self._today(), plausible(spend)
        for provider in providers:
            self._ledger.count(provider, today, counted)

    def estimated_dollars(self, provider: Provider, tokens: int) -> float:
        """What tokens may have cost that the provider did not put a price on."""
        return estimated_dollars(self._spent(provider, Period.MONTH), tokens)

    async def standings(self) -> list[Standing]:
        """Of each budget, after what the providers tell. Raises ServiceError."""
        await self._ledger.load(self._today())
        for provider in self._ask:
            self._ask_if_older(provider, _FRESH)
        await asyncio.gather(*self._asking)
        return self.remembered()

    def remembered(self) -> list[Standing]:
        """The same from memory: as far as the ledger was read, and providers told."""
        return [
            Standing(
                budget,
                self._spent(budget.provider, budget.period).of(budget.unit),
                budget.period.end(self._today()),
            )
            for budget in self._all()
        ]

    async def usage(self, providers: Iterable[Provider], period: Period) -> dict[Provider, Spend]:
        """What each was used for in the period so far. Raises ServiceError."""
        await self._ledger.load(self._today())
        return {each: self._spent(each, period) for each in providers}

    async def close(self) -> None:
        """Waits for no provider any more."""
        for task in self._asking:
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)

    def _today(self) -> date:
        return self._clock().astimezone(UTC).date()

    def _all(self) -> Sequence[Budget]:
        return [*self._budgets, *(budget for told in self._told.values() for budget in told)]

    def _of(self, providers: Sequence[Provider]) -> list[Budget]:
        return [budget for budget in self._all() if budget.provider in providers]

    def _spent(self, provider: Provider, period: Period) -> Spend:
        return total(self._ledger.spending, provider, period, self._today())

    async def _know_what_was_spent(self, provider: Provider) -> None:
        try:
            await self._ledger.load(self._today())
        except ServiceError as exc:
            # Not the database's own error, which would be taken for one of the provider's.
            raise QuotaExceeded(
                provider.name,
                "what is left of its budget is not known.",
                hint=f"{exc} {exc.hint}".strip(),
            ) from exc

    def _require(self, budget: Budget, spend: Spend, priority: Priority) -> None:
        spent = self._spent(budget.provider, budget.period)
        if not budget.admits(spent, spend, priority):
            raise _refusal(budget, priority, budget.period.end(self._today()))

    def _ask_if_older(self, provider: Provider, age: timedelta) -> None:
        """In the background, unless it was asked that lately, on the same day."""
        if provider in self._ask and self._is_due(provider, age):
            task = asyncio.create_task(self._renew(provider))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    def _is_due(self, provider: Provider, age: timedelta) -> bool:
        asked, now = self._asked.get(provider), self._clock()
        return asked is None or now - asked >= age or now.date() != asked.date()

    async def _renew(self, provider: Provider) -> None:
        """What is told stands until the provider tells something else."""
        self._asked[provider] = self._clock()
        # As of before the request: what is spent meanwhile may be part of what is told already,
        # and is then counted twice rather than not at all.
        spent = self._spent(provider, Period.DAY).dollars
        try:
            told = await self._ask[provider]()
        except DocentError as exc:
            log.info("%s does not tell what is left. %s", provider.name, exc)
            return
        left = []
        if told.dollars_left is not None:
            amount = spent + told.dollars_left
            left.append(Budget(provider, Unit.DOLLARS, Period.DAY, amount, told=True))
        self._told[provider] = (*told.budgets, *left)


@asynccontextmanager
async def open_governor(
    database: Database,
    budgets: Iterable[Budget] = (),
    *,
    ask: dict[Provider, AskProvider] | None = None,
) -> AsyncIterator[Governor]:
    """A governor whose ledger is written to the end when the block ends."""
    async with open_ledger(database) as ledger:
        governor = Governor(ledger, budgets, ask=ask)
        try:
            yield governor
        finally:
            await governor.close()


def _refusal(budget: Budget, priority: Priority, ends: datetime) -> QuotaExceeded:
    unit = budget.unit.replace("_", " ")
    whole = f"{budget.amount:,g} {unit} a {budget.period}"
    again = f"It begins anew on {ends.day} {ends:%B} at midnight UTC; `docent quota` shows all."
    name = budget.provider.name
    if priority is Priority.SYNC:
        share = f"of the budget of {whole}, syncs may use {priority.value:.0%}"
        return QuotaExceeded(name, f"{share}, which this goes beyond.", hint=again)
    return QuotaExceeded(name, f"the budget of {whole} is spent.", hint=again)
