"""How fast documents are ingested, beside what the embedding model takes.

The sync is the bot's own, from a folder into the embedded engines, in a process that is set up as
`docent run` does; each run starts on empty ones.
"""

from __future__ import annotations

import asyncio
import os
import re
import resource
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.outcome import conclude, options
from bench.startup import RandomEmbedder
from bot.app import assemble, open_database, open_index
from bot.loop import take_short_turns
from bot.memory import settle
from bot.parts import App, Embedding
from bot.settings import Settings
from bot.settings.groups import DocentSettings, DocsSettings
from core.backends.extractive import ExtractiveChatModel
from core.backends.local_embedder import open_local_embedder
from core.migrations.runner import migrate
from core.model import EmbeddingModel, EmbeddingUsage, Vector
from core.ports import Embedder

COPIES = 10
RUNS = 3
TARGET_RATE = 300.0
TARGET_SHARE = 0.15
TICK = 0.005
TITLE = re.compile(r"^# ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Ingest:
    """One sync: its size, and its time by the clock and on the processor.

    `cpu_seconds` are the bot's own, `worker_cpu_seconds` those of the process that parses for it.
    `wait_ms` is what the bot's other work waited for a turn: the 99th percentile, of a task that
    wants one every few milliseconds.
    """

    documents: int
    chunks: int
    seconds: float
    cpu_seconds: float
    worker_cpu_seconds: float
    wait_ms: float

    @property
    def rate(self) -> float:
        """Documents a second."""
        return self.documents / self.seconds

    @property
    def idle_rate(self) -> float:
        """Documents a second where a core is free for each of the two processes, at best."""
        return self.documents / max(self.cpu_seconds, self.worker_cpu_seconds)


@dataclass(frozen=True, slots=True)
class Resync:
    """A sync that finds nothing to do, and what only reading and hashing the files takes."""

    seconds: float
    hashing_seconds: float

    @property
    def met(self) -> bool:
        """Whether it ended within a tenth of the hashing plus a second."""
        return self.seconds < 1.1 * self.hashing_seconds + 1.0


@dataclass(frozen=True, slots=True)
class Modelled:
    """A sync with the local model, and the share of its time in which the model did not run."""

    documents: int
    seconds: float
    outside_share: float


@dataclass(frozen=True, slots=True)
class Report:
    """Of the small ones the best of several: others may use the machine, and none speeds it up."""

    cores: int
    load: float
    docs: Ingest
    copies: Ingest
    unchanged: Resync
    local_model: Modelled | None

    @property
    def met(self) -> bool:
        """Whether every target was met."""
        bound = self.local_model is None or self.local_model.outside_share < TARGET_SHARE
        fast = min(self.docs.rate, self.copies.rate) >= TARGET_RATE
        return fast and bound and self.unchanged.met


class TimedEmbedder:
    """Adds up the seconds that the model takes; it embeds one block at a time."""

    def __init__(self, model: Embedder) -> None:
        self._model = model
        self.seconds = 0.0

    @property
    def model(self) -> EmbeddingModel:
        """The model's own."""
        return self._model.model

    @property
    def spent(self) -> EmbeddingUsage:
        """The model's own."""
        return self._model.spent

    async def embed_documents(self, texts: Sequence[str]) -> list[Vector]:
        """The model's vectors."""
        start = perf_counter()
        try:
            return await self._model.embed_documents(texts)
        finally:
            self.seconds += perf_counter() - start

    async def embed_query(self, text: str) -> Vector:
        """The model's vector."""
        return await self._model.embed_query(text)


@asynccontextmanager
async def open_bot(docs: Path, embedder: Embedder) -> AsyncIterator[App]:
    """Over empty engines."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        settings = Settings(
            docent=DocentSettings(data_dir=Path(scratch)), docs=DocsSettings(folder=docs)
        )
        async with open_index(settings) as index, open_database(settings) as database:
            await migrate(database)
            parts = (Embedding(embedder), [ExtractiveChatModel()])
            app = await assemble(settings, index, database, *parts)
            settle()
            yield app


async def ingest(app: App) -> Ingest:
    """A first sync."""
    waits: list[float] = []
    ticking = asyncio.create_task(tick(waits))
    start, cpu, worker_cpu = perf_counter(), process_time(), children_time()
    report = await app.syncer.sync(app.sources)
    ticking.cancel()
    assert not report.failed
    return Ingest(
        documents=report.documents,
        chunks=report.chunks,
        seconds=perf_counter() - start,
        cpu_seconds=process_time() - cpu,
        worker_cpu_seconds=children_time() - worker_cpu,
        wait_ms=float(np.percentile(waits, 99)) * 1e3,
    )


def children_time() -> float:
    """Processor seconds of the processes that were started here and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


async def tick(waits: list[float]) -> None:
    """Notes by how much each turn comes late."""
    while True:
        start = perf_counter()
        await asyncio.sleep(TICK)
        waits.append(perf_counter() - start - TICK)


async def resync(app: App, docs: Path) -> Resync:
    """A second sync."""
    hashing_seconds = hash_files(docs)
    report = await app.syncer.sync(app.sources)
    assert (report.written, report.embedded) == (0, 0)
    return Resync(report.seconds, hashing_seconds)


def hash_files(docs: Path) -> float:
    """The seconds that it takes, which is the least that a look at each file costs."""
    start = perf_counter()
    for file in docs.rglob("*.md"):
        blake2b(file.read_bytes())
    return perf_counter() - start


async def measure_free(docs: Path) -> tuple[Ingest, Resync]:
    """Both syncs, with vectors that cost nothing."""
    async with open_bot(docs, RandomEmbedder()) as app:
        return await ingest(app), await resync(app, docs)


async def measure_model(docs: Path) -> Modelled:
    """A first sync with the local model, loaded and warm."""
    with tempfile.TemporaryDirectory() as scratch:
        async with open_local_embedder(Path(scratch)) as model:
            await model.embed_documents(["warm"])
            timed = TimedEmbedder(model)
            async with open_bot(docs, timed) as app:
                found = await ingest(app)
    outside = 1 - timed.seconds / found.seconds
    return Modelled(found.documents, found.seconds, outside)


def copy_docs(docs: Path, folder: Path) -> Path:
    """The documents several times over, each time with a title of their own: no chunk repeats."""
    for n in range(COPIES):
        for file in docs.rglob("*.md"):
            copy = folder / f"copy-{n}" / file.relative_to(docs)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(TITLE.sub(rf"\g<0>{n} ", file.read_text("utf-8"), count=1), "utf-8")
    return folder


async def measure(docs: Path, *, with_model: bool) -> Report:
    """Everything, one after the other."""
    load, cores = os.getloadavg()[0], len(os.sched_getaffinity(0))
    runs = [await measure_free(docs) for _ in range(RUNS)]
    with tempfile.TemporaryDirectory() as scratch:
        many = copy_docs(docs, Path(scratch))
        copies, _ = await measure_free(many)
    return Report(
        cores=cores,
        load=load,
        docs=min((first for first, _ in runs), key=lambda run: run.seconds),
        copies=copies,
        unchanged=min((second for _, second in runs), key=lambda run: run.seconds),
        local_model=await measure_model(docs) if with_model else None,
    )


def show(report: Report) -> None:
    """As a table."""
    table = Table(title=f"Ingest on {report.cores} cores (load {report.load:.1f} at the start)")
    for column in ("", "docs", "chunks", "s", "CPU s", "docs/s", "at best", "wait"):
        table.add_column(column, justify="right" if column else "left")
    for name, run in (("once", report.docs), (f"{COPIES} times over", report.copies)):
        cpu = f"{run.cpu_seconds:.2f} + {run.worker_cpu_seconds:.2f}"
        sizes = (f"{run.documents:,}", f"{run.chunks:,}", f"{run.seconds:.2f}", cpu)
        rates = (f"{run.rate:.0f}", f"{run.idle_rate:.0f}")
        table.add_row(name, *sizes, *rates, f"{run.wait_ms:.0f} ms")
    console = Console()
    console.print(table)
    console.print(
        f"Target: at least {TARGET_RATE:.0f} documents/s with vectors that cost nothing. CPU s are "
        "the bot's and its worker's; at best: with a free core for each."
    )
    console.print(
        f"Nothing changed: {report.unchanged.seconds:.2f} s "
        f"(to read and hash the files: {report.unchanged.hashing_seconds:.2f} s)."
    )
    if report.local_model:
        console.print(
            f"With the local model: {report.local_model.seconds:.0f} s, of which "
            f"{report.local_model.outside_share:.1%} outside it (target < {TARGET_SHARE:.0%})."
        )


def main() -> None:
    """Measures and prints."""
    parser = options(__doc__)
    parser.add_argument("docs", type=Path, help="a folder of Markdown documents")
    parser.add_argument("--model", action="store_true", help="with the local model too: minutes")
    args = parser.parse_args()
    take_short_turns()
    report = asyncio.run(measure(args.docs, with_model=args.model))
    show(report)
    rates = {"docs": report.docs.rate, "copies": report.copies.rate}
    best = {"docs": report.docs.idle_rate, "copies": report.copies.idle_rate}
    figures = asdict(report) | {"documents_per_second": rates, "at_best": best}
    conclude(args, figures, met=report.met)


if __name__ == "__main__":
    main()
