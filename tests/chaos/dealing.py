"""Deals the deck of faults at random moments, drawn from a seed."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter

from tests.chaos.faults import Card

_DEALT_BY = 0.8
"""The share of the time in which people ask by which the last card is to be dealt."""


@dataclass
class Chaos:
    """`dealt` counts the faults by name, `met` the requests that met them, where that is known."""

    deck: Sequence[Card]
    chance: random.Random
    dealt: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)

    async def reign(self, seconds: float, *, whole: bool = True) -> None:
        """The whole deck; or what is due, and one other fault of each lane."""
        hands = self._whole() if whole else self._short()
        async with asyncio.TaskGroup() as tasks:
            for hand in hands:
                chance = random.Random(self.chance.random())  # noqa: S311 - a test's
                tasks.create_task(self._play(hand, chance, seconds * _DEALT_BY))

    def lacking(self) -> list[str]:
        """What a whole run cannot do without: each kind, met by somebody."""
        names = [card.name for card in self.deck]
        never = [f"{name}: never happened" for name in names if not self.dealt[name]]
        unmet = [f"{name}: nothing met it" for name in names if self.met.get(name) == 0]
        return never + unmet

    def counts(self) -> dict[str, int]:
        """How often each kind happened that did."""
        return {self._named(name): count for name, count in self.dealt.items()}

    def _named(self, name: str) -> str:
        return f"{name} (met {self.met[name]} times)" if name in self.met else name

    def _whole(self) -> Iterator[list[Card]]:
        yield from _lanes([card for card in self.deck for _ in range(card.times)])

    def _short(self) -> Iterator[list[Card]]:
        for hand in _lanes(self.deck):
            due = [card for card in hand if card.due]
            yield [*due, self.chance.choice([card for card in hand if not card.due])]

    async def _play(self, hand: list[Card], chance: random.Random, seconds: float) -> None:
        """One after the other; what takes long puts off what comes after it."""
        chance.shuffle(hand)
        moments = sorted(chance.uniform(0.0, seconds) for _ in hand)
        began = asyncio.get_running_loop().time()
        for moment, card in zip(moments, hand, strict=True):
            await asyncio.sleep(began + moment - asyncio.get_running_loop().time())
            self.dealt[card.name] += 1
            met = await card.fault(chance)
            if met is not None:
                self.met[card.name] += met


def _lanes(cards: Sequence[Card]) -> Iterator[list[Card]]:
    by_lane = attrgetter("lane")
    for _, hand in groupby(sorted(cards, key=by_lane), by_lane):
        yield list(hand)
