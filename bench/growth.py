"""How search, history and a sync that changes nothing take with a hundred times the data.

A search is that of a question without any service: the local model makes its vector, the embedded
engine searches with filters, the rankings are fused, the best hits read and weighed. The history is
that of one conversation among many others'; the documents are read from a folder.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from uuid import uuid4

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.ingest import open_bot
from bench.measures import Percentiles, load_average, percentiles
from bench.outcome import conclude, options
from bench.search import GENERATION, IN_SCOPE, SOURCES, WORDS_A_CHUNK, WORDS_A_QUESTION, Texts
from bench.startup import RandomEmbedder
from core.backends.bm25 import Bm25Encoder
from core.backends.embedded_postgres import open_embedded_postgres
from core.backends.local_embedder import MINILM, open_local_embedder
from core.backends.postgres import open_postgres
from core.backends.qdrant_edge import open_edge
from core.conversation.history import History
from core.migrations.runner import migrate
from core.model import EVERYTHING, Chunk, Corpus, DocumentRecord, Point, Question, Scope, SessionKey
from core.ports import Database
from core.retrieval.retriever import Retriever

CHUNKS = (2_000, 20_000, 200_000)
TURNS = (10, 1_000, 100_000)
DOCUMENTS = (100, 1_000, 10_000)
TURNS_A_SESSION = 10
CHUNKS_A_PAGE = 10
A_WRITE = 1024
TEXTS = 500
WARM_UP = 30
ASKED = 150
SYNCS = 3

FLAT, SUBLINEAR, LINEAR = 2.0, 5.0, 15.0
"""By how much a time may grow where the data grows tenfold; half as much again as ten times is
linear, for what the machine does beside."""


@dataclass(frozen=True, slots=True)
class Growth:
    """Milliseconds by size, which may grow by `most` where the size does tenfold.

    The best ones are compared: other programs make any time longer, and none shorter.
    """

    name: str
    sizes: tuple[int, ...]
    best_ms: tuple[float, ...]
    p50_ms: tuple[float, ...]
    p95_ms: tuple[float, ...]
    most: float

    @property
    def linear(self) -> bool:
        """Whether no step takes more than the data grows by."""
        return self._within(LINEAR)

    @property
    def met(self) -> bool:
        """Whether it grows as little as it shall."""
        return self._within(self.most)

    def _within(self, most: float) -> bool:
        return all(grown <= most ** np.log10(data) for grown, data in self._steps())

    def _steps(self) -> Iterator[tuple[float, float]]:
        for (size, took), (larger, takes) in pairwise(zip(self.sizes, self.best_ms, strict=True)):
            yield takes / took, larger / size


async def taken(
    run: Callable[[], Awaitable[object]], times: int, warm_up: int
) -> tuple[float, Percentiles]:
    """The best time, and all of them, one after the other."""
    milliseconds = []
    for _ in range(warm_up + times):
        start = perf_counter()
        await run()
        milliseconds.append((perf_counter() - start) * 1e3)
    counted = milliseconds[warm_up:]
    return min(counted), percentiles(counted)


def growth(
    name: str, sizes: Sequence[int], found: Sequence[tuple[float, Percentiles]], *, most: float
) -> Growth:
    """What was found at each size."""
    best = tuple(each for each, _ in found)
    p50, p95 = tuple(all_.p50 for _, all_ in found), tuple(all_.p95 for _, all_ in found)
    return Growth(name, tuple(sizes), best, p50, p95, most)


async def grow_search(sizes: Sequence[int], folder: Path) -> tuple[Growth, Growth]:
    """One index, made larger and larger: the search of a question, and without its vector.

    The engine looks at the signs of all vectors, so the latter is not asked to be flat.
    """
    found, made, held = [], points(), 0
    async with open_edge(folder / "index") as index, open_local_embedder(folder) as embedder:
        writer = await index.writer(MINILM)
        for size in sizes:
            for first in range(held, size, A_WRITE):
                await writer.write([next(made) for _ in range(min(A_WRITE, size - first))])
            held = size
            retriever = Retriever(index, embedder, Bm25Encoder(), Records(size))
            found.append(await searches(retriever))
    whole, rest = zip(*found, strict=True)
    return (
        growth("search, chunks", sizes, whole, most=FLAT),
        growth("of it without the vector", sizes, rest, most=SUBLINEAR),
    )


async def searches(retriever: Retriever) -> list[tuple[float, Percentiles]]:
    """Of the same questions at each size: the whole, and what follows the question's vector."""
    whole, rest, texts = [], [], Texts(seed=1)
    scope, corpus = Scope(IN_SCOPE), Corpus(MINILM.collection, GENERATION)
    for _ in range(WARM_UP + ASKED):
        question = texts.text(WORDS_A_QUESTION)
        start = perf_counter()
        ranking = await retriever.rank([await retriever.encode(question)], scope, corpus)
        whole.append((perf_counter() - start) * 1e3)
        rest.append(ranking.timings_ms["search"])
        assert ranking.hits
    return [(min(of), percentiles(of)) for of in (whole[WARM_UP:], rest[WARM_UP:])]


class Records:
    """A Catalog in which the documents of so many chunks are served."""

    def __init__(self, chunks: int) -> None:
        self._chunks = chunks
        paths = (path_of(n) for n in range(0, chunks, CHUNKS_A_PAGE))
        self._records = {
            (source, path): DocumentRecord(source, path, path, path, "", peer_reviewed=False)
            for path in paths
            for source in SOURCES
        }

    async def at(self, generation: int) -> Mapping[tuple[str, str], DocumentRecord]:  # noqa: ARG002 - there is one
        """All of them."""
        return self._records

    async def chunks(self, generation: int) -> int:  # noqa: ARG002 - there is one
        """So many."""
        return self._chunks


def path_of(chunk: int) -> str:
    """That of the page that the chunk with this number is on."""
    return f"guide/{chunk // CHUNKS_A_PAGE}.md"


def points() -> Iterator[Point]:
    """Chunks of texts that repeat, each with a place and a vector of its own."""
    texts, sparse = Texts(seed=0), Bm25Encoder()
    bodies = [texts.text(WORDS_A_CHUNK) for _ in range(TEXTS)]
    terms = [sparse.encode_document(body) for body in bodies]
    n = 0
    while True:
        source, at = SOURCES[n % len(SOURCES)], n % TEXTS
        chunk = Chunk(source, path_of(n), f"Page {n // CHUNKS_A_PAGE}", (), "", n, bodies[at])
        yield Point(chunk, texts.vector(), terms[at], GENERATION)
        n += 1


async def grow_history(sizes: Sequence[int], folder: Path) -> Growth:
    """One database with more and more conversations of ten turns."""
    found = []
    async with open_embedded_postgres(folder) as dsn, open_postgres(dsn) as database:
        await migrate(database)
        history, sessions = History(database), 0
        for size in sizes:
            await write_turns(database, sessions, size // TURNS_A_SESSION)
            sessions = size // TURNS_A_SESSION
            asked = cycle_of_questions(sessions)
            found.append(await taken(lambda: history.load(next(asked)), ASKED, WARM_UP))  # noqa: B023 - called at once
    return growth("history, turns", sizes, found, most=FLAT)


async def write_turns(database: Database, first: int, end: int) -> None:
    """Finished turns in the conversations from `first` up to `end`; as the bot would leave them."""
    await database.execute(
        """
        WITH made AS (
            INSERT INTO sessions (platform, workspace, channel, thread)
            SELECT 'bench', 'T1', 'C' || n % 20, n::text FROM generate_series($1, $2 - 1) AS n
            RETURNING id, channel, thread
        )
        INSERT INTO turns (
            session_id, platform, workspace, channel, message_id, author, text, context, status,
            ended_at, answer, trace
        )
        SELECT id, 'bench', 'T1', channel, thread || '-' || t, 'U' || thread,
            'How do I open word' || t || ' of word' || thread || '?', '[]', 'finished', now(),
            jsonb_build_object(
                'text', repeat('Some words of an answer. ', 20), 'citations', '[]'::jsonb
            ),
            '{}'
        FROM made CROSS JOIN generate_series(1, $3) AS t
        """,
        first,
        end,
        TURNS_A_SESSION,
    )
    await database.execute("ANALYZE sessions")
    await database.execute("ANALYZE turns")


def cycle_of_questions(sessions: int) -> Iterator[Question]:
    """One in each of the conversations in turn, as it comes after those that are there."""
    n = 0
    while True:
        at = n % sessions
        key = SessionKey("bench", "T1", f"C{at % 20}", str(at))
        yield Question(key, str(uuid4()), f"U{at}", "And then?", EVERYTHING)
        n += 1


async def grow_sync(sizes: Sequence[int], docs: Path) -> Growth:
    """One folder with more and more documents, which were synced before."""
    found, there = [], 0
    write_documents(docs, 0, 1)
    async with open_bot(docs, RandomEmbedder()) as app:
        for size in sizes:
            write_documents(docs, there, size)
            there = size
            first = await app.syncer.sync(app.sources)
            assert (first.failed, first.documents) == ({}, size)
            found.append(await taken(lambda: app.syncer.sync(app.sources), SYNCS, 0))
    return growth("sync of nothing new, documents", sizes, found, most=LINEAR)


def write_documents(docs: Path, first: int, end: int) -> None:
    """Short ones, a hundred to a folder."""
    for n in range(first, end):
        file = docs / f"{n // 100}" / f"{n}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# Page {n}\n\nWhat page {n} says of item {n % 7}.\n", "utf-8")


async def measure(args: argparse.Namespace) -> list[Growth]:
    """One after the other."""
    with tempfile.TemporaryDirectory(prefix="docent-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        return [
            *await grow_search(sizes(args, CHUNKS), folder / "search"),
            await grow_history(sizes(args, TURNS), folder / "database"),
            await grow_sync(sizes(args, DOCUMENTS), folder / "docs"),
        ]


def sizes(args: argparse.Namespace, usual: Sequence[int]) -> list[int]:
    """The usual ones, or so many times less."""
    return [max(TURNS_A_SESSION, size // args.smaller) for size in usual]


def show(found: Sequence[Growth]) -> None:
    """As a table."""
    table = Table(title=f"Growth (load {load_average():.1f})")
    for column in ("", "size", "best", "p50", "p95", ""):
        table.add_column(column, justify="right" if column else "left")
    for each in found:
        times = zip(each.best_ms, each.p50_ms, each.p95_ms, strict=True)
        for size, of_size in zip(each.sizes, times, strict=True):
            table.add_row(each.name, f"{size:,}", *(f"{ms:.2f} ms" for ms in of_size), sign(each))
    Console().print(table)
    print("✓ as flat as it shall be, ≤ no more than linear, ✗ more than linear.")


def sign(found: Growth) -> str:
    """Of whether it grows as little as it shall."""
    if found.met:
        return "✓"
    return "≤" if found.linear else "✗"


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """What a run is made of."""
    parser = options(__doc__)
    parser.add_argument("--smaller", type=int, default=1, help="so many times less of everything")
    return parser.parse_args(argv)


def main() -> None:
    """Measures and prints."""
    args = arguments()
    found = asyncio.run(measure(args))
    show(found)
    figures = {
        each.name: {**asdict(each), "linear": each.linear, "met": each.met} for each in found
    }
    load = {"cores": len(os.sched_getaffinity(0)), "load": load_average()}
    conclude(args, {**load, **figures}, met=all(each.met for each in found))


if __name__ == "__main__":
    main()
