"""The process that prepares documents for the one that started it.

It takes pickled tasks from its standard input, after what weighs the terms of their chunks, and
answers each on its standard output, in their order, until its input ends: when that process wants
no more, or is gone. Then it ends in the middle of a document too. It is run by
`core.ingestion.worker`.
"""

from __future__ import annotations

import fcntl
import gc
import os
import pickle
import resource
import select
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain
from threading import Thread
from typing import BinaryIO, TypeAlias

from core.errors import DocumentUnreadable
from core.ingestion.documents import Prepared, SourceProfile, prepare
from core.ports import Entry, SparseEncoder

READY = b"ready"
"""Said once, when tasks will be taken."""

SIZE_BYTES = 8
"""Before each answer stands its size, big-endian, in so many bytes."""

_YOUNG = 50_000
"""Objects that are made before the garbage collector looks through them, next to none of which is
garbage: at Python's 700 the looks take a tenth of the time."""

_PART = 256
"""Chunks."""

_PIPE = 2**20
"""Bytes that wait for the other process: it takes them between its other work."""

_MEMORY = 2 * 2**30
"""Bytes of addresses. What reads five megabytes of HTML takes 1.3 GB, and much more takes too long;
the bot, which a system short of memory may end instead, is to outlive all that a document asks."""

Task: TypeAlias = tuple[SourceProfile, Entry, bytes, str]
"""What `prepare` takes, but for the encoder."""


Answer: TypeAlias = Prepared | tuple[str, str]
"""What `prepare` gives, or the path and reason of a DocumentUnreadable.

Nothing that is defined here: where it is run, this module has another name. It is sent in parts,
each with whether it is the last: what takes one in is kept for no more than two milliseconds.
"""


def serve(tasks: BinaryIO, answers: BinaryIO) -> None:
    """Until the tasks end."""
    with suppress(EOFError, BrokenPipeError):
        sparse: SparseEncoder = pickle.load(tasks)  # noqa: S301 - as the tasks are
        answers.write(READY)
        answers.flush()
        while True:
            task: Task = pickle.load(tasks)  # noqa: S301 - from the process that started this one
            for part in parts_of(_answer(task, sparse)):
                said = pickle.dumps(part, pickle.HIGHEST_PROTOCOL)
                answers.write(len(said).to_bytes(SIZE_BYTES, "big"))
                answers.write(said)
            answers.flush()


def parts_of(answer: Answer) -> Iterator[tuple[bool, Answer]]:
    """What is sent of an answer."""
    if not isinstance(answer, Prepared):
        yield True, answer
        return
    chunks = list(answer.chunks.items())
    for start in range(0, len(chunks) or 1, _PART):
        end = start + _PART
        yield end >= len(chunks), Prepared(answer.record, dict(chunks[start:end]))


def joined(parts: Sequence[Answer]) -> Answer:
    """The answer that these were made of."""
    prepared = [part for part in parts if isinstance(part, Prepared)]
    if not prepared:
        return parts[-1]
    chunks = chain.from_iterable(part.chunks.items() for part in prepared)
    return Prepared(prepared[-1].record, dict(chunks))


def _answer(task: Task, sparse: SparseEncoder) -> Answer:
    try:
        return prepare(*task, sparse)
    except DocumentUnreadable as error:
        return error.path, error.reason
    except MemoryError:
        return task[1].path, "to read it takes too much memory"


def _take_no_more_memory() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    limit = _MEMORY if most == resource.RLIM_INFINITY else min(_MEMORY, most)
    with suppress(OSError, ValueError):  # not every system knows of it
        resource.setrlimit(resource.RLIMIT_AS, (limit, most))


def _end_with(starter: int) -> None:
    """Ends this process, whatever it is at, once nobody can write to that pipe any more."""
    watch = select.poll()
    watch.register(starter, 0)  # a hang-up is told unasked
    watch.poll()
    os._exit(0)


def main() -> None:
    """With a standard output of its own, so that nothing a parser prints gets between answers."""
    Thread(target=_end_with, args=(sys.stdin.fileno(),), daemon=True).start()
    _take_no_more_memory()
    gc.freeze()
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])
    with suppress(OSError, AttributeError):  # the system may set a lower limit, or none
        fcntl.fcntl(sys.stdout, fcntl.F_SETPIPE_SZ, _PIPE)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
