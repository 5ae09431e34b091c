"""What the embedded engine raises, as ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from core.errors import RequestRejected, ServiceUnavailable

SERVICE: Final = "Qdrant Edge"


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
