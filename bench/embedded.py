"""The bot without any service or network, asked in an open loop.

The embedded PostgreSQL, Qdrant's engine and the local model are those of `docent run`; answers are
quotes. The docs are real ones, their headings the questions, each in a thread of its own. Chunks of
made-up text fill the index up to its size, so that the search has its weight.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import random
import re
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from time import process_time

from rich.console import Console

from bench.arrivals import Arrival, offer, poisson
from bench.measures import (
    SYSTEM_UNDER_TEST,
    Percentiles,
    load_average,
    loop_lag,
    on_core,
    percentiles,
    resident_mb,
)
from bench.outcome import conclude, options
from bench.search import GENERATION, points
from bot.app import open_app
from bot.loop import quickest_loop
from bot.memory import settle
from bot.parts import App
from bot.settings import Settings
from bot.settings.groups import DocentSettings, DocsSettings
from core.answering.dispatcher import Dispatcher
from core.backends.local_embedder import MINILM
from core.model import Answered, AnswerEvent, Question, SessionKey, Turn

PLATFORM = "bench"
CONVERSATIONS = 1000
WORDINGS = ("How does {} work?", "What is meant by {}?", "Can you tell me about {}?", "{}: how?")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
DOCS = Path("docs")
CHUNKS = 20_000
RATE = 50.0
SECONDS = 20.0
WARM_UP = 4.0
TARGET_P95_MS = 200.0
KEPT_UP = 0.95


@dataclass(frozen=True, slots=True)
class Report:
    """`answer_ms` counts from when a question was due to when its whole answer was shown.

    `again` counts those beyond one a question. `cpu_ms` is the bot's own processor time of a
    question, without the database's.
    """

    cores: int
    chunks: int
    rate: float
    seconds: float
    seed: int
    asked: int
    answered: int
    again: int
    by_status: dict[str, int]
    completed_a_second: float
    answer_ms: Percentiles
    lag_ms: Percentiles
    cpu_ms: float
    memory_mb: float
    load: float

    @property
    def met(self) -> bool:
        """Whether the rate was held, with every question answered once."""
        held = self.completed_a_second >= KEPT_UP * self.rate
        return (
            held
            and self.asked == self.answered
            and not self.again
            and self.answer_ms.p95 < TARGET_P95_MS
        )


@dataclass(slots=True)
class Desk:
    """A platform that takes no time to show an answer, and notes when it did."""

    statuses: Counter[str] = field(default_factory=Counter)
    shown: dict[str, float] = field(default_factory=dict)

    async def respond(self, turn: Turn, events: AsyncIterator[AnswerEvent]) -> None:
        """Reads all that comes."""
        async for event in events:
            if isinstance(event, Answered):
                self.statuses[event.answer.status] += 1
        self.shown[turn.question.message_id] = asyncio.get_running_loop().time()

    async def retract(self, turn: Turn) -> None:
        """Nobody takes a question back."""


@dataclass(slots=True)
class People:
    """They ask about a heading of the docs, in words that nobody used before."""

    app: App
    dispatcher: Dispatcher
    headings: Sequence[str]
    seed: int
    due: dict[str, float] = field(default_factory=dict)

    async def ask(self, arrival: Arrival, due: float) -> None:
        """Returns when the question is in the inbox."""
        message = f"asked-{arrival.n}"
        self.due[message] = due
        await self.dispatcher.submit(
            Question(
                SessionKey(PLATFORM, "T1", f"C{arrival.conversation % 20}", message),
                message,
                f"U{arrival.conversation}",
                self.text(arrival.n),
                self.app.scope,
            )
        )

    def text(self, n: int) -> str:
        """The `n`th question."""
        chance = random.Random(f"{self.seed} {n}")  # noqa: S311 - nothing secret
        return f"{chance.choice(WORDINGS).format(chance.choice(self.headings))} ({n})"


@asynccontextmanager
async def open_bot(folder: Path, docs: Path, chunks: int) -> AsyncIterator[App]:
    """As `docent run` opens it, with the docs ingested and the index filled up."""
    settings = Settings(
        _env_file=None, docent=DocentSettings(data_dir=folder), docs=DocsSettings(folder=docs)
    )
    async with open_app(settings) as app:
        report = await app.syncer.sync(app.sources)
        assert (report.failed, report.generation) == ({}, GENERATION)
        writer = await app.index.writer(MINILM)
        await writer.write(list(islice(points(), max(0, chunks - report.chunks))))
        await writer.close([], GENERATION + 1)
        yield app


def headings(docs: Path) -> list[str]:
    """All of the docs."""
    texts = (file.read_text("utf-8") for file in sorted(docs.rglob("*.md")))
    return [heading for text in texts for heading in HEADING.findall(text)]


async def run(app: App, args: argparse.Namespace) -> Report:
    """Asks, and looks at a stretch of it in which everything has found its pace."""
    desk, loop = Desk(), asyncio.get_running_loop()
    arrivals = poisson(args.rate, args.warm_up + args.seconds, CONVERSATIONS, args.seed)
    async with app.dispatcher({PLATFORM: desk}) as dispatcher:
        people = People(app, dispatcher, headings(args.docs), args.seed)
        settle()
        asking = asyncio.create_task(offer(arrivals, people.ask))
        await asyncio.sleep(args.warm_up)
        begun, cpu = loop.time(), process_time()
        async with loop_lag() as lag:
            await asyncio.sleep(args.seconds)
        ended, cpu = loop.time(), process_time() - cpu
        await asking
        await dispatcher.settle(args.drain)
        gc.unfreeze()
    due = {message: at for message, at in people.due.items() if begun <= at < ended}
    answers = [(desk.shown[each] - at) * 1e3 for each, at in due.items() if each in desk.shown]
    completed = sum(begun <= at < ended for at in desk.shown.values())
    return Report(
        cores=len(os.sched_getaffinity(0)),
        chunks=await app.index.count(MINILM.collection, GENERATION),
        rate=args.rate,
        seconds=args.seconds,
        seed=args.seed,
        asked=len(due),
        answered=len(answers),
        again=sum(desk.statuses.values()) - len(desk.shown),
        by_status=dict(desk.statuses),
        completed_a_second=completed / (ended - begun),
        answer_ms=percentiles(answers),
        lag_ms=percentiles(lag),
        cpu_ms=cpu * 1e3 / max(completed, 1),
        memory_mb=resident_mb(),
        load=load_average(),
    )


async def measure(args: argparse.Namespace) -> Report:
    """In a folder that is deleted at the end."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        async with open_bot(Path(scratch), args.docs, args.chunks) as app:
            return await run(app, args)


def show(report: Report) -> None:
    """In a few lines."""
    answers, lag = report.answer_ms, report.lag_ms
    console = Console()
    console.print(
        f"[bold]All embedded[/bold]: {report.rate:.0f} questions/s for {report.seconds:.0f} s over "
        f"{report.chunks:,} chunks, on {report.cores} cores (load {report.load:.1f})"
    )
    console.print(
        f"{report.answered} of {report.asked} answered, {report.completed_a_second:.1f}/s; "
        f"p50 {answers.p50:.0f} ms, p95 {answers.p95:.0f} ms (target < {TARGET_P95_MS:.0f}), "
        f"p99 {answers.p99:.0f} ms"
    )
    console.print(
        f"The loop was late by {lag.p50:.1f} ms (p50) and {lag.p99:.1f} ms (p99). "
        f"{report.cpu_ms:.1f} ms of processor time a question, {report.memory_mb:.0f} MB."
    )


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """What a run is made of."""
    parser = options(__doc__)
    parser.add_argument("--docs", type=Path, default=DOCS, help="a folder of Markdown documents")
    parser.add_argument("--chunks", type=int, default=CHUNKS, help="that the index shall hold")
    parser.add_argument("--rate", type=float, default=RATE, help="questions a second")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--warm-up", type=float, default=WARM_UP)
    parser.add_argument("--drain", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--one-core", action="store_true", help="the database included")
    return parser.parse_args(argv)


def main() -> None:
    """Measures and prints."""
    args = arguments()
    if args.one_core:
        on_core(SYSTEM_UNDER_TEST)
    with asyncio.Runner(loop_factory=quickest_loop()) as runner:
        report = runner.run(measure(args))
    show(report)
    conclude(args, asdict(report), met=report.met)


if __name__ == "__main__":
    main()
