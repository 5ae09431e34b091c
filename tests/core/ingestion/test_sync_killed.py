"""A sync whose process is killed for real, with the engines open and a write on its way.

The next one starts at once: nobody waits for the lease of the dead.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

import pytest

from core.backends.postgres import Postgres
from tests.support.library import open_library

BLOCK = 4
BEFORE = {f"page-{n}.md": f"As it was, page {n}." for n in range(20)}
AFTER = {f"page-{n}.md": f"As it is now, page {n}." for n in range(2, 24)}


async def _killed_at(call: str, nth: int, *arguments: str) -> list[str]:
    """Kills the child once it has said `call` for the nth time. What it said until then."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.sync_child", *arguments, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    heard: list[str] = []
    async for line in child.stdout:
        heard.append(line.decode())
        if sum(said.startswith(call) for said in heard) == nth:
            child.kill()
            break
    # It ran on until the signal reached it, which may have been long enough to end well.
    assert await child.wait() in {-signal.SIGKILL, 0}
    return heard


@pytest.mark.parametrize(
    ("call", "nth"),
    [
        ("writer.recover", 1),
        ("embedder.embed_documents", 3),
        ("writer.write", 1),
        ("writer.write", 4),
        ("writer.close", 1),
        ("index.count", 2),
        ("database.execute UPDATE corpus", 1),
        ("database.commit", 1),
    ],
)
async def test_a_killed_sync_leaves_one_whole_edition_served_and_the_next_one_finishes(
    database: Postgres, database_dsn: str, tmp_path: Path, call: str, nth: int
) -> None:
    folder = tmp_path / "index"
    async with open_library(database, folder) as library:
        library.source.files = dict(BEFORE)
        await library.sync()
    heard = await _killed_at(call, nth, database_dsn, str(folder), json.dumps(AFTER))
    async with open_library(database, folder) as library:
        corpus = await library.store.current()
        assert corpus is not None
        # Of what was current just now: what the dead sync sent last may still take effect.
        assert await library.texts(corpus) == (BEFORE if corpus.generation == 1 else AFTER)
        library.source.files = dict(AFTER)
        report = await library.sync(allow_shrink=True)
        assert await library.texts() == AFTER
        stored = max(0, sum(said.startswith("writer.write") for said in heard) - 1) * BLOCK
        assert report.embedded <= len(AFTER) - stored
