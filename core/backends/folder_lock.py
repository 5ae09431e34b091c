"""One process at a time in a folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.errors import ConfigurationError, DataFolderLocked

_LONGEST_COMMAND = 80


@contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Creates the folder where needed, and keeps every other process out of it.

    The kernel frees the lock with the process, however that ends. Raises DataFolderLocked,
    which names the holder, and ConfigurationError when the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("a+b", buffering=0)
    except OSError as exc:
        raise ConfigurationError(
            f"The data folder {folder} cannot be written: {exc.strerror}.",
            hint="Choose a folder that you may write to, or change its permissions.",
        ) from exc
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            lock.seek(0)
            raise _locked(folder, lock.read(20)) from exc
        with suppress(OSError):  # of a full disk the engine itself will tell
            lock.truncate(0)
            lock.write(str(os.getpid()).encode())
        yield


def _locked(folder: Path, pid: bytes) -> DataFolderLocked:
    holder = _process(pid.decode()) if pid.isdigit() else "another process"
    return DataFolderLocked(
        f"The data folder {folder} is in use by {holder}, and admits one process at a time.",
        hint="Wait until that process has ended, or stop it; DOCENT_DATA_DIR names another folder.",
    )


def _process(pid: str) -> str:
    """`process 42 (docent run)`; without the command where the system does not tell it."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text("utf-8", "replace").split("\0")
    except OSError:
        return f"process {pid}"
    runs_script = len(words) > 1 and "/" in words[1]
    command = " ".join([Path(words[runs_script]).name, *words[runs_script + 1 :]])
    shown = "".join(filter(str.isprintable, " ".join(command.split())))
    return f"process {pid} ({shown[:_LONGEST_COMMAND]})"
