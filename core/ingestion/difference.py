"""What has to change in the index so that it shows a document as it is now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from uuid import UUID

from core.model import Chunk, DocumentRecord, point_id


@dataclass(frozen=True, slots=True)
class DocumentChange:
    """What the next generation does to one document; `record` is None when it ends.

    `added` are the chunks that need a point, `closed` the points that end.
    """

    source: str
    path: str
    record: DocumentRecord | None
    added: tuple[Chunk, ...] = ()
    closed: tuple[UUID, ...] = ()


class Kind(Enum):
    """What a person would call a change.

    `REWRITTEN`: the index is made anew, and nothing that anybody could see changes.
    """

    ADDED = "added"
    CHANGED = "changed"
    RELABELLED = "relabelled"
    REMOVED = "removed"
    REWRITTEN = "rewritten"


def change(
    before: Mapping[str, int], record: DocumentRecord, chunks: Iterable[Chunk], generation: int
) -> DocumentChange:
    """From the indexed chunks `before` (key to the generation that wrote it) to `chunks`.

    What stays keeps its point; what is new is written by `generation`.
    """
    now = {chunk.key: chunk for chunk in chunks}
    added = {key: chunk for key, chunk in now.items() if key not in before}
    since = {key: before.get(key, generation) for key in now}
    gone = {key: written for key, written in before.items() if key not in now}
    return DocumentChange(
        record.source,
        record.path,
        replace(record, chunks=since),
        tuple(added.values()),
        point_ids(gone),
    )


def removal(record: DocumentRecord) -> DocumentChange:
    """The document ends, and all its points with it."""
    return DocumentChange(record.source, record.path, None, (), point_ids(record.chunks))


def kind(before: DocumentRecord | None, after: DocumentRecord) -> Kind:
    """From the record that is served to the one that will be."""
    if before is None:
        return Kind.ADDED
    if before.chunks.keys() != after.chunks.keys():
        return Kind.CHANGED
    return Kind.REWRITTEN if _label(before) == _label(after) else Kind.RELABELLED


def _label(record: DocumentRecord) -> DocumentRecord:
    return replace(record, chunks={})


def no_longer_listed(
    records: Mapping[str, DocumentRecord], listed: Collection[str]
) -> list[DocumentRecord]:
    """The documents that are served under a path that the source does not have any more."""
    return [record for path, record in records.items() if path not in listed]


def point_ids(chunks: Mapping[str, int]) -> tuple[UUID, ...]:
    """The points of chunks, given by key and the generation that wrote each."""
    return tuple(point_id(key, since) for key, since in chunks.items())
