"""One run of one pipeline at one rate, in the process that this is: `python -m bench.runs`.

It prints its figures as JSON. All times count from when a question was due.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import Protocol

from bench.arrivals import CONVERSATIONS, Arrival, Seen, offer, poisson
from bench.measures import (
    SYSTEM_UNDER_TEST,
    Percentiles,
    load_average,
    loop_lag,
    on_core,
    percentiles,
    resident_mb,
)
from bot.loop import quickest_loop

LOOK_EVERY = 0.02
"""Seconds between two looks at the loop's lag: each wakes a process that mostly sleeps."""


class Pipeline(Protocol):
    """What ingests docs and answers from them."""

    async def ingest(self) -> int:
        """Brings the index in step with the docs; how many documents there are."""

    async def remember(self, turns: int) -> None:
        """Has every conversation begin with so many turns."""

    async def ask(self, arrival: Arrival, seen: Seen) -> None:
        """Returns when the answer is stored, and has noted when what came."""


@dataclass(frozen=True, slots=True)
class Run:
    """What came of it. `completed` a second counts from the first question to the last due one.

    `first_ms` is the time to the first token without what the services take before it:
    `services_ms`, and what it takes to complete a follow-up. `stored_ms` is from the last token to
    the store, `cpu_ms` the processor time of a question.
    """

    pipeline: str
    rate: float
    seconds: float
    seed: int
    asked: int
    answered: int
    failed: int
    queued: int
    completed_a_second: float
    services_ms: float
    first_ms: Percentiles
    stored_ms: Percentiles
    lag_ms: Percentiles
    cpu_ms: float
    cpu_share: float
    memory_mb: float
    load: float


@dataclass(frozen=True, slots=True)
class Ingest:
    """Seconds of a first ingest and of one that finds nothing changed."""

    pipeline: str
    documents: int
    seconds: float
    cpu_seconds: float
    unchanged_seconds: float
    load: float

    @property
    def rate(self) -> float:
        """Documents a second."""
        return self.documents / self.seconds


class Watch:
    """Asks by the clock, and looks at a stretch of it in which everything has found its pace."""

    def __init__(self, pipeline: Pipeline, args: argparse.Namespace) -> None:
        self._pipeline = pipeline
        self._args = args
        self._seen: list[Seen] = []
        self._failed = 0

    async def run(self) -> Run:
        """The whole of it."""
        args, loop = self._args, asyncio.get_running_loop()
        arrivals = poisson(args.rate, args.warm_up + args.seconds, CONVERSATIONS, args.seed)
        asking = asyncio.create_task(offer(arrivals, self._ask))
        await asyncio.sleep(args.warm_up)
        begun, cpu = loop.time(), process_time()
        async with loop_lag(LOOK_EVERY) as lag:
            await asyncio.sleep(args.seconds)
        ended, cpu = loop.time(), process_time() - cpu
        memory = resident_mb()
        await asyncio.wait([asking], timeout=args.drain)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        return self._told(begun, ended, cpu, lag, memory)

    async def _ask(self, arrival: Arrival, due: float) -> None:
        seen = Seen(due, self._services(arrival))
        self._seen.append(seen)
        try:
            await self._pipeline.ask(arrival, seen)
        except Exception as exc:  # noqa: BLE001 - it is counted, and the others go on
            self._failed += 1
            if self._failed == 1:
                print(f"A question failed: {exc!r}", file=sys.stderr)

    def _services(self, arrival: Arrival) -> float:
        """Seconds: a follow-up is completed before it is searched for."""
        args = self._args
        milliseconds: float = args.services
        if arrival.follows or args.history:
            milliseconds += args.completing
        return milliseconds / 1e3

    def _told(
        self, begun: float, ended: float, cpu: float, lag: Sequence[float], memory: float
    ) -> Run:
        args = self._args
        due = [seen for seen in self._seen if begun <= seen.due < ended]
        completed = sum(begun <= seen.stored < ended for seen in self._seen)
        first = [(s.first - s.due - s.services) * 1e3 if s.first else math.inf for s in due]
        stored = [(s.stored - s.last) * 1e3 for s in due if s.stored]
        return Run(
            pipeline=args.pipeline,
            rate=args.rate,
            seconds=args.seconds,
            seed=args.seed,
            asked=len(due),
            answered=len(stored),
            failed=self._failed,
            queued=sum(seen.queued for seen in due),
            completed_a_second=completed / (ended - begun),
            services_ms=args.services,
            first_ms=percentiles(first),
            stored_ms=percentiles(stored),
            lag_ms=percentiles(lag),
            cpu_ms=cpu * 1e3 / completed if completed else math.inf,
            cpu_share=cpu / (ended - begun),
            memory_mb=memory,
            load=load_average(),
        )


def opened(
    name: str, addresses: Mapping[str, str], docs: Path
) -> AbstractAsyncContextManager[Pipeline]:
    """The pipeline of that name; what it needs is imported for it alone."""
    if name == "docent":
        from bench.docent_pipeline import open_docent  # noqa: PLC0415 - see above

        return open_docent(addresses, docs)
    if name == "plain":
        from bench.plain_pipeline import open_plain  # noqa: PLC0415 - as above

        return open_plain(addresses, docs)
    from bench.frameworks import open_framework  # noqa: PLC0415 - as above

    return open_framework(name, addresses, docs)


async def measure(args: argparse.Namespace) -> Run | Ingest:
    """Opens the pipeline and does what is asked for."""
    addresses = json.loads(args.addresses)
    async with opened(args.pipeline, addresses, args.docs) as pipeline:
        if args.what == "ingest":
            return await ingest(pipeline, args)
        # Each run begins alike: what the one before it asked would be a conversation by now.
        await pipeline.remember(args.history)
        return await Watch(pipeline, args).run()


async def ingest(pipeline: Pipeline, args: argparse.Namespace) -> Ingest:
    """All docs, and then once more."""
    start, cpu = perf_counter(), process_time()
    documents = await pipeline.ingest()
    seconds, cpu = perf_counter() - start, process_time() - cpu
    start = perf_counter()
    await pipeline.ingest()
    unchanged = perf_counter() - start
    return Ingest(args.pipeline, documents, seconds, cpu, unchanged, load_average())


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["ingest", "load"])
    parser.add_argument("--pipeline", default="docent")
    parser.add_argument("--history", type=int, default=0, help="turns before a question")
    parser.add_argument("--addresses", required=True, help="as bench.standins prints them")
    parser.add_argument("--docs", type=Path, required=True)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--warm-up", type=float, default=5.0)
    parser.add_argument("--drain", type=float, default=10.0)
    parser.add_argument("--services", type=float, default=0.0, help="their own milliseconds")
    parser.add_argument("--completing", type=float, default=0.0, help="the same of a follow-up")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    on_core(SYSTEM_UNDER_TEST)
    with asyncio.Runner(loop_factory=quickest_loop()) as runner:
        print(json.dumps(asdict(runner.run(measure(args)))), flush=True)


if __name__ == "__main__":
    main()
