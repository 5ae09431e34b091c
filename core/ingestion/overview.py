"""What is served, at a glance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from core.ingestion.corpus import Served
from core.ingestion.outcomes import SyncOutcome, read_outcomes
from core.model import Scope
from core.ports import Database

_TITLES_A_SOURCE = 8


@dataclass(frozen=True, slots=True)
class Overview:
    """The served generation, since when it is, and how much of each source it holds.

    `synced` is when one of the sources was last synced, whether anything had changed or not.
    `titles` are those of some documents by source, the ones nearest to its root first.
    `outcomes` tell of each source how its last sync ended, and `next_syncs` when the next begins,
    where that is known; `budgets` are sentences on what services have left.
    """

    generation: int
    since: datetime
    sources: Mapping[str, Served]
    titles: Mapping[str, tuple[str, ...]]
    synced: datetime | None = None
    outcomes: Mapping[str, SyncOutcome] = field(default_factory=dict)
    next_syncs: Mapping[str, datetime] = field(default_factory=dict)
    budgets: tuple[str, ...] = ()

    @property
    def documents(self) -> int:
        """Over all sources."""
        return sum(source.documents for source in self.sources.values())

    @property
    def chunks(self) -> int:
        """Over all sources."""
        return sum(source.chunks for source in self.sources.values())


async def read_overview(database: Database, scope: Scope) -> Overview | None:
    """What the scope may see; None before the first sync has ended."""
    rows = await database.fetch(
        """
        SELECT c.generation, c.flipped_at, d.source,
            count(*) AS documents, sum(cardinality(d.chunk_keys)) AS chunks,
            max(s.synced_at) AS synced_at,
            (array_agg(
                d.title ORDER BY length(d.path) - length(replace(d.path, '/', '')), d.path
            ))[1:$2] AS titles
        FROM corpus AS c LEFT JOIN documents AS d
            ON d.since <= c.generation AND (d.until IS NULL OR d.until > c.generation)
                AND ($1::TEXT[] IS NULL OR d.source = ANY ($1))
            LEFT JOIN sources AS s ON s.name = d.source
        GROUP BY c.generation, c.flipped_at, d.source
        ORDER BY d.source
        """,
        None if scope.sources is None else sorted(scope.sources),
        _TITLES_A_SOURCE,
    )
    if not rows:
        return None
    full = [row for row in rows if row["source"] is not None]
    return Overview(
        rows[0]["generation"],
        rows[0]["flipped_at"],
        {row["source"]: Served(row["documents"], row["chunks"]) for row in full},
        {row["source"]: tuple(row["titles"]) for row in full},
        max((row["synced_at"] for row in full if row["synced_at"] is not None), default=None),
        await read_outcomes(database, scope),
    )
