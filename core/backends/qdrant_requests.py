"""What a Qdrant server is sent, in its client's classes."""

from __future__ import annotations

from collections.abc import Iterable

from qdrant_client import models

from core.backends import qdrant_filters as filters
from core.backends.qdrant_payload import DENSE, SPARSE, to_payload
from core.model import Point, SearchRequest, SparseVector


def stored(point: Point) -> models.PointStruct:
    """A point as it is written."""
    return models.PointStruct(
        id=str(point.id),
        vector={DENSE: point.dense.tolist(), SPARSE: _sparse(point.sparse)},
        payload=to_payload(point),
    )


def _sparse(vector: SparseVector) -> models.SparseVector:
    return models.SparseVector(indices=list(vector.indices), values=list(vector.values))


def queries(request: SearchRequest) -> dict[str, models.QueryRequest]:
    """The dense and the sparse query, as far as there is something to search with.

    The sparse one takes its idf from what the generation sees: chunks of a running sync, and
    those that wait to be pruned, shift no score. A server that does not know the parameter
    (before 1.19) takes it from the whole collection.
    """
    found = {}
    if request.dense is not None:
        found[DENSE] = _query(request, DENSE, request.dense.tolist())
    if request.sparse.indices:
        idf = models.IdfCorpusParams(corpus=to_filter(filters.visible(request.generation)))
        params = models.SearchParams(idf=idf)
        found[SPARSE] = _query(request, SPARSE, _sparse(request.sparse), params)
    return found


def _query(
    request: SearchRequest,
    using: str,
    vector: list[float] | models.SparseVector,
    params: models.SearchParams | None = None,
) -> models.QueryRequest:
    return models.QueryRequest(
        query=vector,
        using=using,
        filter=to_filter(filters.visible(request.generation, request.sources)),
        params=params,
        limit=request.limit,
        with_payload=False,
    )


def to_filter(conditions: Iterable[filters.Condition]) -> models.Filter:
    """Which points to choose."""
    return models.Filter(must=[_condition(each) for each in conditions])


def _condition(condition: filters.Condition) -> models.Condition:
    match condition:
        case filters.Within(field, gt, lt, lte):
            return models.FieldCondition(key=field, range=models.Range(gt=gt, lt=lt, lte=lte))
        case filters.OneOf(field, values):
            return models.FieldCondition(key=field, match=models.MatchAny(any=values))
        case filters.HasId(ids):
            return models.HasIdCondition(has_id=list(ids))
