"""What the embedded engine raises, as ours."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from core.errors import RequestRejected, ServiceUnavailable

SERVICE: Final = "Qdrant Edge"

_ROOM = 64 * 2**20


@contextmanager
def engine_errors(hint: str = "") -> Iterator[None]:
    """The engine raises bare exceptions; only their text tells its own faults from ours."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as exc:  # a panic, as over damaged files, is no Exception
        reason = str(exc).partition("\n")[0]
        if isinstance(exc, Exception) and not reason.startswith("Service runtime error"):
            raise RequestRejected(SERVICE, reason, hint=hint) from exc
        raise ServiceUnavailable(SERVICE, reason, hint=hint) from exc


def require_room(folder: Path, room: int = _ROOM) -> None:
    """Raises ServiceUnavailable before the disk is full, while `room` bytes are left.

    The engine maps files that are larger than what is in them: where a page of one finds no room
    any more, the system ends the process (SIGBUS), and there is no error to catch.
    """
    free = shutil.disk_usage(folder).free
    if free < room:
        raise ServiceUnavailable(
            SERVICE,
            f"the disk has {free / 2**20:.0f} MB left, and a write could fill it.",
            hint=f"Make room on the disk that holds {folder}.",
        )
