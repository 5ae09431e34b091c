"""The event loop of a process that answers many people."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


def quickest_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What makes uvloop's, which halves what a turn costs; None, for Python's own, without it."""
    try:
        import uvloop  # noqa: PLC0415 - not for every system, and of use to `docent run` alone
    except ImportError:
        return None
    return uvloop.new_event_loop
