"""The event loop of a process that answers many people, and the threads beside it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Final

_TURN: Final = 0.0005
"""Seconds that a thread may compute while others wait for the interpreter, not Python's 0.005."""


def take_short_turns() -> None:
    """Has threads that compute, as to parse a document, keep the loop and each other for less long.

    A thread that reads a file waits that long after each call of the system.
    """
    sys.setswitchinterval(_TURN)


def quickest_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What makes uvloop's, which halves what a turn costs; None, for Python's own, without it."""
    try:
        import uvloop  # noqa: PLC0415 - not for every system, and of use to `docent run` alone
    except ImportError:
        return None
    return uvloop.new_event_loop
