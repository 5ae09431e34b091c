"""The `docent` command as a person or a script runs it: a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 240.0


@dataclass(frozen=True, slots=True)
class Shell:
    """A folder to work in, and the variables that are set there."""

    folder: Path
    variables: dict[str, str]

    def run(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Runs `docent` to its end."""
        return subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            cwd=self.folder,
            env=self.environment(),
            input=typed,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    @contextmanager
    def running(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """Runs `docent` beside the test, with its standard error to read."""
        with subprocess.Popen(
            [sys.executable, "-m", "bot", *arguments],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def environment(self) -> dict[str, str]:
        """The way to Python, and nothing that would configure Docent."""
        kept = ("PATH", "HOME", "LANG", "COVERAGE_PROCESS_START", "SYSTEMROOT")
        root = Path(__file__).resolve().parents[2]
        inherited = {name: os.environ[name] for name in kept if name in os.environ}
        return {**inherited, "PYTHONPATH": str(root), "PYTHONUTF8": "1", **self.variables}
