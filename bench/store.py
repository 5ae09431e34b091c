"""What the embedded store adds to its engine, and how long it keeps the event loop.

The engine is asked for the same two searches without a filter, as its guide shows it, and what it
answers is read in full; processor time is compared. A stall is the work of one turn of the loop
while a sync writes: what other programs of the machine took does not count.
"""

from __future__ import annotations

import asyncio
import gc
import tempfile
from collections.abc import Awaitable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from statistics import median
from time import process_time
from uuid import UUID

import qdrant_edge as engine
from rich.console import Console

from bench.measures import Percentiles, load_average, percentiles
from bench.outcome import conclude, options
from bench.search import GENERATION, IN_SCOPE, WORDS_A_QUESTION, Texts, points
from core.backends.bm25 import Bm25Encoder
from core.backends.local_embedder import MINILM
from core.backends.qdrant_edge import EdgeWriter, QdrantEdge, open_edge
from core.backends.qdrant_edge_search import BY_SIGNS, EdgeSearch, sparse_vector
from core.backends.qdrant_payload import DENSE, SPARSE, batches
from core.model import Point, SearchHits, SearchRequest
from core.retrieval.kept_chunks import KeptChunks
from core.retrieval.retriever import RetrievalSettings
from tests.support.loop_watch import timed_loop

CHUNKS = 20_000
QUESTIONS = 300
WARM_UP = 100
CHANGED = 5_000
BLOCK = 256
REST = 0.02
SECONDS_A_CHUNK = 0.0004
"""About what a sync takes to write one and to delete another."""

TARGET_RATIO = 1.5
TARGET_STALL_MS = 10.0


@dataclass(frozen=True, slots=True)
class Report:
    """`ratio` is the median of our time over the engine's for the same question.

    `stalls_ms` are the turns of the loop while a sync wrote and questions were asked; `alone_ms`
    those while only the same questions were.
    """

    chunks: int
    load: float
    ratio: float
    hybrid_ms: Percentiles
    raw_ms: Percentiles
    stalls_ms: Percentiles
    alone_ms: Percentiles

    @property
    def met(self) -> bool:
        """Whether every target was met."""
        return self.ratio <= TARGET_RATIO and self.stalls_ms.most <= TARGET_STALL_MS


def requests(count: int, seed: int) -> list[SearchRequest]:
    """Questions with vectors of their own, in a scope of three sources of four."""
    texts, sparse = Texts(seed), Bm25Encoder()
    return [
        SearchRequest(
            MINILM.collection,
            texts.vector(),
            sparse.encode_query(texts.text(WORDS_A_QUESTION)),
            GENERATION,
            IN_SCOPE,
            RetrievalSettings().candidates,
        )
        for _ in range(count)
    ]


async def build(folder: Path, made: Sequence[Point]) -> None:
    """Writes the index."""
    async with open_edge(folder) as index:
        await (await index.writer(MINILM)).write(made)


async def compare(folder: Path, count: int) -> tuple[list[float], list[float]]:
    """Milliseconds of our search and of the engine's, turn by turn."""
    shard = engine.EdgeShard.load(str(folder / MINILM.collection))
    search = EdgeSearch()
    kept = KeptChunks(lambda _, keys: search.read(shard, keys))
    ours, raw = [], []
    for request in requests(WARM_UP + count, seed=1):
        ours.append(await timed(read_all(kept, search.hits(shard, request))))
        raw.append(await timed(ask_engine(shard, request)))
    shard.close()
    return ours[WARM_UP:], raw[WARM_UP:]


async def read_all(kept: KeptChunks, found: Awaitable[SearchHits]) -> object:
    """What a search finds, with its chunks; a question needs a quarter of them."""
    hits = await found
    return await kept.read(MINILM.collection, list(hits.dense.keys() | hits.sparse.keys()))


async def timed(search: Awaitable[object]) -> float:
    """Milliseconds of processor time, that of the engine's threads included."""
    start = process_time()
    await search
    return (process_time() - start) * 1e3


async def ask_engine(shard: engine.EdgeShard, request: SearchRequest) -> object:
    """Both searches in one call, and all that they found; the dense one as ours is asked."""
    assert request.dense is not None
    vectors = {DENSE: request.dense.tolist(), SPARSE: sparse_vector(request.sparse)}
    queries = [
        engine.QueryRequest(
            request.limit,
            query=engine.Query.Nearest(vector, using=name),
            with_payload=True,
            params=BY_SIGNS if name == DENSE else None,
        )
        for name, vector in vectors.items()
    ]
    answers = shard.query_batch(engine.QueryBatchRequest(queries))
    return [(point.score, point.payload) for answer in answers for point in answer]


def stalls(folder: Path, changed: Sequence[Point]) -> tuple[list[float], list[float]]:
    """Milliseconds that each turn of the loop took while questions were asked, and a sync wrote."""
    told: list[float] = []
    gc.collect()
    gc.freeze()  # the points at hand here are no garbage of the bot's
    with asyncio.Runner(loop_factory=lambda: timed_loop(told.append, threads=True)) as runner:
        found = runner.run(write_and_search(folder, changed, told))
    gc.unfreeze()
    return found


async def write_and_search(
    folder: Path, changed: Sequence[Point], told: list[float]
) -> tuple[list[float], list[float]]:
    """Questions alone, and then through a sync that replaces chunks by others."""
    made, ended = [anew(each) for each in changed], [each.id for each in changed]
    asked = requests(2 * len(changed), seed=2)
    async with open_edge(folder) as index:
        writer = await index.writer(MINILM)
        resting = asyncio.create_task(asyncio.sleep(len(changed) * SECONDS_A_CHUNK))
        alone = await ask_until(resting, index, asked, told)
        syncing = asyncio.create_task(sync(index, writer, made, ended))
        return alone, await ask_until(syncing, index, asked, told)


async def ask_until(
    ended: asyncio.Task[None], index: QdrantEdge, asked: list[SearchRequest], told: list[float]
) -> list[float]:
    """The milliseconds of the turns that were told meanwhile."""
    await asyncio.sleep(REST)
    told.clear()
    kept = KeptChunks(index.read)
    while not ended.done():
        await read_all(kept, index.search(asked.pop()))
        await asyncio.sleep(REST)
    await ended
    return [seconds * 1e3 for seconds in told]


def anew(point: Point) -> Point:
    """What the next generation has in a point's place."""
    chunk = replace(point.chunk, text=f"{point.chunk.text} anew")
    return replace(point, chunk=chunk, since=GENERATION + 1)


async def sync(
    index: QdrantEdge, writer: EdgeWriter, made: Sequence[Point], ended: Sequence[UUID]
) -> None:
    """What one asks of the store, in its order."""
    await writer.recover(GENERATION)
    for block in batches(made, BLOCK):
        await index.vectors(MINILM.collection, [each.chunk.content_hash for each in block])
        await writer.write(block)
    await writer.close(ended, GENERATION + 1)
    await index.count(MINILM.collection, GENERATION + 1)
    for source in IN_SCOPE:
        await writer.prune(source, GENERATION + 1)


def measure(chunks: int, questions: int, changed: int) -> Report:
    """Both, over one index."""
    made = list(islice(points(), chunks))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        asyncio.run(build(folder, made))
        ours, raw = asyncio.run(compare(folder, questions))
        alone, stalled = stalls(folder, made[:changed])
    return Report(
        chunks=chunks,
        load=load_average(),
        ratio=median(a / b for a, b in zip(ours, raw, strict=True)),
        hybrid_ms=percentiles(ours),
        raw_ms=percentiles(raw),
        stalls_ms=percentiles(stalled),
        alone_ms=percentiles(alone),
    )


def show(report: Report) -> None:
    """In three lines."""
    ours, raw, stalled, alone = (
        report.hybrid_ms,
        report.raw_ms,
        report.stalls_ms,
        report.alone_ms,
    )
    console = Console()
    console.print(f"[bold]The embedded store[/bold] over {report.chunks:,} chunks")
    console.print(
        f"Hybrid search with filters {ours.p50:.2f} ms (p95 {ours.p95:.2f}), "
        f"the engine's own without {raw.p50:.2f} ms (p95 {raw.p95:.2f}): "
        f"{report.ratio:.2f} times (target ≤ {TARGET_RATIO})."
    )
    console.print(
        f"While a sync wrote: the longest turn of the loop {stalled.most:.1f} ms "
        f"(p99 {stalled.p99:.1f}; target ≤ {TARGET_STALL_MS:.0f}). While none did: "
        f"{alone.most:.1f} ms (p99 {alone.p99:.1f})."
    )


def main() -> None:
    """Measures and prints."""
    args = options(__doc__).parse_args()
    report = measure(CHUNKS, QUESTIONS, CHANGED)
    show(report)
    conclude(args, asdict(report), met=report.met)


if __name__ == "__main__":
    main()
