"""How the last sync of each source ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from core.errors import CorpusError, DocentError
from core.model import Scope
from core.ports import Queries
from core.text.unicode import storable

_NOT_TO_BLAME = "Another source could not be brought in, and so nothing was changed."


@dataclass(frozen=True, slots=True)
class SyncOutcome:
    """When it `ended`, why it failed as a whole if it did, and what could not be read.

    `synced` is when the source was last brought in step, which is earlier where that failed, and
    None where it never was. `unreadable` maps a document's path to the reason.
    """

    ended: datetime
    synced: datetime | None = None
    error: str | None = None
    unreadable: Mapping[str, str] = field(default_factory=dict)


async def read_outcomes(queries: Queries, scope: Scope) -> dict[str, SyncOutcome]:
    """By source, in the order of their names; one that no sync ended for is left out."""
    rows = await queries.fetch(
        """
        SELECT COALESCE(o.source, s.name) AS source, COALESCE(o.ended_at, s.synced_at) AS ended_at,
            s.synced_at, o.error, COALESCE(o.unreadable, '{}') AS unreadable
        FROM sync_outcomes AS o FULL JOIN sources AS s ON s.name = o.source
        WHERE $1::TEXT[] IS NULL OR COALESCE(o.source, s.name) = ANY ($1)
        ORDER BY 1
        """,
        None if scope.sources is None else sorted(scope.sources),
    )
    return {
        row["source"]: SyncOutcome(
            row["ended_at"], row["synced_at"], row["error"], orjson.loads(row["unreadable"])
        )
        for row in rows
    }


async def write_success(queries: Queries, unreadable: Mapping[str, Mapping[str, str]]) -> None:
    """Records of each source what its sync, which ended just now, could not read."""
    await queries.execute(
        """
        INSERT INTO sync_outcomes (source, unreadable)
        SELECT * FROM unnest($1::TEXT[], $2::JSONB[])
        ON CONFLICT (source) DO UPDATE
        SET ended_at = now(), error = NULL, unreadable = EXCLUDED.unreadable
        """,
        list(unreadable),
        [_as_json(reasons) for reasons in unreadable.values()],
    )


async def write_failure(queries: Queries, sources: Collection[str], error: DocentError) -> None:
    """Records that the sync of these sources failed just now.

    Where one of them is to blame, the others are not told why: it may be a private one.
    """
    await queries.execute(
        """
        INSERT INTO sync_outcomes (source, error)
        SELECT source, CASE WHEN COALESCE(source = $3, TRUE) THEN $2 ELSE $4 END
        FROM unnest($1::TEXT[]) AS failed (source)
        ON CONFLICT (source) DO UPDATE SET ended_at = now(), error = EXCLUDED.error
        """,
        list(sources),
        storable(f"{error} {error.hint}".rstrip()),
        error.source if isinstance(error, CorpusError) else None,
        _NOT_TO_BLAME,
    )


async def forget_outcomes(queries: Queries, sources: Collection[str]) -> None:
    """Of sources that are removed."""
    await queries.execute("DELETE FROM sync_outcomes WHERE source = ANY ($1)", list(sources))


def by_source(failed: Mapping[str, str], sources: Collection[str]) -> dict[str, dict[str, str]]:
    """What a sync could not read, `source/path` to the reason, for each of its sources."""
    found: dict[str, dict[str, str]] = {source: {} for source in sources}
    for name, reason in failed.items():
        source, _, path = name.partition("/")
        found[source][path] = reason
    return found


def _as_json(reasons: Mapping[str, str]) -> str:
    return orjson.dumps({path: storable(reason) for path, reason in reasons.items()}).decode()
