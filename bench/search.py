"""How long a search takes over 20,000 chunks, with the embedded engine and the local model.

The index is built by a process of its own, so that the memory shown is that of a bot which has
just been started on it.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.outcome import conclude, options
from core.backends.bm25 import Bm25Encoder
from core.backends.local_embedder import MINILM, open_local_embedder
from core.backends.qdrant_edge import QdrantEdge, open_edge
from core.model import Chunk, Point, SearchRequest, Vector
from core.retrieval.kept_chunks import KeptChunks
from core.retrieval.retriever import RetrievalSettings

CHUNKS = 20_000
SEARCHES = 500
WARM_UP = 20
WORDS_A_CHUNK = 120
WORDS_A_QUESTION = 9
VOCABULARY = 30_000
SOURCES = ("docs", "api", "blog", "private")
IN_SCOPE = frozenset({"docs", "api", "blog"})
GENERATION = 1
A_WRITE = 256

TARGETS_MS = {"engine": 10.0, "embedding and engine": 25.0}
TARGET_MB = 600.0


@dataclass(frozen=True, slots=True)
class Timing:
    """Percentiles in milliseconds, and what the 95th must stay under."""

    p50: float
    p95: float
    p99: float
    target_p95: float

    @property
    def met(self) -> bool:
        """Whether it did."""
        return self.p95 < self.target_p95


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was measured."""

    chunks: int
    dimensions: int
    searches: int
    build_s: float
    longest_block_ms: float
    load_ms: float
    memory_mb: float
    timings_ms: Mapping[str, Timing]

    @property
    def met(self) -> bool:
        """Whether every target was met."""
        return self.memory_mb < TARGET_MB and all(t.met for t in self.timings_ms.values())


class Texts:
    """Made-up prose whose words are as unevenly frequent as in real text."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        ranks = np.arange(1, VOCABULARY + 1)
        self._weights = (1 / ranks) / (1 / ranks).sum()

    def text(self, words: int) -> str:
        """So many words."""
        drawn = self._random.choice(VOCABULARY, words, p=self._weights)
        return " ".join(f"word{n:x}" for n in drawn)

    def vector(self) -> Vector:
        """Any unit vector: a scan takes as long for each."""
        vector = self._random.standard_normal(MINILM.dimensions).astype(np.float32)
        return vector / np.linalg.norm(vector)


def points() -> Iterator[Point]:
    """The chunks of all sources, ten to a page."""
    texts, sparse = Texts(seed=0), Bm25Encoder()
    for n in range(CHUNKS):
        chunk = Chunk(
            source=SOURCES[n % len(SOURCES)],
            path=f"guide/{n // 10}.md",
            title=f"Page {n // 10}",
            heading_path=("Guide", f"Section {n % 10}"),
            anchor=f"section-{n % 10}",
            ordinal=0,
            text=texts.text(WORDS_A_CHUNK),
        )
        yield Point(chunk, texts.vector(), sparse.encode_document(chunk.embedding_text), GENERATION)


async def build(folder: Path) -> None:
    """Writes the index and prints seconds, and the longest that the loop was blocked in ms."""
    made = list(points())
    blocked = asyncio.create_task(longest_block())
    start = perf_counter()
    async with open_edge(folder) as index:
        writer = await index.writer(MINILM)
        for first in range(0, CHUNKS, A_WRITE):
            await writer.write(made[first : first + A_WRITE])
    seconds = perf_counter() - start
    blocked.cancel()
    print(seconds, await blocked)


async def longest_block() -> float:
    """The longest turn of the event loop in ms, until cancelled."""
    longest, last = 0.0, perf_counter()
    try:
        while True:
            await asyncio.sleep(0)
            longest, last = max(longest, perf_counter() - last), perf_counter()
    except asyncio.CancelledError:
        return longest * 1e3


async def timed(run: Callable[[str, Vector], Awaitable[object]], target_p95: float) -> Timing:
    """Percentiles over questions that are asked one after the other."""
    texts, taken = Texts(seed=1), []
    for _ in range(WARM_UP + SEARCHES):
        question, vector = texts.text(WORDS_A_QUESTION), texts.vector()
        start = perf_counter()
        await run(question, vector)
        taken.append((perf_counter() - start) * 1e3)
    p50, p95, p99 = (float(np.percentile(taken[WARM_UP:], q)) for q in (50, 95, 99))
    return Timing(p50, p95, p99, target_p95)


async def measure(folder: Path, build_s: float, longest_block_ms: float) -> Report:
    """Searches the index in the folder, with a vector at hand and with one made for it."""
    sparse = Bm25Encoder()
    async with open_edge(folder) as index, open_local_embedder(folder / "model") as embedder:
        kept = KeptChunks(index.read)

        async def search(question: str, vector: Vector) -> None:
            hits = await index.search(
                SearchRequest(
                    MINILM.collection,
                    vector,
                    sparse.encode_query(question),
                    GENERATION,
                    IN_SCOPE,
                    RetrievalSettings().candidates,
                )
            )
            assert hits.dense
            assert hits.sparse
            found = list(hits.dense.keys() | hits.sparse.keys())
            assert len(await kept.read(MINILM.collection, found)) == len(found)

        async def embed_and_search(question: str, _: Vector) -> None:
            await search(question, await embedder.embed_query(question))

        return Report(
            chunks=CHUNKS,
            dimensions=MINILM.dimensions,
            searches=SEARCHES,
            build_s=build_s,
            longest_block_ms=longest_block_ms,
            load_ms=await load(index),
            timings_ms={
                name: await timed(run, TARGETS_MS[name])
                for name, run in (("engine", search), ("embedding and engine", embed_and_search))
            },
            memory_mb=resident_mb(),
        )


async def load(index: QdrantEdge) -> float:
    """The first use of a collection loads it."""
    start = perf_counter()
    assert await index.count(MINILM.collection, GENERATION) == CHUNKS
    return (perf_counter() - start) * 1e3


def resident_mb() -> float:
    """Resident memory of this process, mapped files included."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the kernel does not tell the resident memory")


def show(report: Report) -> None:
    """As a table."""
    table = Table(
        title=f"Hybrid search with filters over {report.chunks:,} chunks "
        f"of {report.dimensions} dimensions"
    )
    for column in ("ms", "p50", "p95", "p99", "target (p95)"):
        table.add_column(column, justify="left" if column == "ms" else "right")
    for name, timing in report.timings_ms.items():
        figures = (f"{value:.2f}" for value in (timing.p50, timing.p95, timing.p99))
        table.add_row(name, *figures, f"< {timing.target_p95:.0f} {'✓' if timing.met else '✗'}")
    console = Console()
    console.print(table)
    console.print(
        f"Memory {report.memory_mb:.0f} MB (target < {TARGET_MB:.0f}), "
        f"loaded in {report.load_ms:.0f} ms, built in {report.build_s:.1f} s "
        f"with the event loop blocked for at most {report.longest_block_ms:.0f} ms."
    )


def main() -> None:
    """Builds in a process of its own, measures, prints."""
    parser = options(__doc__)
    parser.add_argument("--build", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.build:
        asyncio.run(build(args.build))
        return
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "bench.search", "--build", scratch]
        answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - ourselves
        build_s, longest_block_ms = map(float, answer.stdout.split())
        report = asyncio.run(measure(Path(scratch), build_s, longest_block_ms))
    show(report)
    conclude(args, asdict(report), met=report.met)


if __name__ == "__main__":
    main()
