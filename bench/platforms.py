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
from collections.abc import AsyncIterator, Callable, Sequence
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
from bench.platform_bot import Config
from bench.standins.services import Latency
from tests.support import discord_messages
from tests.support.discord_server import DiscordGuild, open_discord
from tests.support.slack_server import SlackWorkspace, open_workspace
from tests.support.slack_web import Call

PLATFORMS = ("slack", "slack-http", "discord")
WORDS_A_CLAIM = 12
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


class Place(Protocol):
    """A platform's stand-in, and the people on it."""

    async def ask(self, conversation: int, text: str) -> None:
        """One of them asks."""

    def answers(self, conversation: int) -> int:
        """How many messages the bot has there."""


Note = Callable[[str, str, bool], None]
"""Is told of a call: its method, the conversation's channel, whether it shows text."""


class Noted(list[Any]):
    """The calls that a stand-in gets, each told of as it comes."""

    def __init__(self, note: Callable[[Any], None]) -> None:
        super().__init__()
        self._note = note

    def append(self, call: Any) -> None:
        """Keeps none: they would be many."""
        self._note(call)


class SlackPlace:
    """A channel for each conversation, where each question opens a thread."""

    def __init__(self, workspace: SlackWorkspace, conversations: int, note: Note) -> None:
        self._workspace = workspace
        self._note = note
        self._asked: dict[int, str] = {}
        for n in range(conversations):
            workspace.add_channel(str(n))
        for n in range(conversations):
            workspace.slack.add_user(f"U{n}", f"person-{n}")
        workspace.web.calls = Noted(self._told)

    async def ask(self, conversation: int, text: str) -> None:
        """Mentions the bot."""
        channel, user = f"C0{conversation}", f"U{conversation}"
        self._asked[conversation] = await self._workspace.mention(channel, text, user=user)

    def answers(self, conversation: int) -> int:
        """Those in the thread of the question."""
        ts = self._asked[conversation]
        return len(self._workspace.answers(f"C0{conversation}", ts))

    def _told(self, call: Call) -> None:
        channel = str(call.arguments.get("channel") or call.arguments.get("channel_id"))
        shows = call.method.startswith("chat.") and call.error is None
        self._note(call.method, channel.removeprefix("C0"), shows)


class DiscordPlace:
    """A channel for each conversation, where each question opens a thread."""

    def __init__(self, guild: DiscordGuild, conversations: int, note: Note) -> None:
        self._guild = guild
        self._note = note
        self._channels = [guild.add_channel(f"channel-{n}") for n in range(conversations)]
        self._threads: dict[int, str] = {}
        self._conversations: dict[str, str] = {}
        guild.rest.calls = Noted(self._told)

    async def ask(self, conversation: int, text: str) -> None:
        """Mentions the bot; the thread will have the message's id."""
        asked = await self._guild.mention(self._channels[conversation], text)
        self._threads[conversation] = asked
        self._conversations[asked] = str(conversation)

    def answers(self, conversation: int) -> int:
        """Those in the thread."""
        return len(self._guild.answers(self._threads[conversation]))

    def _told(self, call: discord_messages.Call) -> None:
        shows = call.operation in {"create_message", "update_message"}
        channel = call.parts.get("channel_id", "")
        self._note(call.operation, self._conversations.get(channel, channel), shows)


@dataclass(slots=True)
class People:
    """Whoever asks, and sees what is shown."""

    asked: dict[str, Shown] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)

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


@asynccontextmanager
async def open_place(
    platform: str, conversations: int, note: Note
) -> AsyncIterator[tuple[Place, Config, Callable[[str, aiohttp.ClientSession], object]]]:
    """The platform's stand-in, how the bot gets there, and how it is told where requests go."""
    if platform == "discord":
        async with open_discord() as guild:
            place = DiscordPlace(guild, conversations, note)
            yield place, Config(platform, guild.api_url, guild.token), lambda *_: None
        return
    async with open_workspace() as workspace:
        config = Config(
            platform,
            workspace.api_url,
            workspace.bot_token,
            workspace.app_token,
            workspace.signing_secret,
        )
        yield SlackPlace(workspace, conversations, note), config, workspace.use_http


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
        opened = await enter(open_place(platform, args.conversations, people.note))
        place, config, deliver_to = opened
        config = replace(config, services=services, docs=str(folder / "docs"), limited=args.limited)
        bot = await enter(running("bench.platform_bot", json.dumps(asdict(config))))
        if address := await bot.read():
            deliver_to(address, await enter(aiohttp.ClientSession()))
        return await measured(platform, args, people, place, bot)


async def measured(
    platform: str, args: argparse.Namespace, people: People, place: Place, bot: Child
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
    await until_quiet(people, args.drain)
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


async def until_quiet(people: People, seconds: float) -> None:
    """Returns when nothing was shown any more for two seconds, or after so many."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            changes = -1
            while changes != (now := sum(each.changes for each in people.asked.values())):
                changes = now
                await asyncio.sleep(2)


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
    runs = asyncio.run(measure(args))
    show(runs)
    figures = {each.platform: asdict(each) for each in runs}
    conclude(args, figures, met=all(each.met for each in runs))


if __name__ == "__main__":
    main()
