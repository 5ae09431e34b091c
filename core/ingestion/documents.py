"""From the bytes of a document to what is recorded and indexed of it (pure)."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import DocumentUnreadable
from core.ingestion.addresses import document_url
from core.ingestion.chunking import chunk
from core.ingestion.parsing import parse
from core.ingestion.profile import SourceProfile
from core.model import Chunk, Document, DocumentRecord
from core.ports import Entry

_LONGEST_PATH = 1000
"""In bytes; PostgreSQL's index rows end at about 2,700."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document, ready to be compared with what is indexed. `record` has no chunks yet."""

    record: DocumentRecord
    chunks: tuple[Chunk, ...]


def prepare(profile: SourceProfile, entry: Entry, data: bytes, fingerprint: str) -> Prepared:
    """Parses and chunks; `entry` is printable. Raises DocumentUnreadable."""
    document = parse(entry.path, data)
    record = _record(profile, entry, document, fingerprint)
    return Prepared(record, chunk(document, profile.name))


def check_path(path: str) -> None:
    """Raises DocumentUnreadable for a name that could not be stored or shown."""
    if printable(path) != path:
        raise DocumentUnreadable(printable(path), "its name is not valid Unicode text")
    if len(path.encode()) > _LONGEST_PATH:
        raise DocumentUnreadable(path, f"its name is longer than {_LONGEST_PATH} bytes")


def printable(text: str) -> str:
    """Without the characters that PostgreSQL or UTF-8 refuse: NUL and lone surrogates."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _record(
    profile: SourceProfile, entry: Entry, document: Document, fingerprint: str
) -> DocumentRecord:
    said = document.peer_reviewed
    return DocumentRecord(
        source=profile.name,
        path=entry.path,
        title=document.title,
        url=document_url(document, profile.base_url, profile.slug_rule),
        fingerprint=fingerprint,
        peer_reviewed=profile.peer_reviewed if said is None else said,
        date=document.date or entry.date,
        version=entry.version,
        authors=document.authors,
    )
