"""What takes several requests to a Qdrant server, whichever way they are sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias
from uuid import UUID

from core.backends import qdrant_filters as filters
from core.backends.qdrant_payload import batches
from core.backends.qdrant_statuses import CollectionMissing
from core.model import OPEN_ENDED, Vector

_IDS_A_REQUEST: Final = 256

SetUntil: TypeAlias = Callable[[Sequence[filters.Condition], int], Awaitable[None]]
"""Sets the `until` of the points that meet the conditions."""


async def stored_vectors(
    content_hashes: Sequence[str],
    ask: Callable[[set[str]], Awaitable[dict[str, Vector]]],
    *,
    size: int,
) -> dict[str, Vector]:
    """The vectors at hand, of so many contents in a request; none where there is no collection.

    Asks for what is still missing until no point holds it: contents repeat in points.
    """
    found: dict[str, Vector] = {}
    try:
        for batch in batches(content_hashes, size):
            while missing := set(batch) - found.keys():
                vectors = await ask(missing)
                if not vectors:
                    break
                found |= vectors
    except CollectionMissing:
        return {}
    return found


async def close(point_ids: Sequence[UUID] | None, until: int, set_until: SetUntil) -> None:
    """As VectorWriter says it."""
    if point_ids is None:
        await set_until(filters.open_at(until), until)
        return
    for batch in batches(point_ids, _IDS_A_REQUEST):
        await set_until(filters.known_as(batch), until)


async def recover(
    generation: int, set_until: SetUntil, complete: Callable[[], Awaitable[None]]
) -> None:
    """As VectorWriter says it. A collection that was deleted since it was opened is completed."""
    try:
        await set_until(filters.closed_after(generation), OPEN_ENDED)
        await set_until(filters.written_after(generation), filters.NEVER)
    except CollectionMissing:
        await complete()
