"""Lines from standard input, without a thread that keeps the process from ending."""

from __future__ import annotations

import asyncio
import io
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Protocol

MAX_LINE = 100_000
"""Characters. A longer line is cut: no question is, and a pipe may never send a newline."""

CUT = f"A question is cut after {MAX_LINE:,} characters."

Tell = Callable[[str], None]


class Readable(Protocol):
    """A stream of text."""

    def readline(self, limit: int, /) -> str:
        """The next line, or as much of it as the limit admits; empty at the end."""


async def read_lines(tell: Tell, stream: Readable | None = None) -> AsyncIterator[str]:
    """Each line that is not blank, until end of file; `tell` hears when one was cut.

    The reader is a daemon thread, because a read of a pipe cannot be cancelled and the
    interpreter waits for every other kind of thread.
    """
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()

    def pump() -> None:
        # When the loop is closed, nobody waits for lines any more; a terminal that went away has
        # no more of them.
        with suppress(RuntimeError, OSError):
            try:
                for line in _beginnings(stream or _standard_input()):
                    loop.call_soon_threadsafe(lines.put_nowait, line)
            finally:
                loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=pump, name="stdin", daemon=True).start()
    while (line := await lines.get()) is not None:
        if line.strip():
            yield within_limit(line.strip(), tell)


def within_limit(line: str, tell: Tell) -> str:
    """As much of the line as a question may have."""
    if len(line) > MAX_LINE:
        tell(CUT)
    return line[:MAX_LINE]


def _standard_input() -> Readable:
    """Bytes that are no text become a mark; with standard input closed, there is none."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    return sys.stdin or io.StringIO()


def _beginnings(source: Readable) -> Iterator[str]:
    """Each line's beginning, with a character too many where more follows, which is read past."""
    while line := source.readline(MAX_LINE + 1):
        yield line
        while line and not line.endswith("\n"):
            line = source.readline(MAX_LINE)
