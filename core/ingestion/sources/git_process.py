"""The process that fetches a repository for the one that started it: `git_fetching`.

It takes a pickled Mirror and the branch from its standard input, and answers on its standard
output. When its input ends, because that process wants no more or is gone, it ends at once,
whatever it is at: it may wait for a server that never answers, or be at a pack of gigabytes.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import socket
import sys
from threading import Thread
from typing import TypeAlias

from core.ingestion.sources.git_mirror import GitFailed, Mirror, Tip

Answer: TypeAlias = Tip | GitFailed


def answer(mirror: Mirror, branch: str | None) -> Answer:
    """What `Mirror.fetch` returns or raises."""
    try:
        return mirror.fetch(branch)
    except GitFailed as error:
        return error
    except OSError as error:
        return GitFailed(
            f"its copy cannot be written ({error.strerror})",
            "Check the space on the disk, and who may write to the data folder.",
        )


def _end_with(starter: int, mirror: Mirror) -> None:
    """Ends this process and what it started, once nobody can write to that pipe any more."""
    watch = select.poll()
    watch.register(starter, 0)  # a hang-up is told unasked
    watch.poll()
    mirror.abort()
    # It leads a group of its own, in which is also what ssh started.
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    """For one repository."""
    mirror: Mirror
    mirror, branch = pickle.load(sys.stdin.buffer)  # noqa: S301 - from who started it
    Thread(target=_end_with, args=(sys.stdin.fileno(), mirror), daemon=True).start()
    # dulwich sets none for git://, and urllib3 has its own.
    socket.setdefaulttimeout(mirror.timeout)
    pickle.dump(answer(mirror, branch), sys.stdout.buffer)


if __name__ == "__main__":
    main()
