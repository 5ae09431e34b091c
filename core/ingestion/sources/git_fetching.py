"""Fetches a repository in a process of its own, so that it can be ended at any moment.

A thread cannot be: it waits in the system for a name to be resolved, for a server or for ssh, and
this process for the thread.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, cast

from core.ingestion.sources.git_mirror import GitFailed, Mirror, Tip
from core.ingestion.sources.git_process import Answer

# Without the folder that it is run in, which may hold anything.
_COMMAND: Final = (sys.executable, "-P", "-m", "core.ingestion.sources.git_process")


async def fetch(
    mirror: Mirror, branch: str | None, *, within: float, command: Sequence[str] = _COMMAND
) -> Tip:
    """As `Mirror.fetch`, in that many seconds. Raises GitFailed.

    When it returns or raises, and when it is cancelled, nothing is left of the process, nor of an
    ssh that it ran.
    """
    try:
        # In a session of its own: Ctrl-C at the terminal is for the process that started it.
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=PIPE,
            stdout=PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            start_new_session=True,
        )
    except OSError as exc:
        raise GitFailed(f"no process to fetch it could be started ({exc.strerror})") from exc
    try:
        async with asyncio.timeout(within):
            return await _answer(process, pickle.dumps((mirror, branch)))
    except TimeoutError as exc:
        raise GitFailed(
            f"it was not fetched within {within / 60:g} minutes",
            "Sync again when its server is well. If it is too large for the line, clone it to a "
            "folder of this machine, and name that as `git`.",
        ) from exc
    finally:
        await _end(process)


async def _answer(process: Process, task: bytes) -> Tip:
    tasks = cast("asyncio.StreamWriter", process.stdin)
    tasks.write(task)
    with suppress(ConnectionError):  # which the answer will tell
        await tasks.drain()
    said = await cast("asyncio.StreamReader", process.stdout).read()
    if not said:
        raise GitFailed("the process that fetches it ended, perhaps for lack of memory")
    answer: Answer = pickle.loads(said)  # noqa: S301 - our own
    if isinstance(answer, GitFailed):
        raise answer
    return answer


async def _end(process: Process) -> None:
    """It ends with its input, and so do its answers."""
    cast("asyncio.StreamWriter", process.stdin).close()
    await cast("asyncio.StreamReader", process.stdout).read()
    await process.wait()
