"""All of them in one process, with a PostgreSQL that it starts: prints where they are as JSON.

They end when standard input does.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import sys
import tempfile
from pathlib import Path

from bench.measures import ITS_SURROUNDINGS, on_core
from bench.standins.qdrant import qdrant
from bench.standins.server import listen
from bench.standins.services import Latency, cohere, openrouter
from bot.loop import quickest_loop
from core.backends.embedded_postgres import open_embedded_postgres


async def serve(latency: Latency, folder: Path) -> None:
    """Until nobody holds the other end of standard input any more."""
    (folder / "qdrant").mkdir()
    async with open_embedded_postgres(folder / "postgres") as dsn:
        addresses = {
            "cohere": await listen(cohere(latency)),
            "openrouter": await listen(openrouter(latency)),
            "qdrant": await listen(qdrant(folder / "qdrant")),
            "postgres": dsn,
        }
        print(json.dumps(addresses), flush=True)
        gc.collect()
        gc.freeze()
        await asyncio.to_thread(sys.stdin.read)


def main() -> None:
    """Reads how long each service takes, in milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    usual = Latency()
    for name in ("embed", "rerank", "first_token", "chunk"):
        parser.add_argument(f"--{name}", type=float, default=getattr(usual, name) * 1e3)
    parser.add_argument("--chunks", type=int, default=usual.chunks)
    args = parser.parse_args()
    latency = Latency(
        args.embed / 1e3, args.rerank / 1e3, args.first_token / 1e3, args.chunk / 1e3, args.chunks
    )
    on_core(ITS_SURROUNDINGS)
    with (
        tempfile.TemporaryDirectory(prefix="docent-", ignore_cleanup_errors=True) as folder,
        asyncio.Runner(loop_factory=quickest_loop()) as runner,
    ):
        runner.run(serve(latency, Path(folder)))


if __name__ == "__main__":
    main()
