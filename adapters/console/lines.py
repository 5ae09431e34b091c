"""Lines from standard input, without a thread that keeps the process from ending."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TextIO

MAX_LINE = 100_000
"""Characters. A longer line is cut: no question is, and a pipe may never send a newline."""


async def read_lines(stream: TextIO | None = None) -> AsyncIterator[str]:
    """Each line that is not blank, until end of file.

    The reader is a daemon thread, because a read of a pipe cannot be cancelled and the
    interpreter waits for every other kind of thread.
    """
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()

    def pump() -> None:
        source = sys.stdin if stream is None else stream
        # When the loop is closed, nobody waits for lines any more.
        with suppress(RuntimeError):
            while line := source.readline(MAX_LINE):
                loop.call_soon_threadsafe(lines.put_nowait, line)
            loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=pump, name="stdin", daemon=True).start()
    while (line := await lines.get()) is not None:
        if line.strip():
            yield line.strip()


async def typed_lines() -> AsyncIterator[str]:
    """Each line that a person types, with editing and history, until Ctrl-D or Ctrl-C."""
    # It takes a while to import, and only a person at a terminal needs it.
    from prompt_toolkit import PromptSession  # noqa: PLC0415

    session: PromptSession[str] = PromptSession("› ")
    while True:
        try:
            line = await session.prompt_async()
        except (EOFError, KeyboardInterrupt):
            return
        if line.strip():
            yield line.strip()
