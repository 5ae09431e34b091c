"""From a platform's event to the final post: the whole bot, on stand-ins of all that is outside.

People ask in an open loop, each in a conversation of their own. The platform's stand-in is in this
process, the services' in another, both on the core that the bot is not on. What is shown counts
from when a question was due, without the time that the services take by themselves.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import aiohttp
from rich.console import Console
from rich.table import Table

from bench.arrivals import Arrival, offer, poisson
from bench.corpus import question, write_corpus
from bench.measures import ITS_SURROUNDINGS, Percentiles, load_average, on_core, percentiles
from bench.outcome import conclude, options
from bench.platform_places import Place, open_place
from bench.standins.services import Latency
from bot.loop import quickest_loop

PLATFORMS = ("slack", "slack-http", "discord")
WORDS_A_CLAIM = 13  # as bench.corpus writes them
TARGET_FIRST_MS = 100.0
TARGET_LAG_MS = 20.0
LONG = 120.0


@dataclass(slots=True)
class Shown:
    """When what a question led to was seen on the platform, in seconds of the loop's clock."""

    due: float
    first: float = 0.0
    last: float = 0.0
    changes: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """What came of it on one platform.

    `first_ms` is our share of the time to the first visible text, `final_ms` that of the time to
    the last change of it. `calls` are those that the platform was sent for an answer, by method.
    """

    platform: str
    limited: bool
    rate: float
    seconds: float
    seed: int
    asked: int
    answered_once: int
    services_ms: tuple[float, float]
    first_ms: Percentiles
    final_ms: Percentiles
    lag_ms: Percentiles
    cpu_ms: float
    memory_mb: float
    calls: dict[str, float]
    load: float

    @property
    def met(self) -> bool:
        """Whether every question was answered once, soon, and the loop was free meanwhile."""
        soon = self.first_ms.p95 < TARGET_FIRST_MS and self.lag_ms.p99 < TARGET_LAG_MS
        return self.asked == self.answered_once and soon


@dataclass(slots=True)
class People:
    """Whoever asks, and sees what is shown."""

    asked: dict[str, Shown] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)

    @property
    def served(self) -> bool:
        """Whether everybody was shown something."""
        return all(each.changes for each in self.asked.values())

    @property
    def changes(self) -> int:
        """Of all that is shown."""
        return sum(each.changes for each in self.asked.values())

    def note(self, method: str, conversation: str, shows: bool) -> None:  # noqa: FBT001 - a Note
        """Something was sent there."""
        seen = self.asked.get(conversation)
        if seen is None:
            return
        self.calls[method] = self.calls.get(method, 0) + 1
        if shows:
            now = asyncio.get_running_loop().time()
            seen.first = seen.first or now
            seen.last = now
            seen.changes += 1

    async def ask(self, place: Place, arrival: Arrival, due: float) -> None:
        """Asks what nobody asked before."""
        self.asked[str(arrival.conversation)] = Shown(due)
        await place.ask(arrival.conversation, question(arrival.n))


class Bot(Protocol):
    """What is measured."""

    async def ask(self) -> Any:
        """The `Stretch` since it was asked last, as JSON has it."""


class Child:
    """A process that is told lines and answers with lines of JSON."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def read(self) -> Any:
        """Its next line."""
        assert self._process.stdout
        async with asyncio.timeout(LONG):
            return json.loads(await self._process.stdout.readline())

    async def ask(self) -> Any:
        """What it says of the time since it was asked last."""
        assert self._process.stdin
        self._process.stdin.write(b"\n")
        return await self.read()


@asynccontextmanager
async def running(module: str, *arguments: str) -> AsyncIterator[Child]:
    """It ends with its input."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Child(process)
    finally:
        assert process.stdin
        process.stdin.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(LONG):
                await process.wait()
        if process.returncode is None:
            process.kill()
            await process.wait()


async def run(platform: str, args: argparse.Namespace) -> Run:
    """One platform, from an empty database on."""
    people = People()
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        write_corpus(folder / "docs", args.documents)
        services = await (await enter(running("bench.standins"))).read()
        opened = await enter(
            open_place(platform, args.conversations, people.note, limited=args.limited)
        )
        place, config, deliver_to = opened
        config = replace(config, services=services, docs=str(folder / "docs"), limited=args.limited)
        bot = await enter(running("bench.platform_bot", json.dumps(asdict(config))))
        if address := await bot.read():
            deliver_to(address, await enter(aiohttp.ClientSession()))
        return await measured(platform, args, people, place, bot)


async def measured(
    platform: str, args: argparse.Namespace, people: People, place: Place, bot: Bot
) -> Run:
    """Asks, and looks at a stretch of it in which everything has found its pace."""
    loop = asyncio.get_running_loop()
    arrivals = poisson(args.rate, args.warm_up + args.seconds, args.conversations, args.seed)
    asking = asyncio.create_task(offer(arrivals, partial(people.ask, place)))
    await asyncio.sleep(args.warm_up)
    await bot.ask()
    begun = loop.time()
    await asyncio.sleep(args.seconds)
    took, ended = await bot.ask(), loop.time()
    await asking
    await until_quiet(people, args.drain, args.rest)
    due = {int(n): shown for n, shown in people.asked.items() if begun <= shown.due < ended}
    first, last = services_ms(Latency())
    return Run(
        platform=platform,
        limited=args.limited,
        rate=args.rate,
        seconds=args.seconds,
        seed=args.seed,
        asked=len(due),
        answered_once=sum(place.answers(n) == 1 for n in due),
        services_ms=(first, last),
        first_ms=percentiles([(s.first - s.due) * 1e3 - first for s in due.values() if s.first]),
        final_ms=percentiles([(s.last - s.due) * 1e3 - last for s in due.values() if s.last]),
        lag_ms=Percentiles(**took["lag_ms"]),
        cpu_ms=took["cpu_share"] * 1e3 / args.rate,
        memory_mb=took["memory_mb"],
        calls={name: count / len(people.asked) for name, count in people.calls.items()},
        load=load_average(),
    )


def services_ms(latency: Latency) -> tuple[float, float]:
    """Until the first claim is written, and until the last: the services' own time."""
    before = latency.embed + latency.rerank + latency.first_token
    first, last = WORDS_A_CLAIM, latency.chunks - 1  # a claim ends where the next one begins
    return (before + first * latency.chunk) * 1e3, (before + last * latency.chunk) * 1e3


async def until_quiet(people: People, seconds: float, rest: float) -> None:
    """Returns when all were shown something and nothing changed for a while; or after `seconds`."""
    changes = -1
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while changes != people.changes or not people.served:
                changes = people.changes
                await asyncio.sleep(rest)


def show(runs: Sequence[Run]) -> None:
    """As a table."""
    rate, load = runs[0].rate, runs[0].load
    table = Table(title=f"From event to final post at {rate:.0f} questions/s (load {load:.1f})")
    columns = ("", "asked", "once", "first p50", "p95", "final p95", "lag p99", "CPU", "MB", "")
    for column in columns:
        table.add_column(column, justify="right" if column else "left")
    for each in runs:
        table.add_row(
            each.platform,
            f"{each.asked:,}",
            f"{each.answered_once:,}",
            f"{each.first_ms.p50:.0f} ms",
            f"{each.first_ms.p95:.0f} ms",
            f"{each.final_ms.p95:.0f} ms",
            f"{each.lag_ms.p99:.1f} ms",
            f"{each.cpu_ms:.1f} ms",
            f"{each.memory_mb:.0f}",
            "✓" if each.met else "✗",
        )
    Console().print(table)
    print(
        f"Targets: each answered once, first text p95 < {TARGET_FIRST_MS:.0f} ms, "
        f"the loop's lag p99 < {TARGET_LAG_MS:.0f} ms."
    )


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """What a run is made of."""
    parser = options(__doc__)
    parser.add_argument("platforms", nargs="*", default=PLATFORMS, help=", ".join(PLATFORMS))
    parser.add_argument("--rate", type=float, default=33.0, help="questions a second")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--warm-up", type=float, default=5.0)
    parser.add_argument("--drain", type=float, default=30.0)
    parser.add_argument("--rest", type=float, default=2.0, help="without a change, at the end")
    parser.add_argument("--conversations", type=int, default=1000)
    parser.add_argument("--documents", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--limited", action="store_true", help="keep to the platforms' rates for one workspace"
    )
    return parser.parse_args(argv)


async def measure(args: argparse.Namespace) -> list[Run]:
    """One platform after the other."""
    return [await run(platform, args) for platform in args.platforms]


def main() -> None:
    """Measures and prints."""
    args = arguments()
    on_core(ITS_SURROUNDINGS)
    with asyncio.Runner(loop_factory=quickest_loop()) as runner:
        runs = runner.run(measure(args))
    show(runs)
    figures = {each.platform: asdict(each) for each in runs}
    conclude(args, figures, met=all(each.met for each in runs))


if __name__ == "__main__":
    main()
