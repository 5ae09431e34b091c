"""Whether a process still lives, for whoever waits for what it holds.

A number alone does not tell: another machine or container has processes of its own, and the
system gives the number of one that ended to another. Linux knows the boot, the number space and
the moment of the start; where they cannot be read, nothing is concluded.
"""

from __future__ import annotations

import os
import socket
from enum import Enum
from pathlib import Path

_SYSTEM = Path("/proc")


class Life(Enum):
    """What is known of a process."""

    RUNNING = "running"
    ENDED = "ended"
    UNKNOWN = "unknown"


def this_process() -> str | None:
    """Names the one that asks among all of all machines; None where the system does not tell."""
    try:
        return f"{_numbering()} {os.getpid()} {_start('self')}"
    except OSError:
        return None


def life_of(process: str | None) -> Life:
    """What this machine knows of what `this_process` said, here or on another one."""
    try:
        numbering, number, start = (process or "").rsplit(" ", 2)
        if numbering != _numbering():
            return Life.UNKNOWN
        # Asked first, because the system may hide the files of another user's process.
        os.kill(int(number), 0)
        return Life.RUNNING if _start(number) == start else Life.ENDED
    except ProcessLookupError:
        return Life.ENDED
    except (OSError, ValueError):
        return Life.UNKNOWN


def _numbering() -> str:
    """The machine, its boot, and the container whose processes are numbered together."""
    boot = (_SYSTEM / "sys/kernel/random/boot_id").read_text("ascii").strip()
    return f"{socket.gethostname()} {boot} {(_SYSTEM / 'self/ns/pid').readlink()}"


def _start(number: str) -> str:
    """In clock ticks since the boot. Raises ProcessLookupError for one that was not yet buried."""
    # The name, which may hold anything, stands in brackets before these; see proc_pid_stat(5).
    fields = (_SYSTEM / number / "stat").read_bytes().rpartition(b")")[2].split()
    state, start = fields[0], fields[19]
    if state in {b"Z", b"X"}:
        raise ProcessLookupError
    return start.decode("ascii")
