"""How a point is laid out in Qdrant, for the engine in this process and for a server alike."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, Protocol, TypeAlias, TypeVar

import numpy as np

from core.errors import RequestRejected
from core.model import Chunk, Hit, Point, SearchHits, Vector

T = TypeVar("T")

Payload: TypeAlias = Mapping[str, Any]

DENSE: Final = "dense"
SPARSE: Final = "sparse"

INDEXED: Final[Mapping[str, Literal["integer", "keyword"]]] = {
    "since": "integer",
    "until": "integer",
    "source": "keyword",
    "content_hash": "keyword",
}
"""Every field that is filtered by: a server in strict mode refuses a filter on any other."""

_TEXTS = ("source", "path", "title", "anchor", "text")

log = logging.getLogger(__name__)


class Stored(Protocol):
    """A point as either Qdrant returns it, with what was asked for."""

    @property
    def id(self) -> object:
        """A UUID or its text."""

    @property
    def payload(self) -> Payload | None:
        """What `to_payload` made, or whatever else someone has put there."""

    @property
    def vector(self) -> object:
        """The vectors by name."""


class Scored(Stored, Protocol):
    """A point that a search found."""

    @property
    def score(self) -> float:
        """The engine's raw score."""


def to_payload(point: Point) -> dict[str, Any]:
    """What is stored beside the vectors."""
    chunk = point.chunk
    return {
        "since": point.since,
        "until": point.until,
        "content_hash": chunk.content_hash,
        "heading_path": list(chunk.heading_path),
        "ordinal": chunk.ordinal,
        **{name: getattr(chunk, name) for name in _TEXTS},
    }


def to_chunk(payload: Payload) -> Chunk:
    """The stored chunk. Raises ValueError when a field is missing or of another type."""
    texts = {name: payload.get(name) for name in _TEXTS}
    headings, ordinal = payload.get("heading_path"), payload.get("ordinal")
    if not all(isinstance(value, str) for value in texts.values()):
        raise ValueError("a text is missing")
    if not isinstance(headings, list) or not all(isinstance(h, str) for h in headings):
        raise ValueError("the heading path is missing")
    if not isinstance(ordinal, int):
        raise ValueError("the ordinal is missing")  # noqa: TRY004 - of a value, not an argument
    return Chunk(heading_path=tuple(headings), ordinal=ordinal, **texts)  # type: ignore[arg-type]


def to_search_hits(rankings: Mapping[str, Iterable[Scored]]) -> SearchHits:
    """The hits by vector name. A point that cannot be read is left out and logged."""
    return SearchHits(
        dense=tuple(_readable(rankings.get(DENSE, ()))),
        sparse=tuple(_readable(rankings.get(SPARSE, ()))),
    )


def _readable(points: Iterable[Scored]) -> Iterator[Hit]:
    for point in points:
        try:
            yield Hit(to_chunk(point.payload or {}), point.score)
        except ValueError as exc:
            log.warning("Point %s of the vector index is unreadable: %s", point.id, exc)


def to_vectors(records: Iterable[Stored], wanted: set[str]) -> dict[str, Vector]:
    """The dense vectors by content hash, as far as the records hold what is wanted."""
    found: dict[str, Vector] = {}
    for record in records:
        content_hash = (record.payload or {}).get("content_hash")
        if content_hash in wanted and isinstance(record.vector, dict) and DENSE in record.vector:
            found[content_hash] = np.asarray(record.vector[DENSE], dtype=np.float32)
    return found


def check_points(service: str, points: Iterable[Point], dimensions: int) -> None:
    """Raises RequestRejected before anything is written; the engine would write some of them."""
    for point in points:
        if point.dense.shape != (dimensions,):
            raise RequestRejected(
                service,
                f"a vector of shape {point.dense.shape} was offered to a collection "
                f"of {dimensions} dimensions.",
            )
        if not np.isfinite(point.dense).all():
            raise RequestRejected(service, "a vector was offered that is not made of numbers.")
        if not _encodes(point.chunk):
            raise RequestRejected(service, f"{point.chunk.path!r} is not valid Unicode.")


def _encodes(chunk: Chunk) -> bool:
    try:
        "".join([*(getattr(chunk, name) for name in _TEXTS), *chunk.heading_path]).encode()
    except UnicodeEncodeError:
        return False
    return True


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items in order, at most `size` at a time."""
    return (items[start : start + size] for start in range(0, len(items), size))
