"""What ails a service for some seconds: until it was met, and then until the service is well."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from tests.chaos.bots import Bot
from tests.chaos.world import World
from tests.support.front import Front
from tests.support.providers import CHAT, EMBED, FAULTS, RERANK
from tests.support.qdrant_server import QdrantServer, Trouble

INDEX = "vector index"

_EMBEDDING, _RERANKING, _OPENROUTER = "Cohere's embedding", "Cohere's reranking", "OpenRouter"
_PATHS = {_EMBEDDING: EMBED, _RERANKING: RERANK, _OPENROUTER: CHAT}
_MISTRUSTED = "a certificate that nobody vouches for"
_OTHER_DIMENSION = (
    b'{"status": {"error": "Wrong input: Vector dimension error: expected dim: 8, got 256"}}'
)
TROUBLES = {
    "failing": Trouble(status=503),
    "slow": Trouble(delay=3600.0),
    "broken off": Trouble(disconnect=True),
    "empty": Trouble(empty=True),
    "at another dimension": Trouble(
        status=400, body=_OTHER_DIMENSION, of="/points/query/batch", holding=b'"dense"'
    ),
}
_STEPS_DOWN = {
    _RERANKING: "Keeping the fused order. Cohere: could not be reached",
    _OPENROUTER: "Asking the next model. OpenRouter: could not be reached",
}
"""What a bot says when nobody listens to what it asks."""

_SECONDS = (2.0, 5.0)
_LOOK = 0.1


class Ailment(Protocol):
    """`met` counts the requests that it befell, `served` those that reached the service."""

    async def begin(self) -> None: ...
    async def end(self) -> None: ...
    def met(self) -> int: ...
    def served(self) -> int: ...


async def suffer(ailment: Ailment, chance: random.Random, quiet: asyncio.Event) -> int:
    """How many requests met it. Once it is `quiet`, none are waited for.

    Before the next thing ails it, the service is asked again: else breakers would leave it alone
    for longer and longer, and nothing would meet what comes next.
    """
    before = ailment.met()
    await ailment.begin()
    try:
        await asyncio.sleep(chance.uniform(*_SECONDS))
        await _until(lambda: ailment.met() > before, quiet)
    finally:
        await ailment.end()
    met, served = ailment.met() - before, ailment.served()
    await _until(lambda: ailment.served() > served, quiet)
    return met


async def _until(come: Callable[[], bool], quiet: asyncio.Event) -> None:
    while not come() and not quiet.is_set():  # noqa: ASYNC110 - what is counted tells nobody
        await asyncio.sleep(_LOOK)


def ailments(world: World, bots: Sequence[Bot]) -> Iterator[tuple[str, str, Ailment]]:
    """All that there are, each with what it ails and its name."""
    for service, path in _PATHS.items():
        for fault in FAULTS:
            yield service, f"{service}: {fault}", Failing(world, path, fault)
    yield from _of_front(world, _RERANKING, "Cohere", world.cohere, bots)
    yield from _of_front(world, _OPENROUTER, _OPENROUTER, world.openrouter, bots)
    for name, trouble in TROUBLES.items():
        yield INDEX, f"{INDEX} {name}", Troubled(world.qdrant, replace(trouble))


def _of_front(
    world: World, asked: str, service: str, front: Front, bots: Sequence[Bot]
) -> Iterator[tuple[str, str, Ailment]]:
    """Of all that a service is asked; `asked` is asked with each question."""
    path = _PATHS[asked]
    yield asked, f"{service}: refused", Refused(world, front, path, bots, _STEPS_DOWN[asked])
    if front.has_certificate:
        yield asked, f"{service}: {_MISTRUSTED}", Mistrusted(world, front, path)


@dataclass(frozen=True)
class Failing:
    """A provider fails what it is asked on one path."""

    world: World
    path: str
    fault: str

    async def begin(self) -> None:
        """It fails from now on."""
        self.world.failing[self.path] = self.fault

    async def end(self) -> None:
        """It is well."""
        del self.world.failing[self.path]

    def met(self) -> int:
        """As the stand-in counts them."""
        return self.world.providers.met[self.path]

    def served(self) -> int:
        """What was answered well."""
        return self.world.providers.asked[self.path] - self.met()


@dataclass(frozen=True)
class Refused:
    """Nobody listens at a provider's address. Only the bots can tell who met it, in their logs."""

    world: World
    front: Front
    path: str
    bots: Sequence[Bot]
    said: str

    async def begin(self) -> None:
        """Whoever is connected is cut off."""
        await self.front.refuse()

    async def end(self) -> None:
        """At the same address as before."""
        await self.front.listen()

    def met(self) -> int:
        """How often a bot said so."""
        return sum(bot.log.count(self.said.encode()) for bot in self.bots)

    def served(self) -> int:
        """What reached the stand-in."""
        return self.world.providers.asked[self.path]


@dataclass(frozen=True)
class Mistrusted:
    """A provider's certificate is one that nobody vouches for."""

    world: World
    front: Front
    path: str

    async def begin(self) -> None:
        """Whoever is connected is cut off."""
        self.front.lose_trust()

    async def end(self) -> None:
        """With the certificate of before."""
        self.front.regain_trust()

    def met(self) -> int:
        """The connections that were shown it."""
        return self.front.mistrusted

    def served(self) -> int:
        """What reached the stand-in."""
        return self.world.providers.asked[self.path]


@dataclass(frozen=True)
class Troubled:
    """Trouble with the vector index."""

    qdrant: QdrantServer
    trouble: Trouble

    async def begin(self) -> None:
        """Every request, or every one of a kind, meets it."""
        self.qdrant.trouble = self.trouble

    async def end(self) -> None:
        """All is found again."""
        self.qdrant.trouble = None

    def met(self) -> int:
        """As the stand-in counts them."""
        return self.trouble.met

    def served(self) -> int:
        """What came while nothing was wrong, or beside what was."""
        return len(self.qdrant.requests) - self.trouble.met
