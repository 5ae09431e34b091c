"""What the next generation changes, document by document."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from core.errors import DocumentUnreadable
from core.ingestion.documents import Weighed, check_path
from core.ingestion.fingerprints import Reading, read, serves, stays
from core.ingestion.planning import Plan, Survey
from core.ingestion.preparing import Preparer, PreparerOpener, Room, as_they_end
from core.ingestion.report import Kind, Tally
from core.model import DocumentRecord, point_id
from core.ports import Entry, SparseEncoder
from core.text.unicode import storable

_AHEAD: Final = 256
"""Documents that are read, or prepared and not yet taken: enough that a large one, which takes long
to prepare, is begun early, and beside it there are others to be written."""

_ROOM: Final = 16 * 2**20
"""Bytes of them: each may be of 10 MB."""


@dataclass(frozen=True, slots=True)
class DocumentChange:
    """What the next generation does to one document; `record` is None when it ends.

    `added` are the chunks that need a point, `closed` the points that end.
    """

    source: str
    path: str
    record: DocumentRecord | None
    added: tuple[Weighed, ...] = ()
    closed: tuple[UUID, ...] = ()


def change(
    before: Mapping[str, int],
    record: DocumentRecord,
    now: Mapping[str, Weighed],
    generation: int,
) -> DocumentChange:
    """From the indexed chunks `before` (key to the generation that wrote it) to those by key `now`.

    What stays keeps its point; what is new is written by `generation`.
    """
    added = {key: chunk for key, chunk in now.items() if key not in before}
    since = {key: before.get(key, generation) for key in now}
    gone = {key: written for key, written in before.items() if key not in now}
    return DocumentChange(
        record.source,
        record.path,
        replace(record, chunks=since),
        tuple(added.values()),
        _point_ids(gone),
    )


def removal(record: DocumentRecord) -> DocumentChange:
    """The document ends, and all its points with it."""
    return DocumentChange(record.source, record.path, None, (), _point_ids(record.chunks))


def kind(before: DocumentRecord | None, after: DocumentRecord) -> Kind:
    """From the record that is served to the one that will be."""
    if before is None:
        return Kind.ADDED
    if before.chunks.keys() != after.chunks.keys():
        return Kind.CHANGED
    return Kind.REWRITTEN if _label(before) == _label(after) else Kind.RELABELLED


def _label(record: DocumentRecord) -> DocumentRecord:
    return replace(record, chunks={})


def _point_ids(chunks: Mapping[str, int]) -> tuple[UUID, ...]:
    """The points of chunks, given by key and the generation that wrote each."""
    return tuple(point_id(key, since) for key, since in chunks.items())


class Comparison:
    """Goes through the documents of a plan and tallies each.

    One that cannot be read is named, and stays as it was.
    """

    def __init__(
        self, plan: Plan, tally: Tally, open_preparer: PreparerOpener, sparse: SparseEncoder
    ) -> None:
        self._plan = plan
        self._baseline = plan.baseline
        self._tally = tally
        self._open_preparer = open_preparer
        self._sparse = sparse
        self._reading = asyncio.Lock()
        self._room = Room(_ROOM)

    async def changes(self) -> AsyncGenerator[DocumentChange, None]:
        """One for each document that does not stay as it is."""
        for record in self._plan.dropped:
            yield self._remove(record)
        async with self._open_preparer(self._expected(), self._sparse) as preparer:
            for survey in self._plan.surveys:
                for record in survey.gone:
                    yield self._remove(record)
                # In a thread: a large source takes longer than a turn of the loop may.
                entries = await asyncio.to_thread(self._to_examine, survey)
                if staying := len(survey.entries) - len(entries):
                    self._tally.finish_documents(staying)
                async with aclosing(self._examined(survey, entries, preparer)) as examined:
                    async for found, size in examined:
                        if found is not None:
                            yield found
                        self._room.give_back(size)
                        if found is None or not found.added:
                            self._tally.finish_documents()

    def _expected(self) -> int:
        """How many documents are to be prepared at least."""
        surveys = self._plan.surveys
        if self._baseline.afresh:
            return sum(len(survey.entries) for survey in surveys)
        return sum(len(survey.entries.keys() - survey.records.keys()) for survey in surveys)

    def _remove(self, record: DocumentRecord) -> DocumentChange:
        self._tally.named[Kind.REMOVED].append(f"{record.source}/{record.path}")
        return self._end(record)

    def _end(self, record: DocumentRecord) -> DocumentChange:
        if self._baseline.afresh:
            return DocumentChange(record.source, record.path, None)
        return removal(record)

    def _to_examine(self, survey: Survey) -> list[Entry]:
        """All but those of which the listing tells that they are served as they are."""
        kept = {} if self._baseline.afresh else survey.records
        return [
            entry
            for path, entry in survey.entries.items()
            if not stays(kept.get(path), survey.profile, entry)
        ]

    def _examined(
        self, survey: Survey, entries: Sequence[Entry], preparer: Preparer
    ) -> AsyncGenerator[tuple[DocumentChange | None, int], None]:
        """With the bytes of each document that room was taken for."""
        jobs = (self._examine(survey, entry, preparer) for entry in entries)
        return as_they_end(jobs, _AHEAD)

    async def _examine(
        self, survey: Survey, entry: Entry, preparer: Preparer
    ) -> tuple[DocumentChange | None, int]:
        known = survey.records.get(entry.path)
        kept = None if self._baseline.afresh else known
        text = None
        try:
            check_path(entry.path)
            text = await self._read(survey, entry, kept)
            found = await self._compare(survey, entry, text, kept, preparer) if text else None
        except DocumentUnreadable as error:
            self._tally.failed[f"{survey.profile.name}/{storable(entry.path)}"] = error.reason
            # An index that is made afresh has nothing of the old version to serve.
            found = self._end(known) if known and self._baseline.afresh else None
        if found is not None and found.record is not None:
            self._tally.named[kind(known, found.record)].append(f"{found.source}/{found.path}")
        return found, len(text.data) if text else 0

    async def _read(
        self, survey: Survey, entry: Entry, kept: DocumentRecord | None
    ) -> Reading | None:
        """None where it is served as it stands."""
        async with self._reading:  # one at a time: a website may have set the pace
            text = await read(survey.source, survey.profile, entry)
            if kept and serves(kept, text.fingerprint, entry):
                return None
            await self._room.take(len(text.data))
        return text

    async def _compare(
        self,
        survey: Survey,
        entry: Entry,
        text: Reading,
        kept: DocumentRecord | None,
        preparer: Preparer,
    ) -> DocumentChange:
        ready = await preparer.prepare(survey.profile, entry, text.data, text.fingerprint)
        indexed = kept.chunks if kept else {}
        return change(indexed, ready.record, ready.chunks, self._baseline.next_generation)
