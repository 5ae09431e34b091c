"""Brings the served corpus in step with its sources, in one flip or not at all."""

from __future__ import annotations

import os
import socket
from collections import Counter
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from logging import getLogger
from uuid import UUID

from core.errors import (
    ConfigurationError,
    CorpusError,
    DocentError,
    ServiceError,
    ShrinkRefused,
    SyncRunning,
)
from core.ingestion.changes import Comparison, DocumentChange
from core.ingestion.corpus import CorpusStore, Flip
from core.ingestion.documents import Weighed
from core.ingestion.indexing import Engines, NextGeneration
from core.ingestion.lease import SyncLease
from core.ingestion.origins import SourceChanges
from core.ingestion.outcomes import by_source
from core.ingestion.planning import (
    Baseline,
    ConfiguredSource,
    Plan,
    plan_sync,
    read_baseline,
    refuse_losses,
    refuse_shrink,
)
from core.ingestion.preparing import PreparerOpener, open_thread_preparer
from core.ingestion.report import Kind, Phase, ProgressListener, SyncProgress, SyncReport, Tally
from core.model import Corpus, DocumentRecord
from core.ports import Embedder, SparseEncoder, VectorIndex, VectorWriter

log = getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """`shrink_limit` is the share of a source's documents that may vanish without a word.

    Generations that ended within `retention` are kept for the answers that still use them.
    `block` chunks are embedded at a time (two of Cohere's batches), and `lease_seconds` after
    a sync was killed on another machine, the next one can start; on this one, at once.
    """

    shrink_limit: float = 0.3
    retention: timedelta = timedelta(minutes=10)
    block: int = 192
    lease_seconds: float = 30.0


@dataclass(slots=True)
class _Staged:
    """What the flip will do, collected while the documents go by."""

    written: list[DocumentRecord] = field(default_factory=list)
    removed: list[tuple[str, str]] = field(default_factory=list)
    closed: list[UUID] = field(default_factory=list)
    added: int = 0

    def include(self, change: DocumentChange) -> None:
        """The chunks themselves are not kept: they may be many."""
        if change.record is None:
            self.removed.append((change.source, change.path))
        else:
            self.written.append(change.record)
        self.closed.extend(change.closed)
        self.added += len(change.added)


def _ignore(_: SyncProgress) -> None:
    """For callers that want the report alone."""


class Syncer:
    """Syncs sources into the collection of one embedding model."""

    def __init__(
        self,
        store: CorpusStore,
        index: VectorIndex,
        writer: VectorWriter,
        embedder: Embedder,
        sparse: SparseEncoder,
        *,
        preparer: PreparerOpener = open_thread_preparer,
        settings: SyncSettings | None = None,
    ) -> None:
        self._store = store
        self._open_preparer = preparer
        self._engines = Engines(index, writer, embedder, sparse)
        self._settings = settings or SyncSettings()

    async def sync(
        self,
        sources: Sequence[ConfiguredSource],
        *,
        remove: Collection[str] = (),
        rebuild: bool = False,
        dry_run: bool = False,
        allow_shrink: bool = False,
        progress: ProgressListener = _ignore,
    ) -> SyncReport:
        """Serves `sources` as they are now; whatever goes wrong, what was served still is.

        Sources that are served but not given stay as they are, but for those named in `remove`.
        After a change of the embedding model, or to `rebuild` the index, all must be given. A
        dry run writes nothing, and waits for no other sync. Raises SourceUnavailable,
        ShrinkRefused (which a dry run reports), SyncRunning, CorpusError, ServiceError, and
        ConfigurationError for names that do not fit.
        """
        _refuse_confusion([profile.name for _, profile in sources], remove)
        tally = Tally(progress)
        limit = 1.0 if allow_shrink else self._settings.shrink_limit
        if dry_run:
            plan = await self._plan(sources, remove, tally, rebuild=rebuild)
            return await self._rehearse(plan, tally, limit)
        try:
            async with self._store.lease(_holder(), seconds=self._settings.lease_seconds) as lease:
                plan = await self._plan(sources, remove, tally, rebuild=rebuild)
                for found in plan.surveys:
                    await refuse_shrink(found, limit)
                return await self._perform(plan, lease, tally, limit)
        except SyncRunning:
            raise
        except (CorpusError, ServiceError) as error:
            await self._note(error, [profile.name for _, profile in sources])
            raise

    async def _note(self, error: DocentError, sources: Sequence[str]) -> None:
        """For whoever asks how the last sync ended; a database that is away cannot be told."""
        with suppress(ServiceError):
            await self._store.note_failure(sources, error)

    async def _plan(
        self,
        sources: Sequence[ConfiguredSource],
        remove: Collection[str],
        tally: Tally,
        *,
        rebuild: bool,
    ) -> Plan:
        tally.enter(Phase.LISTING)
        baseline = await read_baseline(
            self._store, self._engines.index, self._engines.collection, rebuild=rebuild
        )
        plan = await plan_sync(self._store, baseline, sources, remove, tally.tell_listing)
        tally.done, tally.total = 0, sum(len(found.entries) for found in plan.surveys)
        return plan

    async def _rehearse(self, plan: Plan, tally: Tally, shrink_limit: float) -> SyncReport:
        tally.enter(Phase.INDEXING)
        staged = _Staged()
        async with aclosing(self._comparison(plan, tally).changes()) as changes:
            async for change in changes:
                staged.include(change)
                if change.added:
                    tally.finish_documents()
        tally.written, tally.closed = staged.added, len(staged.closed)
        refused = await _refusal(plan, staged, shrink_limit)
        return _report(plan, staged, tally, plan.baseline.generation, dry_run=True, refused=refused)

    async def _perform(
        self, plan: Plan, lease: SyncLease, tally: Tally, shrink_limit: float
    ) -> SyncReport:
        staged = _Staged()
        coming = NextGeneration(
            self._engines,
            lease,
            tally,
            base=plan.baseline.generation,
            generation=plan.baseline.next_generation,
            block=self._settings.block,
        )
        tally.enter(Phase.INDEXING)
        before = self._engines.embedder.spent
        await coming.write(_additions(self._comparison(plan, tally), staged))
        tally.spent = self._engines.embedder.spent - before
        if not (staged.written or staged.removed):
            await self._store.record(lease, _changes(plan, tally))
            await self._prune(tally, ())
            return _report(plan, staged, tally, plan.baseline.generation)
        refuse_losses(plan, staged.removed, shrink_limit)
        await coming.seal(None if plan.baseline.afresh else staged.closed)
        tally.enter(Phase.FLIPPING)
        await self._check(plan.baseline, staged)
        await self._flip(plan, staged, lease, tally)
        await self._prune(tally, plan.sources)
        return _report(plan, staged, tally, plan.baseline.next_generation)

    def _comparison(self, plan: Plan, tally: Tally) -> Comparison:
        return Comparison(plan, tally, self._open_preparer, self._engines.sparse)

    async def _check(self, base: Baseline, staged: _Staged) -> None:
        expected = base.chunks + staged.added - len(staged.closed)
        found = await self._engines.index.count(self._engines.collection, base.next_generation)
        if found != expected:
            raise CorpusError(
                f"The vector index holds {found} chunks after the sync where {expected} were "
                "expected; what was served before still is.",
                hint="Sync again; if that does not help, with --rebuild.",
            )

    async def _flip(self, plan: Plan, staged: _Staged, lease: SyncLease, tally: Tally) -> None:
        base = plan.baseline
        after = Corpus(self._engines.collection, base.next_generation)
        flip = Flip(base.corpus, after, staged.written, staged.removed, _changes(plan, tally))
        await self._store.flip(lease, flip)

    async def _prune(self, tally: Tally, synced: Collection[str]) -> None:
        """What cannot be deleted now is deleted after a later sync; it is not seen by then.

        Also where nothing has ended: what dead syncs of the `synced` sources left.
        """
        tally.enter(Phase.PRUNING)
        try:
            horizon = await self._store.horizon(self._settings.retention)
            if horizon is None:
                return
            for source in sorted({*synced, *await self._store.ended(horizon)}):
                await self._engines.writer.prune(source, horizon)
            await self._store.prune(horizon)
        except ServiceError as error:
            log.warning("Old generations could not be deleted yet: %s", error)


async def _additions(
    comparison: Comparison, staged: _Staged
) -> AsyncGenerator[tuple[Weighed, ...], None]:
    async with aclosing(comparison.changes()) as changes:
        async for change in changes:
            staged.include(change)
            if change.added:
                yield change.added


def _changes(plan: Plan, tally: Tally) -> SourceChanges:
    """What is to be noted of the sources when the sync has ended."""
    synced = plan.changes
    return replace(synced, unreadable=by_source(tally.failed, synced.synced))


def _report(
    plan: Plan,
    staged: _Staged,
    tally: Tally,
    generation: int,
    *,
    dry_run: bool = False,
    refused: str | None = None,
) -> SyncReport:
    added = len(tally.named[Kind.ADDED])
    return tally.report(
        generation=generation,
        not_synced=plan.not_synced,
        documents=plan.baseline.documents + added - len(staged.removed),
        chunks=plan.baseline.chunks + staged.added - len(staged.closed),
        dry_run=dry_run,
        moved=plan.moved,
        refused=refused,
    )


async def _refusal(plan: Plan, staged: _Staged, shrink_limit: float) -> str | None:
    """Why the sync that is rehearsed would be refused, and what to do about it."""
    try:
        for found in plan.surveys:
            await refuse_shrink(found, shrink_limit)
        refuse_losses(plan, staged.removed, shrink_limit)
    except ShrinkRefused as refusal:
        return f"{refusal} {refusal.hint}"
    return None


def _refuse_confusion(names: Sequence[str], remove: Collection[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ConfigurationError(
            f"Two sources have the name {twice[0]}.", hint="Give each source a name of its own."
        )
    if kept := sorted(set(names) & set(remove)):
        raise ConfigurationError(
            f"The source {kept[0]!r} is configured, and so it is synced and not removed.",
            hint="Take it out of the settings first.",
        )


def _holder() -> str:
    """As SyncRunning names this process to others."""
    return f"{socket.gethostname()} (process {os.getpid()})"
