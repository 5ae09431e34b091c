"""What is served and how syncs go, in lines for people. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from core.ingestion.corpus import Served
from core.ingestion.outcomes import SyncOutcome
from core.ingestion.overview import Overview

_MOST_SOURCES = 20
_MOST_FILES = 3
_LONGEST_ERROR = 200


def source_lines(overview: Overview) -> list[str]:
    """One for each source, with what its last sync could not do. Not escaped for any platform."""
    served = list(overview.sources.items())
    lines = [_source_line(name, of, overview) for name, of in served[:_MOST_SOURCES]]
    if len(served) > _MOST_SOURCES:
        lines.append(f"and {len(served) - _MOST_SOURCES} more sources")
    return lines


def next_sync(overview: Overview) -> datetime | None:
    """The first of them."""
    return min(overview.next_syncs.values(), default=None)


def _source_line(name: str, served: Served, overview: Overview) -> str:
    docs = "1 doc" if served.documents == 1 else f"{served.documents} docs"
    outcome = overview.outcomes.get(name)
    troubles = _troubles(outcome) if outcome else ()
    return "; ".join([f"{name}: {docs} in {served.chunks} chunks", *troubles])


def _troubles(outcome: SyncOutcome) -> Iterator[str]:
    if outcome.error is not None:
        yield f"the last sync failed: {outcome.error[:_LONGEST_ERROR].removesuffix('.')}"
    if outcome.unreadable:
        named = [f"{path} ({why})" for path, why in list(outcome.unreadable.items())[:_MOST_FILES]]
        more = len(outcome.unreadable) - len(named)
        yield f"not readable: {', '.join(named)}" + (f" and {more} more" if more else "")
