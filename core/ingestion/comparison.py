"""Goes through the documents of the sources, and says what the next generation changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable

from core.errors import DocumentUnreadable
from core.ingestion.baseline import Baseline
from core.ingestion.difference import DocumentChange, Kind, change, kind, removal
from core.ingestion.documents import check_path, prepare, printable
from core.ingestion.report import Tally
from core.ingestion.survey import Survey, look
from core.model import DocumentRecord
from core.ports import Entry


class Comparison:
    """Tallies every document; one that cannot be read is named, and stays as it was."""

    def __init__(self, baseline: Baseline, tally: Tally) -> None:
        self._baseline = baseline
        self._tally = tally

    async def changes(
        self, surveys: Iterable[Survey], dropped: Iterable[DocumentRecord]
    ) -> AsyncGenerator[DocumentChange, None]:
        """Only what changes; `dropped` are the documents of sources that are to be removed."""
        for record in dropped:
            yield self._remove(record)
        for survey in surveys:
            for record in survey.gone:
                yield self._remove(record)
            for entry in survey.entries.values():
                found = await self._examine(survey, entry)
                if found is not None:
                    yield found
                if found is None or not found.added:
                    self._tally.finish_documents()

    def _remove(self, record: DocumentRecord) -> DocumentChange:
        self._tally.named[Kind.REMOVED].append(f"{record.source}/{record.path}")
        return self._end(record)

    def _end(self, record: DocumentRecord) -> DocumentChange:
        if self._baseline.afresh:
            return DocumentChange(record.source, record.path, None)
        return removal(record)

    async def _examine(self, survey: Survey, entry: Entry) -> DocumentChange | None:
        known = survey.records.get(entry.path)
        try:
            found = await self._compare(survey, entry, known)
        except DocumentUnreadable as error:
            self._tally.failed[f"{survey.profile.name}/{printable(entry.path)}"] = error.reason
            # An index that is made afresh has nothing of the old version to serve.
            return self._end(known) if known and self._baseline.afresh else None
        if found is not None and found.record is not None:
            self._tally.named[kind(known, found.record)].append(f"{found.source}/{found.path}")
        return found

    async def _compare(
        self, survey: Survey, entry: Entry, known: DocumentRecord | None
    ) -> DocumentChange | None:
        check_path(entry.path)
        seen = await look(survey.source, survey.profile, entry)
        kept = None if self._baseline.afresh else known
        # A date alone is no change: it says when the text was written, and the text is the same.
        if kept and (kept.fingerprint, kept.version) == (seen.fingerprint, entry.version):
            return None
        data = seen.data if seen.data is not None else await survey.source.read(entry)
        # In a thread, so that a bot that syncs goes on answering.
        ready = await asyncio.to_thread(prepare, survey.profile, entry, data, seen.fingerprint)
        indexed = kept.chunks if kept else {}
        return change(indexed, ready.record, ready.chunks, self._baseline.next_generation)
