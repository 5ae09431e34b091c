"""What each source was when it was last synced: where it was read from, and how."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from core.ingestion.documents import SourceProfile
from core.ingestion.outcomes import forget_outcomes, write_success
from core.ports import Queries, Source


@dataclass(frozen=True, slots=True)
class SourceState:
    """What a source's documents are made from.

    Two listings may be compared while `origin` and `selection` are equal; the same bytes make
    the same records while `profile` is.
    """

    origin: str
    selection: str
    profile: str

    def lists_as(self, other: SourceState) -> bool:
        """Whether a document that is missing from one of them is gone."""
        return (self.origin, self.selection) == (other.origin, other.selection)


@dataclass(frozen=True, slots=True)
class SourceChanges:
    """The sources that a sync brought in step, and those that it `removed`.

    `unreadable` has the documents of each that could not be read: path to reason.
    """

    synced: Mapping[str, SourceState] = field(default_factory=dict)
    removed: Collection[str] = ()
    unreadable: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def state_of(source: Source, profile: SourceProfile) -> SourceState:
    """As it is configured now."""
    return SourceState(source.origin, source.selection, profile.fingerprint(""))


async def read_states(queries: Queries) -> dict[str, SourceState]:
    """By name, as each source was when it was last synced."""
    rows = await queries.fetch("SELECT name, origin, selection, profile FROM sources ORDER BY name")
    return {
        row["name"]: SourceState(row["origin"], row["selection"], row["profile"]) for row in rows
    }


async def write_states(queries: Queries, changes: SourceChanges) -> None:
    """Records what was synced just now."""
    states = changes.synced.values()
    await queries.execute(
        """
        INSERT INTO sources (name, origin, selection, profile)
        SELECT * FROM unnest($1::TEXT[], $2::TEXT[], $3::TEXT[], $4::TEXT[])
        ON CONFLICT (name) DO UPDATE
        SET origin = EXCLUDED.origin, selection = EXCLUDED.selection,
            profile = EXCLUDED.profile, synced_at = now()
        """,
        list(changes.synced),
        [state.origin for state in states],
        [state.selection for state in states],
        [state.profile for state in states],
    )
    await write_success(queries, changes.unreadable)
    await queries.execute("DELETE FROM sources WHERE name = ANY ($1)", list(changes.removed))
    await forget_outcomes(queries, changes.removed)
