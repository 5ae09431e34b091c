"""A process that holds a folder and writes to it until it is killed.

It prints a line when it holds the folder, and the number of points after every write that
returned.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from pathlib import Path

from core.backends.qdrant_edge import open_edge
from tests.support.points import MODEL, point

A_WRITE = 100


async def main(folder: Path) -> None:
    async with open_edge(folder) as index:
        print("held", flush=True)  # noqa: T201 - the parent reads it
        writer = await index.writer(MODEL)
        for n in itertools.count():
            await writer.write([point(f"{n}-{i}") for i in range(A_WRITE)])
            print((n + 1) * A_WRITE, flush=True)  # noqa: T201 - the parent reads it


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
