"""Prepares documents in a process of its own, so that a bot that syncs goes on answering.

A plain child with two pipes does what the standard library's pools do not: it ends when this
process is killed, imports the parsers and what weighs terms alone, and a document that brings it
down (for lack of memory, say) costs that document and no more.
"""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final, TypeAlias, cast

from core.errors import DocumentUnreadable
from core.ingestion.documents import Prepared, SourceProfile, prepare
from core.ingestion.parsing.archives import unpacked_size
from core.ingestion.preparing import Preparer
from core.ingestion.worker_process import READY, SIZE_BYTES, Answer, Task, joined
from core.ports import Entry, SparseEncoder

# Without the folder that it is run in, which may hold anything.
_COMMAND: Final = (sys.executable, "-P", "-m", "core.ingestion.worker_process")
_FEW: Final = 16
_BESIDE: Final = 3
"""Times a few may be prepared here while the process is at large ones."""

_SECONDS: Final = 60.0
"""A megabyte takes 1 of them as Markdown, 10 as HTML and 30 as reStructuredText, at most."""

_LARGE: Final = 2**17
_LARGE_UNPACKED: Final = 2**20
_BUFFER: Final = 2**20

_Awaited: TypeAlias = "asyncio.Future[Prepared]"

log = logging.getLogger(__name__)


@asynccontextmanager
async def open_worker(
    expected: int,
    sparse: SparseEncoder,
    *,
    few: int = _FEW,
    seconds: float = _SECONDS,
    command: Sequence[str] = _COMMAND,
) -> AsyncIterator[Preparer]:
    """Starts the process for more than a `few` documents, or a large one; it ends with the context.

    A document that takes it longer than so many `seconds` is unreadable, and another process is
    started for those after it. Until it is ready documents are prepared in a thread, but for large
    ones; where it cannot be started, all are.
    """
    preparer = WorkerPreparer(expected, sparse, few, seconds, command)
    preparer.begin()
    try:
        yield preparer
    finally:
        await preparer.close()


class WorkerPreparer:
    """In a process that is started when it is worth its start, and again when it was killed."""

    def __init__(
        self,
        expected: int,
        sparse: SparseEncoder,
        few: int,
        seconds: float,
        command: Sequence[str],
    ) -> None:
        self._sparse = sparse
        self._few = few
        self._seconds = seconds
        self._command = command
        self._asked = 0
        self._beside = 0
        self._worth_it = expected > few
        self._turn = asyncio.Lock()
        self._start: asyncio.Task[_Worker | None] | None = None

    def begin(self) -> None:
        """Starts the process where it is known to be worth it."""
        if self._worth_it:
            self._starting()

    async def prepare(
        self, profile: SourceProfile, entry: Entry, data: bytes, fingerprint: str
    ) -> Prepared:
        """In the process, or a thread: until that is there, and if small while it is at a large."""
        self._asked += 1
        large = _is_large(entry.path, data)
        self._worth_it |= large or self._asked > self._few
        task = (profile, entry, data, fingerprint)
        while True:
            if large:
                await asyncio.wait([self._starting()])
            if (worker := self._free_worker(large=large)) is None:
                async with self._turn:
                    if (worker := self._free_worker(large=large)) is None:
                        self._beside += self._at_hand() is not None
                        return await asyncio.to_thread(prepare, *task, self._sparse)
            with suppress(_WorkerEnded):
                return await worker.prepare(task, large=large)

    async def close(self) -> None:
        """Ends the process, whatever it is at."""
        if self._start is not None:
            self._start.cancel()
            await asyncio.wait([self._start])
            if not self._start.cancelled() and (worker := self._start.result()):
                await worker.close()

    def _free_worker(self, *, large: bool) -> _Worker | None:
        worker = self._at_hand()
        if worker and worker.large and not large and self._beside < _BESIDE * self._few:
            return None
        return worker

    def _at_hand(self) -> _Worker | None:
        start = self._starting() if self._worth_it else None
        return start.result() if start and start.done() else None

    def _starting(self) -> asyncio.Task[_Worker | None]:
        if self._start is None or _has_ended(self._start):
            self._start = asyncio.create_task(_start(self._command, self._seconds, self._sparse))
        return self._start


def _is_large(path: str, data: bytes) -> bool:
    """By what there is to read: a Word document may unpack to hundreds of times its size."""
    if len(data) > _LARGE:
        return True
    if not path.lower().endswith(".docx"):
        return False
    try:
        return unpacked_size(data) > _LARGE_UNPACKED
    except Exception:  # noqa: BLE001 - a damaged one, which its reader soon finds out
        return False


class _WorkerEnded(Exception):
    """On the document before."""


class _Worker:
    """The process, when it is ready. It takes documents in turn, and answers in that order.

    One that is not answered `seconds` after the one before it ends the process.
    """

    def __init__(self, process: Process, seconds: float) -> None:
        self._process = process
        self._seconds = seconds
        self._timer: asyncio.TimerHandle | None = None
        self._late = False
        self._tasks = cast("asyncio.StreamWriter", process.stdin)
        self._answers = cast("asyncio.StreamReader", process.stdout)
        self._awaited: deque[tuple[str, _Awaited]] = deque()
        self.large = 0  # of the documents that it has
        self.ended = False
        self._reading = asyncio.create_task(self._read())

    async def prepare(self, task: Task, *, large: bool) -> Prepared:
        """Raises DocumentUnreadable, also when the process ended on it; else _WorkerEnded."""
        self.large += large
        try:
            return await self._prepare(task)
        finally:
            self.large -= large

    async def _prepare(self, task: Task) -> Prepared:
        answer: _Awaited = asyncio.get_running_loop().create_future()
        self._awaited.append((task[1].path, answer))
        if len(self._awaited) == 1:
            self._time_first()
        self._tasks.write(pickle.dumps(task, pickle.HIGHEST_PROTOCOL))
        with suppress(ConnectionError):  # which the answer will tell
            await self._tasks.drain()
        return await answer

    async def close(self) -> None:
        """Whatever is awaited is given up."""
        if not self.ended:
            _kill(self._process)
        await self._reading

    async def _read(self) -> None:
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    answer = joined([part async for part in self._parts()])
                    _settle(self._awaited.popleft()[1], answer)
                    self._time_first()
        finally:
            self._give_up()
        await _bury(self._process)

    async def _parts(self) -> AsyncIterator[Answer]:
        last = False
        while not last:
            size = int.from_bytes(await self._answers.readexactly(SIZE_BYTES), "big")
            last, part = pickle.loads(await self._answers.readexactly(size))  # noqa: S301 - our own
            yield part
            await asyncio.sleep(0)

    def _time_first(self) -> None:
        """From now on; the others wait in the pipe."""
        if self._timer:
            self._timer.cancel()
        if self._awaited:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._seconds, self._end_late)

    def _end_late(self) -> None:
        self._late = True
        _kill(self._process)

    def _give_up(self) -> None:
        """The document in its hands is to blame, as far as anybody can tell."""
        self.ended = True
        if self._timer:
            self._timer.cancel()
        reason = "the process that reads it ended on it, perhaps for lack of memory"
        if self._late:
            reason = f"to read it takes longer than {self._seconds:g} s"
        for nth, (path, answer) in enumerate(self._awaited):
            if not answer.done():
                answer.set_exception(_WorkerEnded if nth else DocumentUnreadable(path, reason))


def _has_ended(start: asyncio.Task[_Worker | None]) -> bool:
    worker = start.result() if start.done() else None
    return worker is not None and worker.ended


def _settle(answer: _Awaited, said: Answer) -> None:
    if answer.done():  # nobody waits for it any more
        return
    if isinstance(said, Prepared):
        answer.set_result(said)
    else:
        answer.set_exception(DocumentUnreadable(*said))


async def _start(command: Sequence[str], seconds: float, sparse: SparseEncoder) -> _Worker | None:
    """None, and a word in the log, when it does not come up."""
    try:
        # In a session of its own: Ctrl-C at the terminal is for the process that started it.
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=PIPE,
            stdout=PIPE,
            limit=_BUFFER,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            start_new_session=True,
        )
    except OSError as error:
        _warn(error)
        return None
    cast("asyncio.StreamWriter", process.stdin).write(pickle.dumps(sparse))
    try:
        await cast("asyncio.StreamReader", process.stdout).readexactly(len(READY))
    except asyncio.IncompleteReadError:
        await _bury(process)
        _warn(f"exit code {process.returncode}")
        return None
    except asyncio.CancelledError:
        _kill(process)
        await _bury(process)
        raise
    return _Worker(process, seconds)


def _warn(reason: object) -> None:
    log.warning("Documents are parsed in the bot's own process: no other starts (%s).", reason)


def _kill(process: Process) -> None:
    """To be spared one that has ended: it would be collected where asyncio wants to."""
    with suppress(ProcessLookupError):
        process.kill()


async def _bury(process: Process) -> None:
    """Waits until it has ended, and its pipes are closed."""
    tasks = cast("asyncio.StreamWriter", process.stdin)
    tasks.close()
    with suppress(ConnectionError):
        await tasks.wait_closed()
    await process.wait()
