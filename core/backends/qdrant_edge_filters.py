"""Which points the engine in this process is asked for, in the form that it is quickest with.

To compare a condition with each point takes longer than to compare the vectors, and mostly all
points meet it: so nothing is asked that the index can tell at once, and of what is left, what
fewest points meet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

import qdrant_edge as engine

from core.backends import qdrant_filters as filters
from core.backends.qdrant_edge_errors import engine_errors
from core.model import SearchRequest

_SOURCES: Final = 1024
"""With so many sources a scope is always compared."""

_MOST: Final = 0.5


@dataclass(frozen=True, slots=True)
class View:
    """What a search may find.

    `visible` is what its generation sees, `chosen` what of that is in scope; None for all that
    there is. `share` is about how much of the index is chosen, of `points` in all.
    """

    visible: engine.Filter | None
    chosen: engine.Filter | None
    share: float
    points: int


def view(shard: engine.EdgeShard, request: SearchRequest) -> View:
    """What there is for the request, by what the indexes tell in microseconds."""
    hidden = _hidden(shard, request.generation)
    visible = _without(hidden)
    outside, share = _outside(shard, request.sources)
    points = _estimate(shard, None)
    if hidden:
        share -= _estimate(shard, engine.Filter(should=hidden)) / max(points, 1)
    if request.sources is None or outside is None:
        return View(visible, visible, share, points)
    if hidden or share > _MOST:
        return View(visible, _without([*hidden, outside]), share, points)
    return View(visible, to_filter([filters.among(request.sources)]), share, points)


def _hidden(shard: engine.EdgeShard, generation: int) -> list[engine.ConditionType]:
    """The ways not to be seen by the generation, where there is any point that it does not see.

    Mostly there is none, which two looks by the indexes tell at once.
    """
    ways = filters.unseen(generation)
    looks = (
        engine.ScrollRequest(filter=to_filter(way), limit=1, with_payload=False) for way in ways
    )
    with engine_errors():
        if not any(shard.scroll(look)[0] for look in looks):
            return []
    return [_condition(each) for way in ways for each in way]


def _outside(
    shard: engine.EdgeShard, sources: Collection[str] | None
) -> tuple[engine.ConditionType | None, float]:
    """What is of no source in scope, or None, and the share of what is, by the index's counts."""
    if sources is None:
        return None, 1.0
    with engine_errors():
        hits = shard.facet(engine.FacetRequest("source", limit=_SOURCES, exact=False)).hits
    if len(hits) == _SOURCES:
        return engine.Filter(must_not=[_condition(filters.among(sources))]), 0.0
    others = [hit for hit in hits if hit.value not in sources]
    if not others:
        return None, 1.0
    left_out = sum(hit.count for hit in others) / sum(hit.count for hit in hits)
    return _condition(filters.among(str(hit.value) for hit in others)), 1 - left_out


def _estimate(shard: engine.EdgeShard, chosen: engine.Filter | None) -> int:
    with engine_errors():
        return shard.count(engine.CountRequest(exact=False, filter=chosen))


def _without(conditions: list[engine.ConditionType]) -> engine.Filter | None:
    return engine.Filter(must_not=conditions) if conditions else None


def to_filter(conditions: Iterable[filters.Condition]) -> engine.Filter:
    """All conditions, as the engine takes them; it begins with the one that fewest points meet."""
    return engine.Filter(must=[_condition(each) for each in conditions])


def _condition(condition: filters.Condition) -> engine.ConditionType:
    match condition:
        case filters.Within(field, gt, lt, lte):
            return engine.FieldCondition(field, range=engine.RangeFloat(gt=gt, lt=lt, lte=lte))
        case filters.OneOf(field, values):
            return engine.FieldCondition(field, match=engine.MatchAny(values))
        case filters.HasId(ids):
            return engine.HasIdCondition(set(ids))
