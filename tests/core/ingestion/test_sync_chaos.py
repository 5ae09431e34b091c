"""Syncs that are killed at random, one after the other, on one corpus.

`make sync-chaos` kills thirty; DOCENT_KILLS and DOCENT_SEED play other numbers, and one again.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from core.backends.postgres import Postgres
from tests.support.library import open_library

KILLS = int(os.environ.get("DOCENT_KILLS") or 4)
SEED = int(os.environ.get("DOCENT_SEED") or random.SystemRandom().randrange(10**6))

BLOCK = 4  # of the child
IN_FLIGHT = 3 * BLOCK  # one block being embedded, one waiting, one being written
NEW = 18  # texts in each edition that no other has


def _edition(number: int) -> dict[str, str]:
    """Some pages stay, most change, and two come and go with each."""
    stay = {f"stays-{n}.md": f"Always so, page {n}." for n in range(4)}
    change = {f"page-{n}.md": f"Edition {number} of page {n}." for n in range(16)}
    return stay | change | {f"only-{number}-{n}.md": f"Of {number} alone, {n}." for n in range(2)}


@dataclass
class Child:
    """A sync in a process of its own, which says each call before it makes it."""

    arguments: tuple[str, ...]

    async def run(self, kill_after: int | None = None, late_by: float = 0.0) -> list[str]:
        """Kills it so many calls in, and a moment. What it said until then."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.support.sync_child",
            *self.arguments,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        heard: list[str] = []
        async for line in process.stdout:
            heard.append(line.decode())
            if len(heard) == kill_after:
                await asyncio.sleep(late_by)
                process.kill()
                break
        assert await process.wait() in {-signal.SIGKILL, 0}
        return heard


async def test_syncs_that_are_killed_at_random_change_nothing_and_cost_the_blocks_in_flight(
    database: Postgres, database_dsn: str, tmp_path: Path
) -> None:
    print(f"DOCENT_SEED={SEED} DOCENT_KILLS={KILLS}")  # noqa: T201 - pytest shows it on a failure
    chance = random.Random(SEED)  # noqa: S311 - no secret
    folder = tmp_path / "index"
    calls = await _calls_of_a_sync(database, database_dsn, folder)
    for number in range(2, KILLS + 2):
        arguments = (database_dsn, str(folder), json.dumps(_edition(number)))
        point, late_by = chance.randint(1, calls), chance.uniform(0, 0.005)
        heard = await Child(arguments).run(point, late_by)
        async with open_library(database, folder) as library:
            corpus = await library.store.current()
            assert corpus is not None
            served = await library.texts()
            assert served in (_edition(number - 1), _edition(number)), (number, point)
            library.source.files = _edition(number)
            report = await library.sync(allow_shrink=True)
            assert await library.texts() == _edition(number), (number, point)
        written = max(0, sum(said.startswith("writer.write") for said in heard) - 1) * BLOCK
        embedded = sum(said.startswith("embedder.embed_documents") for said in heard) * BLOCK
        assert report.embedded <= max(0, NEW - written), (number, point)
        assert report.embedded + embedded <= NEW + IN_FLIGHT, (number, point)


async def _calls_of_a_sync(database: Postgres, dsn: str, folder: Path) -> int:
    """The first editions, and how many calls it takes to get from one to the next."""
    async with open_library(database, folder) as library:
        library.source.files = _edition(0)
        await library.sync()
    heard = await Child((dsn, str(folder), json.dumps(_edition(1)))).run()
    async with open_library(database, folder) as library:
        assert await library.texts() == _edition(1)
    return len(heard)
