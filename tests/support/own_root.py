"""A place for the temporary folders of one run of the tests, in which no other run has a say.

Each pytest that starts locks all users but its own out of the root that all runs share. Under root
PostgreSQL runs as another user, whom that would part from its files in the middle of a test.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

_NAME = "docent-tests-"


@dataclass(frozen=True)
class Root:
    """Nobody removes it while its maker lives."""

    path: Path
    lock: int

    def remove(self) -> None:
        """For who has nothing to look up in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self.lock)


def make_root(temporary: Path) -> Root:
    """A new one in that folder; those of runs that are over are removed."""
    for left in temporary.glob(f"{_NAME}*"):
        if (lock := _locked(left)) is not None:
            Root(left, lock).remove()
    new = Path(tempfile.mkdtemp(prefix="docent-new-", dir=temporary))
    lock = os.open(new, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    # Not before: without its lock it would be taken for one that was left.
    return Root(new.rename(temporary / f"{_NAME}{new.name.rpartition('-')[2]}"), lock)


def _locked(folder: Path) -> int | None:
    """None where somebody else has the lock, or it is not ours to have."""
    try:
        opened = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(opened)
        return None
    return opened
