"""A look at a source without a sync: how much of it there is, and what cannot be read."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import DocumentUnreadable
from core.ingestion.documents import check_path
from core.ingestion.parsing import parse
from core.ports import Entry, Source
from core.text.unicode import storable


@dataclass(frozen=True, slots=True)
class Inspection:
    """`unreadable` maps the path of a document to the reason."""

    documents: int
    unreadable: Mapping[str, str]


async def inspect(source: Source) -> Inspection:
    """Reads and parses every document. Raises SourceUnavailable."""
    entries = await source.entries()
    faults = {storable(entry.path): await _fault(source, entry) for entry in entries}
    unreadable = {path: fault for path, fault in faults.items() if fault is not None}
    return Inspection(len(entries), unreadable)


async def _fault(source: Source, entry: Entry) -> str | None:
    try:
        check_path(entry.path)
        found = await source.read(entry)
        await asyncio.to_thread(parse, entry.path, found.data, suffix=entry.format)
    except DocumentUnreadable as error:
        return error.reason
    return None
