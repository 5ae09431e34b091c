"""A process whose clock on the wall jumps, by Debian's libfaketime, where it is installed.

Its monotonic clock goes on as it is, as on a machine whose time somebody sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LIBRARY = next(
    (
        library
        for folder in ("/usr/lib/*/faketime", "/usr/lib*/faketime", "/usr/local/lib/faketime")
        for library in Path("/").glob(f"{folder[1:]}/libfaketimeMT.so.1")
    ),
    None,
)
"""None where it is not installed."""

_SHARED = Path("/dev/shm")  # noqa: S108 - where the library itself puts what it shares


@dataclass(frozen=True)
class Clock:
    """What a process that is started with `variables` takes for the time; right at first."""

    file: Path

    @property
    def variables(self) -> dict[str, str]:
        """It looks at the file once a second."""
        return {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_CACHE_DURATION": "1",
        }

    def set_off(self, seconds: float) -> None:
        """It is wrong by so much from now on; with 0 it is right."""
        written = self.file.with_suffix(".new")
        written.write_text(f"{seconds:+.0f}\n", "ascii")
        written.replace(self.file)


def wrong_by(seconds: float) -> dict[str, str]:
    """Variables of a process whose clock is wrong from its start to its end."""
    return {"LD_PRELOAD": str(LIBRARY), "FAKETIME": f"{seconds:+.0f}"}


def left_behind(pid: int) -> list[Path]:
    """What the library leaves of a process that was killed; the next of that number fails on it."""
    return [_SHARED / f"faketime_shm_{pid}", _SHARED / f"sem.faketime_sem_{pid}"]


def sweep(pid: int) -> None:
    """Removes it."""
    for left in left_behind(pid):
        left.unlink(missing_ok=True)
