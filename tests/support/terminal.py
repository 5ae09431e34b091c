"""Somebody at a terminal: a process on a pseudo-terminal, what it shows, and keys to press."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.support.command import PATIENCE, Shell

CTRL_C = "\x03"
CTRL_D = "\x04"
ENTER = "\r"

_ROWS, _COLUMNS = 40, 100
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\r")
# A session leader that opens a terminal gets it for its own, and with it the signals of its keys.
_TAKE_SEAT = """\
import os, sys
os.open(os.ttyname(0), os.O_RDWR)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
# Nobody answers when it asks where the cursor is.
_VARIABLES = {"TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"}


@dataclass
class Terminal:
    """What was shown and not yet read, without its control sequences."""

    process: subprocess.Popen[bytes]
    screen: int
    unread: str = ""

    def press(self, keys: str) -> None:
        os.write(self.screen, keys.encode())

    def expect(self, text: str) -> str:
        """Waits until the text is shown; all that came up to it. Blocks."""
        until = time.monotonic() + PATIENCE
        while text not in self.unread:
            left = until - time.monotonic()
            assert left > 0, f"{text!r} is not shown, but {self.unread!r}"
            self.unread += self._read(left)
        shown, found, self.unread = self.unread.partition(text)
        return shown + found

    def _read(self, patience: float) -> str:
        ready, _, _ = select.select([self.screen], [], [], patience)
        shown = os.read(self.screen, 65536) if ready else b""
        return _CONTROL.sub("", shown.decode(errors="replace"))


@contextmanager
def seated(shell: Shell, *arguments: str) -> Iterator[Terminal]:
    """Runs `docent` on a terminal until the block ends."""
    screen, seat = pty.openpty()
    termios.tcsetwinsize(seat, (_ROWS, _COLUMNS))
    process = subprocess.Popen(
        [sys.executable, "-c", _TAKE_SEAT, "-m", "bot", *arguments],
        cwd=shell.folder,
        env=shell.environment() | _VARIABLES,
        stdin=seat,
        stdout=seat,
        stderr=seat,
        start_new_session=True,
    )
    os.close(seat)
    try:
        yield Terminal(process, screen)
    finally:
        # In order, so that a test that fails leaves no database server behind.
        process.terminate()
        process.wait(PATIENCE)
        os.close(screen)
