"""What goes wrong: a deck of cards, all of which are dealt in a whole run."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from tests.chaos.ailments import INDEX, ailments, suffer
from tests.chaos.bots import Bot
from tests.chaos.world import World
from tests.support.clocks import Clock

LONGER_THAN_A_LEASE = 30.0

_MINUTES = (120.0, 600.0)
"""Seconds by which a clock jumps, and jumps back."""

_WRONG = (10.0, 20.0)
"""Seconds until it jumps back."""

Fault: TypeAlias = Callable[[random.Random], Awaitable[int | None]]
"""Ends when it is over; returns how many requests met it, where somebody counts them."""


@dataclass(frozen=True)
class Card:
    """A kind of fault, `times` in the deck.

    Faults of one lane come one after the other, while those of the others go on. What is `due` is
    dealt in the shortest run.
    """

    lane: str
    name: str
    times: int
    fault: Fault
    due: bool = False


def deck(
    world: World, bots: Sequence[Bot], clocks: Sequence[Clock], gone: float, quiet: asyncio.Event
) -> list[Card]:
    """Of what can be done to the world and the bots."""
    return [
        *_of_bots(bots),
        *_of_database(world, gone),
        *_of_platforms(world),
        *_of_services(world, bots, quiet),
        *(_of_clocks(clocks) if clocks else ()),
    ]


def _of_bots(bots: Sequence[Bot]) -> Iterator[Card]:
    def to_one(what: Callable[[Bot], Awaitable[object]]) -> Fault:
        async def fault(chance: random.Random) -> None:
            await what(chance.choice(bots))

        return fault

    yield Card("bots", "SIGKILL", 5, to_one(Bot.kill), due=True)
    yield Card("bots", "SIGTERM", 4, to_one(Bot.deploy))
    frozen = to_one(lambda bot: bot.freeze(LONGER_THAN_A_LEASE))
    yield Card("bots", "SIGSTOP past a lease", 1, frozen, due=True)


def _of_database(world: World, gone: float) -> Iterator[Card]:
    postgres, card = world.postgres, partial(Card, "database")
    away = _done(lambda: postgres.be_gone(gone))
    yield card(f"PostgreSQL gone for {gone:.0f} s", 1, away, due=True)
    yield card("PostgreSQL restarted", 3, _done(postgres.restart))
    yield card("PostgreSQL asleep for 5 s", 3, _done(lambda: postgres.sleep(5.0)))
    dropped = _done(lambda: postgres.drop_connections(5))
    yield card("connections to PostgreSQL dropped", 3, dropped)


def _of_platforms(world: World) -> Iterator[Card]:
    async def limit() -> None:
        for method in ("chat.postMessage", "chat.update", "chat.startStream", "chat.stopStream"):
            world.slack.faults.limit(method, times=3)

    async def drop_sockets() -> None:
        world.slack.socket.drop()

    async def drop_gateway() -> None:
        world.discord.drop_gateway()

    yield Card("platforms", "Slack's sockets dropped", 4, _done(drop_sockets))
    yield Card("platforms", "Slack's limits", 4, _done(limit))
    yield Card("platforms", "Discord's gateway dropped", 4, _done(drop_gateway))


def _of_services(world: World, bots: Sequence[Bot], quiet: asyncio.Event) -> Iterator[Card]:
    for service, name, ailment in ailments(world, bots):
        times = 2 if service == INDEX else 1
        yield Card(service, name, times, partial(suffer, ailment, quiet=quiet))


def _of_clocks(clocks: Sequence[Clock]) -> Iterator[Card]:
    def jump(sign: int) -> Fault:
        async def fault(chance: random.Random) -> None:
            clock = chance.choice(clocks)
            clock.set_off(sign * chance.uniform(*_MINUTES))
            await asyncio.sleep(chance.uniform(*_WRONG))
            clock.set_off(0.0)

        return fault

    yield Card("clocks", "a bot's clock jumps ahead by minutes, and back", 2, jump(1))
    yield Card("clocks", "a bot's clock jumps back by minutes, and ahead", 2, jump(-1))


def _done(what: Callable[[], Awaitable[object]]) -> Fault:
    """A fault that is over when this is done."""

    async def fault(_: random.Random) -> None:
        await what()

    return fault
