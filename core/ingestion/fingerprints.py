"""Whether a document is served as it stands: by its content, and by how its source is set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.ingestion.documents import SourceProfile
from core.model import DocumentRecord
from core.ports import Entry, Source


@dataclass(frozen=True, slots=True)
class Reading:
    """A document's bytes, and their fingerprint as the source is set."""

    fingerprint: str
    data: bytes


async def read(source: Source, profile: SourceProfile, entry: Entry) -> Reading:
    """As it stands, which may be another text than was listed. Raises DocumentUnreadable."""
    found = await source.read(entry)
    return Reading(profile.fingerprint(found.fingerprint), found.data)


def fingerprints(profile: SourceProfile, entries: Iterable[Entry]) -> set[str]:
    """Of those documents whose listing tells one."""
    content = (entry.fingerprint for entry in entries)
    return {profile.fingerprint(each) for each in content if each is not None}


def stays(kept: DocumentRecord | None, profile: SourceProfile, entry: Entry) -> bool:
    """Whether the listing tells that it is served as it is."""
    if kept is None or entry.fingerprint is None:
        return False
    return serves(kept, profile.fingerprint(entry.fingerprint), entry)


def serves(kept: DocumentRecord, fingerprint: str, entry: Entry) -> bool:
    """Whether that is what is served.

    A date alone is no change: it says when the text was written, and the text is the same.
    """
    return (kept.fingerprint, kept.version) == (fingerprint, entry.version)
