"""Points for tests of the vector index: small, and told apart by their text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np

from core.model import (
    OPEN_ENDED,
    Chunk,
    EmbeddingModel,
    Point,
    PointKey,
    SearchRequest,
    SparseVector,
    Vector,
)

MODEL = EmbeddingModel("test/model", dimensions=4, max_tokens=256)

NOTHING = SparseVector((), ())


def chunk(text: str, *, source: str = "docs", path: str = "a.md") -> Chunk:
    return Chunk(source, path, "Title", ("Heading",), "heading", 0, text)


def unit(*components: float, dimensions: int = 4) -> Vector:
    vector = np.zeros(dimensions, np.float32)
    vector[: len(components)] = components
    return vector / np.linalg.norm(vector)


def sparse(*terms: int, weight: float = 1.0) -> SparseVector:
    return SparseVector(terms, (weight,) * len(terms))


def point(
    text: str,
    *,
    since: int = 1,
    until: int = OPEN_ENDED,
    source: str = "docs",
    path: str = "a.md",
    dense: Vector | None = None,
    terms: SparseVector | None = None,
) -> Point:
    return Point(
        chunk(text, source=source, path=path),
        unit(1) if dense is None else dense,
        sparse(7) if terms is None else terms,
        since,
        until,
    )


def request(
    generation: int,
    *,
    dense: Vector | None = None,
    terms: SparseVector = NOTHING,
    sources: frozenset[str] | None = None,
    limit: int = 50,
    collection: str = MODEL.collection,
) -> SearchRequest:
    return SearchRequest(collection, dense, terms, generation, sources, limit)


class Index(Protocol):
    """What chunks are read from."""

    async def read(self, collection: str, keys: Sequence[PointKey]) -> Mapping[PointKey, Chunk]: ...


async def read(
    index: Index, ranking: Iterable[PointKey], collection: str = MODEL.collection
) -> list[Chunk]:
    """The chunks of a ranking, best first."""
    keys = list(ranking)
    chunks = await index.read(collection, keys)
    return [chunks[key] for key in keys]


async def texts(
    index: Index, ranking: Iterable[PointKey], collection: str = MODEL.collection
) -> list[str]:
    """Their texts."""
    return [chunk.text for chunk in await read(index, ranking, collection)]
