"""The ssh that dulwich runs, as one that can be ended: when it falls silent, and at any moment."""

from __future__ import annotations

import io
import select
import subprocess
from typing import IO, Any, cast

from dulwich.client import SubprocessSSHVendor, SubprocessWrapper


class Ssh(SubprocessSSHVendor):
    """What it runs may be silent for so many `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._started: list[subprocess.Popen[bytes]] = []

    def run_command(self, *arguments: Any, **options: Any) -> SubprocessWrapper:
        """As dulwich runs it, but that to read from it raises TimeoutError, and ends it then."""
        connection = super().run_command(*arguments, **options)
        self._started.append(connection.proc)
        connection.read = io.BufferedReader(_Output(connection, self._seconds)).read
        return connection

    def end(self) -> None:
        """Kills what still runs, and waits until it is gone. For any thread."""
        for process in self._started:
            process.kill()
            process.wait()


class _Output(io.FileIO):
    """What a process writes; one that writes nothing for so many seconds is killed."""

    def __init__(self, connection: SubprocessWrapper, seconds: float) -> None:
        self._process = connection.proc
        pipe = cast("IO[bytes]", self._process.stdout)
        super().__init__(pipe.fileno(), closefd=False)
        self._seconds = seconds
        self._kept = connection.read  # its buffer would close the pipe when it goes

    def readinto(self, buffer: Any) -> int:
        if not select.select([self], [], [], self._seconds)[0]:
            # Before dulwich waits for it to end by itself.
            self._process.kill()
            raise TimeoutError
        return super().readinto(buffer)
