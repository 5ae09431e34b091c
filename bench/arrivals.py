"""Questions that come when people ask them, whatever became of those before: an open loop.

A loop that waits for answers asks less when they are slow, and so hides how slow they are.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bench.corpus import question

CONVERSATIONS: Final = 1000


@dataclass(frozen=True, slots=True)
class Arrival:
    """The `n`th question, `at` so many seconds after the start, in one of the conversations.

    It `follows` where that had one before. Its text is made before the clock runs, which is to
    measure who answers it.
    """

    n: int
    at: float
    conversation: int
    follows: bool
    text: str


@dataclass(slots=True)
class Seen:
    """When what was due at `due` came: the first token, the last, and its place in the store.

    All in seconds of the loop's clock; 0 until then. The services alone take `services` seconds
    until the first token.
    """

    due: float
    services: float = 0.0
    first: float = 0.0
    last: float = 0.0
    stored: float = 0.0
    queued: bool = False


def poisson(rate: float, seconds: float, conversations: int, seed: int) -> list[Arrival]:
    """Arrivals at `rate` a second on the average; the same ones for the same seed.

    A conversation does not get a second question before each of the others had one, as nobody
    asks again while an answer is being written.
    """
    return list(_arrivals(rate, seconds, conversations, random.Random(seed)))  # noqa: S311 - no secret


def _arrivals(
    rate: float, seconds: float, conversations: int, chance: random.Random
) -> Iterator[Arrival]:
    order = list(range(conversations))
    chance.shuffle(order)
    n, at = 0, chance.expovariate(rate)
    while at < seconds:
        yield Arrival(n, at, order[n % conversations], n >= conversations, question(n))
        n, at = n + 1, at + chance.expovariate(rate)


async def offer(
    arrivals: Sequence[Arrival], ask: Callable[[Arrival, float], Coroutine[None, None, object]]
) -> None:
    """Begins `ask(arrival, due)` when each is due, and returns when all of them have ended.

    `due` is the loop's time at which it should have begun: what is late already counts. Raises
    an ExceptionGroup when one fails.
    """
    loop = asyncio.get_running_loop()
    start = loop.time()
    async with asyncio.TaskGroup() as asking:
        for arrival in arrivals:
            due = start + arrival.at
            await asyncio.sleep(max(0.0, due - loop.time()))
            asking.create_task(ask(arrival, due))
