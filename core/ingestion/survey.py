"""What a source has now, beside what is served of it; and the guard against a broken listing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b

from core.errors import DocumentUnreadable, ShrinkRefused
from core.ingestion.difference import no_longer_listed
from core.ingestion.documents import printable
from core.ingestion.profile import SourceProfile
from core.model import DocumentRecord
from core.ports import Entry, Source


@dataclass(frozen=True, slots=True)
class Survey:
    """A source's listing and its served documents, both by path."""

    source: Source
    profile: SourceProfile
    entries: Mapping[str, Entry]
    records: Mapping[str, DocumentRecord]

    @property
    def gone(self) -> list[DocumentRecord]:
        """The documents that are served, but not listed any more."""
        return no_longer_listed(self.records, self.entries)


@dataclass(frozen=True, slots=True)
class Reading:
    """A document's fingerprint, and its bytes if they had to be read for it."""

    fingerprint: str
    data: bytes | None


async def survey(
    source: Source, profile: SourceProfile, records: Mapping[str, DocumentRecord]
) -> Survey:
    """Lists the source. Raises SourceUnavailable."""
    listed = {entry.path: _labelled(entry) for entry in await source.entries()}
    return Survey(source, profile, listed, records)


def _labelled(entry: Entry) -> Entry:
    """As it will be stored, so that it compares equal with what was."""
    version, date = (printable(text) if text else None for text in (entry.version, entry.date))
    return replace(entry, version=version, date=date)


async def look(source: Source, profile: SourceProfile, entry: Entry) -> Reading:
    """Reads the document only if the listing does not tell its content. DocumentUnreadable."""
    if entry.fingerprint is not None:
        return Reading(profile.fingerprint(entry.fingerprint), None)
    data = await source.read(entry)
    return Reading(profile.fingerprint(blake2b(data, digest_size=16).hexdigest()), data)


async def refuse_shrink(survey: Survey, limit: float) -> None:
    """Raises ShrinkRefused when more than `limit` (a share) of the documents would be lost.

    A document that only moved is not lost.
    """
    gone = survey.gone
    most = limit * len(survey.records)
    if len(gone) <= most:
        return
    moved = await _new_fingerprints(survey)
    lost = sum(record.fingerprint not in moved for record in gone)
    if lost > most:
        raise ShrinkRefused(
            f"{survey.profile.name}: {lost} of {len(survey.records)} documents are no longer "
            "listed, which looks like a broken listing; nothing was changed and all are still "
            "served.",
            hint="If they were removed on purpose, sync with --allow-shrink.",
        )


async def _new_fingerprints(survey: Survey) -> set[str]:
    found = set()
    for path, entry in survey.entries.items():
        if path not in survey.records:
            try:
                found.add((await look(survey.source, survey.profile, entry)).fingerprint)
            except DocumentUnreadable:
                continue  # a document that cannot be read is not one that moved
    return found
