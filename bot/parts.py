"""What the app is made of, once its parts are open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from adapters.chat.shared_sync import SharedSync
from adapters.chat.staleness import StaleWatch
from bot.metrics import Metrics
from bot.settings import Settings
from core.answering.assistant import Assistant
from core.answering.dispatcher import Dispatcher, DispatcherSettings, open_dispatcher
from core.answering.narrowing import NarrowedAnswerer
from core.answering.observing import ObservedAnswerer
from core.breakers.guard import Breakers
from core.budgets.governor import Governor
from core.conversation.inbox import Inbox
from core.conversation.limits import Limits
from core.conversation.postings import Postings
from core.ingestion.corpus import CorpusStore
from core.ingestion.planning import ConfiguredSource
from core.ingestion.sync import Syncer
from core.model import EVERYTHING, EmbeddingModel, Scope
from core.ports import (
    ChunkReader,
    Database,
    Embedder,
    Reranker,
    Responder,
    VectorIndex,
    VectorWriter,
)

SERVED, MADE_HERE = 1000, 16
"""Answers that are made at once: by models elsewhere, that are mostly waited for, or by quoting."""

SWEEP_PAUSE = 30.0
"""Seconds. With a lease of 25, what a dead instance held is taken over within a minute."""


class Index(VectorIndex, ChunkReader, Protocol):
    """A vector index that can also be written to, and whose chunks can be read."""

    async def writer(self, model: EmbeddingModel) -> VectorWriter:
        """The write side of the model's collection, which is created where there is none."""


@dataclass(frozen=True, slots=True)
class Embedding:
    """What makes vectors, and what reranks, if anything does."""

    embedder: Embedder
    reranker: Reranker | None = None


@dataclass(frozen=True, slots=True)
class App:
    """Everything that the commands and the adapters work with.

    Everybody who calls `sync` while it runs shares one; its report may be shown anywhere.
    """

    settings: Settings
    sources: Sequence[ConfiguredSource]
    scope: Scope
    database: Database
    store: CorpusStore
    index: Index
    syncer: Syncer
    sync: SharedSync
    stale: StaleWatch
    inbox: Inbox
    postings: Postings
    assistant: Assistant
    breakers: Breakers
    metrics: Metrics
    governor: Governor
    limits: Limits
    collection: str

    def dispatcher(
        self,
        responders: Mapping[str, Responder],
        settings: DispatcherSettings | None = None,
        *,
        limits: Limits | None = None,
        scope: Scope = EVERYTHING,
    ) -> AbstractAsyncContextManager[Dispatcher]:
        """Runs the questions of the platforms that `responders` names, within limits and scope."""
        if settings is None:
            settings = DispatcherSettings(
                running=SERVED if self.settings.openrouter.api_key else MADE_HERE,
                sweep_pause=SWEEP_PAUSE if self.settings.database.shared else None,
            )
        observed = ObservedAnswerer(self.assistant, self.metrics)
        answerer = NarrowedAnswerer(observed, scope)
        return open_dispatcher(self.inbox, answerer, responders, settings, limits=limits)

    async def served_sources(self) -> set[str]:
        """The names of the sources that answers come from; none with another embedding model."""
        corpus = await self.store.current()
        if corpus is None or corpus.collection != self.collection:
            return set()
        return set(await self.store.served(corpus.generation))
