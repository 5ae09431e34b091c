"""What a Qdrant server is sent over REST, and what its answers hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import orjson

from core.backends import qdrant_filters as filters
from core.backends.qdrant_api import Json, serialized
from core.backends.qdrant_payload import DENSE, SPARSE, to_chunks, to_payload, to_vectors
from core.backends.qdrant_statuses import SERVICE, unreadable
from core.errors import MalformedReply
from core.model import Chunk, Point, SearchRequest, SparseVector, Vector

_MOST_BYTES: Final = 1_000_000
"""Of points in a request. Qdrant takes 32 MB, but nginx before it a mebibyte unless told."""


def searches(request: SearchRequest) -> dict[str, Json]:
    """The dense and the sparse query, as far as there is something to search with.

    The sparse one takes its idf from what the generation sees: chunks of a running sync, and
    those that wait to be pruned, shift no score. A server that does not know the parameter
    (before 1.19) takes it from the whole collection.
    """
    found: dict[str, Json] = {}
    shared = {
        "filter": _visible(request.generation, request.sources),
        "limit": request.limit,
        "with_payload": False,
    }
    if request.dense is not None:
        found[DENSE] = {**shared, "query": request.dense, "using": DENSE}
    if request.sparse.indices:
        corpus = _visible(request.generation, None)
        found[SPARSE] = {
            **shared,
            "query": _sparse(request.sparse),
            "using": SPARSE,
            "params": {"idf": {"corpus": corpus}},
        }
    return found


@lru_cache(maxsize=256)
def _visible(generation: int, sources: frozenset[str] | None) -> orjson.Fragment:
    """The filter as JSON: most questions have the same."""
    return orjson.Fragment(serialized(to_filter(filters.visible(generation, sources))))


def to_rankings(asked: Iterable[str], answers: Any) -> dict[str, dict[str, float]]:
    """The raw scores by the ids of points, best first, by the names of the searches."""
    names = list(asked)
    if not isinstance(answers, list):
        raise unreadable()
    if len(answers) != len(names):
        raise MalformedReply(SERVICE, "the number of results is not that of the searches.")
    try:
        return {
            name: {str(point["id"]): float(point["score"]) for point in answer["points"]}
            for name, answer in zip(names, answers, strict=True)
        }
    except (KeyError, TypeError, ValueError) as exc:
        raise unreadable() from exc


def written(points: Iterable[Point]) -> Iterator[bytes]:
    """The points in their order, in bodies of less than a mebibyte unless one is larger."""
    waiting: list[bytes] = []
    size = 0
    for point in points:
        data = serialized(_stored(point))
        if waiting and size + len(data) > _MOST_BYTES:
            yield _body(waiting)
            waiting, size = [], 0
        waiting.append(data)
        size += len(data)
    if waiting:
        yield _body(waiting)


def _body(points: Sequence[bytes]) -> bytes:
    return b'{"points":[%b]}' % b",".join(points)


def _stored(point: Point) -> Json:
    dense = np.ascontiguousarray(point.dense, np.float32)
    return {
        "id": str(point.id),
        "vector": {DENSE: dense, SPARSE: _sparse(point.sparse)},
        "payload": to_payload(point),
    }


def _sparse(vector: SparseVector) -> Json:
    # as arrays, which are serialized faster and without the digits that a double has more
    return {
        "indices": np.asarray(vector.indices, np.uint32),
        "values": np.asarray(vector.values, np.float32),
    }


def stored_chunks(records: Any) -> dict[str, Chunk]:
    """The chunks by the point's id. A point that cannot be read is left out and logged."""
    try:
        return to_chunks(_Record(str(each["id"]), each["payload"], None) for each in records)
    except (KeyError, TypeError, AttributeError) as exc:
        raise unreadable() from exc


def page_of_vectors(answer: Any, wanted: set[str]) -> dict[str, Vector]:
    """The dense vectors by content hash, as far as a page of points holds what is wanted."""
    try:
        records = [
            _Record("", each.get("payload"), each.get("vector")) for each in answer["points"]
        ]
        return to_vectors(records, wanted)
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise unreadable() from exc


@dataclass(frozen=True, slots=True)
class _Record:
    """A point as it is stored."""

    id: str
    payload: Mapping[str, Any] | None
    vector: object


def to_filter(conditions: Iterable[filters.Condition]) -> Json:
    """Which points to choose."""
    return {"must": [_condition(each) for each in conditions]}


def _condition(condition: filters.Condition) -> Json:
    match condition:
        case filters.Within(field, gt, lt, lte):
            bounds = {"gt": gt, "lt": lt, "lte": lte}
            return {"key": field, "range": {k: v for k, v in bounds.items() if v is not None}}
        case filters.OneOf(field, values):
            return {"key": field, "match": {"any": list(values)}}
        case filters.HasId(ids):
            return {"has_id": [str(id_) for id_ in ids]}
