"""A process that syncs and tells each call on its standard output, so that it can be killed.

Its arguments are the database's address, the index's folder, and the documents as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.backends.postgres import open_postgres
from core.backends.qdrant_edge import open_edge
from core.ingestion.corpus import CorpusStore
from core.ingestion.documents import SourceProfile
from core.ingestion.sync import Syncer, SyncSettings
from core.ingestion.worker import open_worker
from tests.support.embedder import HashingEmbedder, WordCounts
from tests.support.memory_source import MemorySource
from tests.support.watched import (
    Watch,
    WatchedDatabase,
    WatchedEmbedder,
    WatchedIndex,
    WatchedWriter,
)


@dataclass
class LoudWatch(Watch):
    """Says each call before it is made."""

    def see(self, call: str) -> None:
        print(call, flush=True)  # noqa: T201 - this is how the parent hears of it


async def sync(dsn: str, folder: str, documents: str) -> None:
    watch = LoudWatch()
    async with open_postgres(dsn) as database, open_edge(Path(folder)) as index:
        embedder = HashingEmbedder()
        syncer = Syncer(
            CorpusStore(WatchedDatabase(database, watch)),
            WatchedIndex(index, watch),
            WatchedWriter(await index.writer(embedder.model), watch),
            WatchedEmbedder(embedder, watch),
            WordCounts(),
            preparer=partial(open_worker, few=0),
            settings=SyncSettings(block=4),
        )
        source = MemorySource("docs", json.loads(documents))
        await syncer.sync([(source, SourceProfile("docs"))], allow_shrink=True)


if __name__ == "__main__":
    asyncio.run(sync(*sys.argv[1:]))
