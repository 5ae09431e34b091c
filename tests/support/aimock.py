"""`@copilotkit/aimock` in a process of its own: OpenRouter and Cohere as others understand them."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent.parent / "node"

MISSING = next(
    (
        word
        for there, word in (
            (shutil.which("node"), "needs Node 20, which is not on this machine"),
            ((_FOLDER / "node_modules").is_dir(), "needs `npm install` in tests/node"),
        )
        if not there
    ),
    "",
)
"""Why it cannot be started here; empty if it can."""


@contextmanager
def aimock(
    fixtures: Sequence[Mapping[str, Any]], rerank: Mapping[str, Sequence[Mapping[str, Any]]]
) -> Iterator[str]:
    """The address of a server that replies with the fixtures; the first that matches wins."""
    process = subprocess.Popen(
        ["node", "aimock.mjs"],
        cwd=_FOLDER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"fixtures": fixtures, "rerank": rerank}) + "\n")
        process.stdin.flush()
        yield process.stdout.readline().strip()
        process.stdin.close()
        process.wait(timeout=60)
