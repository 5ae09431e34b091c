"""Everything that a sync needs, on real engines, and what a reader would find afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from core.backends.qdrant_edge import QdrantEdge, open_edge
from core.ingestion.corpus import CorpusStore
from core.ingestion.documents import SourceProfile
from core.ingestion.preparing import PreparerOpener, open_thread_preparer
from core.ingestion.report import SyncReport
from core.ingestion.sync import Syncer, SyncSettings
from core.model import Chunk, Corpus, SearchRequest
from core.ports import Database, Source
from tests.support.embedder import HashingEmbedder, WordCounts
from tests.support.memory_source import MemorySource
from tests.support.points import read
from tests.support.watched import (
    Watch,
    WatchedDatabase,
    WatchedEmbedder,
    WatchedIndex,
    WatchedWriter,
)


@dataclass
class Library:
    """One source, unless a test says otherwise. `watch` sees the calls of the last sync alone."""

    database: Database
    index: QdrantEdge
    source: MemorySource = field(default_factory=MemorySource)
    embedder: HashingEmbedder = field(default_factory=HashingEmbedder)
    settings: SyncSettings = field(default_factory=SyncSettings)
    watch: Watch = field(default_factory=Watch)
    preparer: PreparerOpener = open_thread_preparer

    @property
    def store(self) -> CorpusStore:
        return CorpusStore(self.database)

    async def syncer(self) -> Syncer:
        watch = self.watch
        return Syncer(
            CorpusStore(WatchedDatabase(self.database, watch)),
            WatchedIndex(self.index, watch),
            WatchedWriter(await self.index.writer(self.embedder.model), watch),
            WatchedEmbedder(self.embedder, watch),
            WordCounts(),
            preparer=self.preparer,
            settings=self.settings,
        )

    async def sync(
        self,
        sources: Sequence[Source] | None = None,
        *,
        profiles: Sequence[SourceProfile] | None = None,
        crash_at: int | None = None,
        faults: Mapping[str, Exception] | None = None,
        swallow: Collection[str] = (),
        **options: Any,
    ) -> SyncReport:
        self.watch = Watch(crash_at, faults or {}, swallow)
        self.embedder.embedded.clear()
        given: Sequence[Source] = [self.source] if sources is None else sources
        rated = profiles or [SourceProfile(source.name) for source in given]
        syncer = await self.syncer()
        return await syncer.sync(list(zip(given, rated, strict=True)), **options)

    async def chunks(self, corpus: Corpus | None = None) -> list[Chunk]:
        """All that a search can find in that generation, by default in the served one."""
        corpus = corpus or await self.store.current()
        if corpus is None:
            return []
        anything = await self.embedder.embed_query("anything")
        found = await self.index.search(
            SearchRequest(
                corpus.collection,
                anything if corpus.collection == self.embedder.model.collection else None,
                WordCounts().encode_query(""),
                corpus.generation,
                limit=10_000,
            )
        )
        return await read(self.index, found.dense, corpus.collection)

    async def texts(self, corpus: Corpus | None = None) -> dict[str, str]:
        """By path, the texts of the document's chunks as a reader finds them, in order."""
        found: dict[str, list[str]] = {}
        for chunk in sorted(await self.chunks(corpus), key=lambda c: (c.anchor, c.ordinal)):
            found.setdefault(chunk.path, []).append(chunk.text)
        return {path: "\n".join(texts) for path, texts in found.items()}

    async def let_leases_expire(self) -> None:
        """What the database's clock does to the lease of a process that died."""
        await self.database.execute("UPDATE sync_lease SET expires_at = now()")


@asynccontextmanager
async def open_library(database: Database, folder: Path) -> AsyncIterator[Library]:
    """Old generations are kept for ever, unless a test sets `settings`."""
    async with open_edge(folder) as index:
        yield Library(database, index, settings=SyncSettings(retention=timedelta(days=1)))
