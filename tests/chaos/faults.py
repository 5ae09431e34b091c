"""What goes wrong, drawn at random from a seed."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from tests.chaos.bots import Bot
from tests.chaos.world import World
from tests.support.providers import CHAT, EMBED, FAULTS, RERANK, no_fault
from tests.support.qdrant_server import Trouble

LONGER_THAN_A_LEASE = 30.0

_TROUBLES = {
    "failing": Trouble(status=503),
    "slow": Trouble(delay=3600.0),
    "broken off": Trouble(disconnect=True),
}

Fault: TypeAlias = Callable[[], Awaitable[None]]


@dataclass
class Chaos:
    """Faults of a world and its bots. `happened` counts them by name."""

    world: World
    bots: Sequence[Bot]
    chance: random.Random
    gone: float
    happened: Counter[str] = field(default_factory=Counter)
    _one_bot: asyncio.Lock = field(default_factory=asyncio.Lock)
    _one_outage: asyncio.Lock = field(default_factory=asyncio.Lock)

    def once(self) -> Mapping[str, Fault]:
        """What takes long, and happens once each."""
        postgres = self.world.postgres
        return {
            "SIGSTOP past a lease": lambda: self._bot(lambda b: b.freeze(LONGER_THAN_A_LEASE)),
            f"PostgreSQL gone for {self.gone:.0f} s": self._database(
                lambda: postgres.be_gone(self.gone)
            ),
        }

    def often(self) -> Mapping[str, Fault]:
        """What happens again and again."""
        postgres, world = self.world.postgres, self.world
        return {
            "SIGKILL": lambda: self._bot(Bot.kill),
            "SIGTERM": lambda: self._bot(Bot.deploy),
            "PostgreSQL restarted": self._database(postgres.restart),
            "PostgreSQL asleep for 5 s": self._database(lambda: postgres.sleep(5.0)),
            "connections to PostgreSQL dropped": self._database(
                lambda: postgres.drop_connections(5)
            ),
            "Cohere": lambda: self._provider((EMBED, RERANK)),
            "OpenRouter": lambda: self._provider((CHAT,)),
            "vector index": self._index,
            "Slack's sockets dropped": lambda: _at_once(world.slack.socket.drop),
            "Slack's limits": lambda: _at_once(self._limit_slack),
            "Discord's gateway dropped": lambda: _at_once(world.discord.drop_gateway),
        }

    async def reign(self, seconds: float, *, every: float) -> None:
        """One fault after about `every` seconds, each for a while, until the time is over."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        once = list(self.once().items())
        self.chance.shuffle(once)
        moments = sorted(self.chance.uniform(0.1, 0.6) for _ in once)
        async with asyncio.TaskGroup() as tasks:
            for moment, (name, fault) in zip(moments, once, strict=True):
                tasks.create_task(self._later(moment * seconds, name, fault))
            bag = [("SIGKILL", self.often()["SIGKILL"])]
            while loop.time() < ends:
                if not bag:
                    bag = list(self.often().items())
                    self.chance.shuffle(bag)
                tasks.create_task(self._happen(*bag.pop()))
                await asyncio.sleep(self.chance.uniform(0.5, 1.5) * every)

    async def _later(self, seconds: float, name: str, fault: Fault) -> None:
        await asyncio.sleep(seconds)
        await self._happen(name, fault)

    async def _happen(self, name: str, fault: Fault) -> None:
        self.happened[name] += 1
        await fault()

    async def _bot(self, what: Callable[[Bot], Awaitable[None]]) -> None:
        """To one of them, while the others are left alone."""
        async with self._one_bot:
            await what(self.chance.choice(self.bots))

    def _database(self, fault: Fault) -> Fault:
        """One after the other."""

        async def in_turn() -> None:
            async with self._one_outage:
                await fault()

        return in_turn

    async def _provider(self, paths: Sequence[str]) -> None:
        path, fault = self.chance.choice(paths), self.chance.choice(FAULTS)
        self.happened[f"  {path}: {fault}"] += 1
        self.world.providers.fault = lambda asked: fault if asked == path else None
        await asyncio.sleep(self.chance.uniform(2, 6))
        self.world.providers.fault = no_fault

    async def _index(self) -> None:
        name = self.chance.choice(list(_TROUBLES))
        self.happened[f"  vector index: {name}"] += 1
        self.world.qdrant.trouble = _TROUBLES[name]
        await asyncio.sleep(self.chance.uniform(2, 6))
        self.world.qdrant.trouble = None

    def _limit_slack(self) -> None:
        for method in ("chat.postMessage", "chat.update", "chat.startStream", "chat.stopStream"):
            self.world.slack.faults.limit(method, times=3)


async def _at_once(what: Callable[[], None]) -> None:
    what()
