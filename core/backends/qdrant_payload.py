"""How a point is laid out in Qdrant, for the engine in this process and for a server alike."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import attrgetter, itemgetter
from typing import Any, Final, Literal, Protocol, TypeAlias, TypeVar

import numpy as np
import orjson

from core.errors import RequestRejected
from core.model import Chunk, Point, PointKey, SearchHits, Vector

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

_PACKED: Final = "chunk"
_CHECKED: Final = 256
"""Points that are looked at together, which takes a third of the time."""

_TEXTS = ("source", "path", "title", "anchor", "text")
_texts = attrgetter(*_TEXTS)
_fields = itemgetter("source", "path", "title", "heading_path", "anchor", "ordinal", "text")

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


def to_packed_payload(point: Point) -> dict[str, Any]:
    """The same with all that is not filtered by in one text.

    The engine in this process takes four microseconds for each text that it is given.
    """
    payload = to_payload(point)
    filtered = {name: payload.pop(name) for name in INDEXED}
    return {**filtered, _PACKED: orjson.dumps(payload).decode()}


def to_chunk(payload: Payload) -> Chunk:
    """The stored chunk, packed or not. Raises ValueError when a field is missing or of no use."""
    if isinstance(packed := payload.get(_PACKED), str):
        payload = {**payload, **_unpacked(packed)}
    try:
        source, path, title, headings, anchor, ordinal, text = _fields(payload)
    except KeyError as exc:
        raise ValueError(f"{exc.args[0]} is missing") from exc
    if not isinstance(headings, list) or not isinstance(ordinal, int):
        raise ValueError("the heading path is no list, or the ordinal no number")  # noqa: TRY004 - of a value, not an argument
    if {*map(type, (source, path, title, anchor, text, *headings))} != {str}:
        raise ValueError("a text is none")
    return Chunk(source, path, title, tuple(headings), anchor, ordinal, text)


def _unpacked(packed: str) -> Payload:
    fields = orjson.loads(packed)  # its error is a ValueError
    if not isinstance(fields, dict):
        raise ValueError("what is packed is no object")  # noqa: TRY004 - of a value, not an argument
    return fields


def to_chunks(points: Iterable[Stored]) -> dict[Any, Chunk]:
    """The chunks by the point's id. A point that cannot be read is left out and logged."""
    chunks = {}
    for point in points:
        try:
            chunks[point.id] = to_chunk(point.payload or {})
        except ValueError as exc:
            log.warning("Point %s of the vector index is unreadable: %s", point.id, exc)
    return chunks


def in_order(keys: Iterable[PointKey], chunks: Mapping[PointKey, Chunk]) -> list[Chunk]:
    """The chunks of these points, as far as they are there."""
    return [chunks[key] for key in keys if key in chunks]


def to_search_hits(rankings: Mapping[str, Mapping[PointKey, float]]) -> SearchHits:
    """The hits of rankings by vector name."""
    return SearchHits(rankings.get(DENSE, {}), rankings.get(SPARSE, {}))


def to_vectors(records: Iterable[Stored], wanted: set[str]) -> dict[str, Vector]:
    """The dense vectors by content hash, as far as the records hold what is wanted."""
    found: dict[str, Vector] = {}
    for record in records:
        content_hash = (record.payload or {}).get("content_hash")
        if content_hash in wanted and isinstance(record.vector, dict) and DENSE in record.vector:
            found[content_hash] = np.asarray(record.vector[DENSE], dtype=np.float32)
    return found


def check_points(service: str, points: Sequence[Point], dimensions: int) -> None:
    """Raises RequestRejected before anything is written; the engine would write some of them."""
    for point in points:
        if point.dense.shape != (dimensions,):
            raise RequestRejected(
                service,
                f"a vector of shape {point.dense.shape} was offered to a collection "
                f"of {dimensions} dimensions.",
            )
    for batch in batches(points, _CHECKED):
        if not np.isfinite(np.stack([point.dense for point in batch])).all():
            raise RequestRejected(service, "a vector was offered that is not made of numbers.")
        chunks = [point.chunk for point in batch]
        if not _encodes(chunks):
            path = next(chunk.path for chunk in chunks if not _encodes([chunk]))
            raise RequestRejected(service, f"{path!r} is not valid Unicode.")


def _encodes(chunks: Iterable[Chunk]) -> bool:
    texts = chain.from_iterable((*_texts(chunk), *chunk.heading_path) for chunk in chunks)
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        return False
    return True


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items in order, at most `size` at a time."""
    return (items[start : start + size] for start in range(0, len(items), size))
