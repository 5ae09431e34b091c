"""How a command ends when the system asks it to."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

_ENDING: Final = (signal.SIGTERM, signal.SIGHUP)

log = logging.getLogger(__name__)


async def run_until_signalled(command: Coroutine[Any, Any, int | None]) -> int | None:
    """The command's exit code, or a signal's as a shell has it: 143 or 129.

    SIGTERM, and SIGHUP of a terminal that was closed, end the command as Ctrl-C does: it is
    cancelled, and what it has open is closed. Another SIGTERM, or Ctrl-C, then ends the process
    at once. One that was started with a signal ignored, as by nohup, goes on ignoring it.
    """
    received: list[int] = []
    running = asyncio.current_task()
    loop = asyncio.get_running_loop()

    def end(number: int) -> None:
        received.append(number)
        _end_at_once_by_the_next(loop)
        if running is not None:
            running.cancel()

    for number in _ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, end, number)
    try:
        code = await command
    except (asyncio.CancelledError, Exception):
        if not received:
            raise
        # Nobody waits for the result any more, and a closed terminal can show nothing.
        log.debug("Ended by a signal.", exc_info=True)
        code = None
    if not received:
        return code
    _forgo_closed_outputs()
    return 128 + received[0]


def _end_at_once_by_the_next(loop: asyncio.AbstractEventLoop) -> None:
    for number in _ENDING:
        loop.remove_signal_handler(number)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # A terminal that is closed sends it to all of its processes, and its shell does so too.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _forgo_closed_outputs() -> None:
    """The interpreter would end with code 120 for what it cannot write to a closed terminal."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@asynccontextmanager
async def stop_signal() -> AsyncIterator[asyncio.Event]:
    """Set by the first SIGINT or SIGTERM; a second one ends the process as it always does."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)

    def ask_to_stop() -> None:
        stop.set()
        for number in numbers:
            loop.remove_signal_handler(number)

    for number in numbers:
        loop.add_signal_handler(number, ask_to_stop)
    try:
        yield stop
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
