"""Where documents are parsed and chunked: in a thread of this process, or in one of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import islice
from typing import Any, Protocol, TypeAlias, TypeVar

from core.ingestion.documents import Prepared, SourceProfile, prepare
from core.ports import Entry, SparseEncoder

T = TypeVar("T")


class Preparer(Protocol):
    """Does what `documents.prepare` does, and does not keep the event loop from its other work."""

    async def prepare(
        self, profile: SourceProfile, entry: Entry, data: bytes, fingerprint: str
    ) -> Prepared:
        """Raises DocumentUnreadable. May be asked for several documents at once."""


PreparerOpener: TypeAlias = Callable[[int, SparseEncoder], AbstractAsyncContextManager[Preparer]]
"""Is told how many documents are expected at least, and given what weighs their chunks' terms."""


class ThreadPreparer:
    """In a thread: other work gets its turns, but shares the interpreter."""

    def __init__(self, sparse: SparseEncoder) -> None:
        self._sparse = sparse
        self._turn = asyncio.Lock()

    async def prepare(
        self, profile: SourceProfile, entry: Entry, data: bytes, fingerprint: str
    ) -> Prepared:
        """One document after the other: more threads would only take more from the loop's."""
        async with self._turn:
            task = (profile, entry, data, fingerprint, self._sparse)
            return await asyncio.to_thread(prepare, *task)


class Room:
    """For so many bytes of documents at a time; one that is larger has it for itself alone."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._taken = 0
        self._given_back = asyncio.Event()

    async def take(self, size: int) -> None:
        """Waits until there is enough."""
        while self._taken and self._taken + size > self._size:
            self._given_back.clear()
            await self._given_back.wait()
        self._taken += size

    def give_back(self, size: int) -> None:
        """What was taken before."""
        self._taken -= size
        self._given_back.set()


@asynccontextmanager
async def open_thread_preparer(
    expected: int,  # noqa: ARG001 - a thread costs nothing
    sparse: SparseEncoder,
) -> AsyncIterator[Preparer]:
    """Nothing to release."""
    yield ThreadPreparer(sparse)


async def as_they_end(jobs: Iterable[Coroutine[Any, Any, T]], most: int) -> AsyncGenerator[T, None]:
    """The results of jobs as they come, while up to `most` of them run side by side.

    They are begun in their order.
    """
    waiting = iter(jobs)
    running: set[asyncio.Task[T]] = set()
    ended: asyncio.Queue[asyncio.Task[T]] = asyncio.Queue()
    try:
        while True:
            for job in islice(waiting, most - len(running)):
                task = asyncio.create_task(job)
                task.add_done_callback(ended.put_nowait)
                running.add(task)
            if not running:
                return
            task = await ended.get()
            running.remove(task)
            yield task.result()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
