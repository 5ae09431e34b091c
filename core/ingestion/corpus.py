"""The served corpus in the database: the pointer, and the documents of each generation."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, fields
from datetime import timedelta
from types import MappingProxyType

import orjson

from core.errors import DocentError, SyncRunning
from core.ingestion.lease import SyncLease, sync_lease
from core.ingestion.origins import SourceChanges, SourceState, read_states, write_states
from core.ingestion.outcomes import SyncOutcome, read_outcomes, write_failure
from core.model import EVERYTHING, Corpus, DocumentRecord, Scope
from core.ports import Database, Queries, Row

_CATALOGS_KEPT = 3
_RECORDS_PER_STATEMENT = 500
_LABELS = tuple(field.name for field in fields(DocumentRecord) if field.name != "chunks")


@dataclass(frozen=True, slots=True)
class Served:
    """How much of a source is served."""

    documents: int
    chunks: int


@dataclass(frozen=True, slots=True)
class Flip:
    """What the next generation does to the records of the documents.

    `written` begin with it (and end what was there under their path), `removed` are
    (source, path) that end with it. `sources` are those that it brings in step.
    """

    before: Corpus | None
    after: Corpus
    written: Sequence[DocumentRecord]
    removed: Sequence[tuple[str, str]]
    sources: SourceChanges = field(default_factory=SourceChanges)


class CorpusStore:
    """Reads and flips the corpus. As a Catalog it answers from memory once it has read.

    `flipped` is awaited after each flip, and raises nothing.
    """

    def __init__(
        self, database: Database, *, flipped: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self._database = database
        self._flipped = flipped
        self._catalogs: dict[int, Mapping[tuple[str, str], DocumentRecord]] = {}
        self._reading = asyncio.Lock()

    async def current(self) -> Corpus | None:
        """What is served, or None before the first sync has ended."""
        rows = await self._database.fetch("SELECT collection, generation FROM corpus")
        return Corpus(rows[0]["collection"], rows[0]["generation"]) if rows else None

    async def served(self, generation: int) -> dict[str, Served]:
        """By source, in the order of their names."""
        rows = await self._database.fetch(
            """
            SELECT source, count(*) AS documents, sum(cardinality(chunk_keys)) AS chunks
            FROM documents WHERE since <= $1 AND (until IS NULL OR until > $1)
            GROUP BY source ORDER BY source
            """,
            generation,
        )
        return {row["source"]: Served(row["documents"], row["chunks"]) for row in rows}

    async def records(self, source: str, generation: int) -> dict[str, DocumentRecord]:
        """The source's documents by path, with their chunks."""
        rows = await self._database.fetch(
            """
            SELECT source, path, title, url, fingerprint, peer_reviewed, date, version, authors,
                   fragments, chunk_keys, chunk_sinces
            FROM documents
            WHERE source = $1 AND since <= $2 AND (until IS NULL OR until > $2)
            """,
            source,
            generation,
        )
        return await asyncio.to_thread(_by_path, rows)

    async def states(self) -> dict[str, SourceState]:
        """What each source was when it was last synced."""
        return await read_states(self._database)

    async def at(self, generation: int) -> Mapping[tuple[str, str], DocumentRecord]:
        """All documents by (source, path), without their chunks; the last few are remembered."""
        if (known := self._catalogs.get(generation)) is not None:
            return known
        async with self._reading:
            if generation not in self._catalogs:
                self._catalogs[generation] = await self._read_catalog(generation)
                if len(self._catalogs) > _CATALOGS_KEPT:
                    del self._catalogs[next(iter(self._catalogs))]
            return self._catalogs[generation]

    async def _read_catalog(self, generation: int) -> Mapping[tuple[str, str], DocumentRecord]:
        rows = await self._database.fetch(
            """
            SELECT source, path, title, url, fingerprint, peer_reviewed, date, version, authors,
                   fragments
            FROM documents WHERE since <= $1 AND (until IS NULL OR until > $1)
            """,
            generation,
        )
        # In a thread, so that a large corpus does not hold up the other questions.
        return await asyncio.to_thread(_by_place, rows)

    def lease(
        self, holder: str, *, seconds: float = 30.0
    ) -> AbstractAsyncContextManager[SyncLease]:
        """The right to sync. Raises SyncRunning while another process has it."""
        return sync_lease(self._database, holder, seconds=seconds)

    async def flip(self, lease: SyncLease, flip: Flip) -> None:
        """Serves the next generation: its records and the pointer, at once or not at all.

        Raises SyncRunning when the lease or the pointer went to another sync meanwhile.
        """
        async with self._database.transaction() as transaction:
            await _hold(transaction, lease)
            await _move_pointer(transaction, flip.before, flip.after)
            await _end_records(transaction, flip)
            await _write_records(transaction, flip)
            await write_states(transaction, flip.sources)
        if self._flipped is not None:
            await self._flipped()

    async def record(self, lease: SyncLease, sources: SourceChanges) -> None:
        """Notes what a sync found in step already. Raises SyncRunning when the lease is lost."""
        async with self._database.transaction() as transaction:
            await _hold(transaction, lease)
            await write_states(transaction, sources)

    async def note_failure(self, sources: Collection[str], error: DocentError) -> None:
        """Keeps why the sync of these sources failed, until one ends well."""
        await write_failure(self._database, sources, error)

    async def outcomes(self, scope: Scope = EVERYTHING) -> dict[str, SyncOutcome]:
        """How the last sync of each source ended."""
        return await read_outcomes(self._database, scope)

    async def chunks(self, generation: int) -> int:
        """How many the generation has."""
        return sum(part.chunks for part in (await self.served(generation)).values())

    async def horizon(self, retention: timedelta) -> int | None:
        """The oldest generation that was served within `retention`; None if all were."""
        rows = await self._database.fetch(
            """
            SELECT max(generation) AS oldest FROM generations
            WHERE flipped_at <= now() - $1::INTERVAL
            """,
            retention,
        )
        oldest: int | None = rows[0]["oldest"]
        return oldest

    async def ended(self, horizon: int) -> set[str]:
        """The sources of the documents that neither `horizon` nor a later generation serves."""
        rows = await self._database.fetch(
            "SELECT DISTINCT source FROM documents WHERE until <= $1", horizon
        )
        return {row["source"] for row in rows}

    async def prune(self, horizon: int) -> None:
        """Forgets the documents that neither `horizon` nor a later generation serves."""
        async with self._database.transaction() as transaction:
            await transaction.execute("DELETE FROM documents WHERE until <= $1", horizon)
            await transaction.execute("DELETE FROM generations WHERE generation < $1", horizon)


def _by_path(rows: list[Row]) -> dict[str, DocumentRecord]:
    return {row["path"]: _record(row) for row in rows}


def _by_place(rows: list[Row]) -> Mapping[tuple[str, str], DocumentRecord]:
    return MappingProxyType({(row["source"], row["path"]): _record(row) for row in rows})


def _record(row: Row) -> DocumentRecord:
    values = {name: row[name] for name in _LABELS}
    values["authors"] = tuple(values["authors"])
    values["fragments"] = orjson.loads(values["fragments"])
    if "chunk_keys" in row:
        values["chunks"] = dict(zip(row["chunk_keys"], row["chunk_sinces"], strict=True))
    return DocumentRecord(**values)


async def _hold(transaction: Queries, lease: SyncLease) -> None:
    # The row stays locked to the commit, so nobody takes the lease over in between.
    if not await transaction.fetch(
        "SELECT 1 FROM sync_lease WHERE token = $1 FOR UPDATE", lease.token
    ):
        raise _overtaken()


async def _move_pointer(transaction: Queries, before: Corpus | None, after: Corpus) -> None:
    if before is None:
        moved = await transaction.execute(
            "INSERT INTO corpus (collection, generation) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            after.collection,
            after.generation,
        )
    else:
        moved = await transaction.execute(
            """
            UPDATE corpus SET collection = $1, generation = $2, flipped_at = now()
            WHERE collection = $3 AND generation = $4
            """,
            after.collection,
            after.generation,
            before.collection,
            before.generation,
        )
    if not moved:
        raise _overtaken()
    await transaction.execute("INSERT INTO generations (generation) VALUES ($1)", after.generation)


def _overtaken() -> SyncRunning:
    return SyncRunning(
        "Another sync took over before this one could end; nothing of this one is served.",
        hint="Start the sync again.",
    )


async def _end_records(transaction: Queries, flip: Flip) -> None:
    ended = [*flip.removed, *((record.source, record.path) for record in flip.written)]
    await transaction.execute(
        """
        UPDATE documents SET until = $1
        FROM unnest($2::TEXT[], $3::TEXT[]) AS ended (source, path)
        WHERE documents.source = ended.source AND documents.path = ended.path
          AND documents.until IS NULL
        """,
        flip.after.generation,
        [source for source, _ in ended],
        [path for _, path in ended],
    )


async def _write_records(transaction: Queries, flip: Flip) -> None:
    for start in range(0, len(flip.written), _RECORDS_PER_STATEMENT):
        records = flip.written[start : start + _RECORDS_PER_STATEMENT]
        await transaction.execute(
            """
            INSERT INTO documents
                (source, path, since, title, url, fingerprint, peer_reviewed, date, version,
                 authors, fragments, chunk_keys, chunk_sinces)
            SELECT source, path, $1, title, url, fingerprint, peer_reviewed, date, version,
                   authors, fragments, chunk_keys, chunk_sinces
            FROM jsonb_to_recordset($2::JSONB) AS written
                (source TEXT, path TEXT, title TEXT, url TEXT, fingerprint TEXT,
                 peer_reviewed BOOLEAN, date TEXT, version TEXT,
                 authors TEXT[], fragments JSONB, chunk_keys TEXT[], chunk_sinces BIGINT[])
            """,
            flip.after.generation,
            _as_json(records),
        )


def _as_json(records: Sequence[DocumentRecord]) -> str:
    """One argument for any number of rows; PostgreSQL's unnest would flatten arrays of arrays."""
    rows = [
        {name: getattr(record, name) for name in _LABELS}
        | {"chunk_keys": list(record.chunks), "chunk_sinces": list(record.chunks.values())}
        for record in records
    ]
    return orjson.dumps(rows).decode()
