"""What goes into a search and what comes out of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

from core.model.corpus import Chunk, digest

if TYPE_CHECKING:  # the process that parses knows no vectors, and starts in two thirds of the time
    import numpy as np
    import numpy.typing as npt

Vector: TypeAlias = "npt.NDArray[np.float32]"

OPEN_ENDED = 2**53
"""The `until` of a point that no generation has closed yet; exact as a JSON number."""


@dataclass(frozen=True, slots=True)
class SparseVector:
    """Term weights by hashed term; `indices` are unique."""

    indices: Sequence[int]
    values: Sequence[float]

    def __reduce__(self) -> tuple[type[SparseVector], tuple[object, ...]]:
        """Pickled in half of the time: there are thousands in a large document."""
        return SparseVector, (self.indices, self.values)


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """One chunk over one interval of generations, with what search needs of it."""

    chunk: Chunk
    dense: Vector
    sparse: SparseVector
    since: int
    until: int = OPEN_ENDED

    @property
    def id(self) -> UUID:
        """Derived, so that writing the same point twice writes one."""
        return self.chunk.point_id(self.since)


@dataclass(frozen=True, slots=True, eq=False)
class SearchRequest:
    """A dense and a sparse search over one generation of a collection, `limit` hits each.

    `dense` is None when the embedder is down; `sources` None means no filter.
    """

    collection: str
    dense: Vector | None
    sparse: SparseVector
    generation: int
    sources: frozenset[str] | None = None
    limit: int = 50


PointKey: TypeAlias = Any
"""What tells the points of an index apart: hashable, and of a type of the index's own."""


@dataclass(frozen=True, slots=True)
class SearchHits:
    """The two rankings, each best first, without their texts, of which few are read.

    A score is the engine's own: a cosine for `dense`, BM25 for `sparse`.
    """

    dense: Mapping[PointKey, float] = field(default_factory=dict)
    sparse: Mapping[PointKey, float] = field(default_factory=dict)

    def without(self, keys: Collection[PointKey]) -> SearchHits:
        """As if these points had not been found."""
        dense = {key: score for key, score in self.dense.items() if key not in keys}
        sparse = {key: score for key, score in self.sparse.items() if key not in keys}
        return SearchHits(dense, sparse)


@dataclass(frozen=True, slots=True)
class Scores:
    """How a passage was found. Each is None when that search did not see it.

    `dense` is a cosine, `sparse` raw BM25, `fused` in 0..1 within one question, `rerank` in 0..1.
    """

    fused: float
    dense: float | None = None
    sparse: float | None = None
    rerank: float | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A retrieved stretch of one section: one chunk, or neighbours merged.

    `url` is the deep link to the section. `chunks` are the keys of the chunks that it is made of,
    which are other ones once a sync has changed the section.
    """

    source: str
    path: str
    title: str
    heading_path: tuple[str, ...]
    url: str
    text: str
    peer_reviewed: bool
    scores: Scores
    date: str | None = None
    chunks: tuple[str, ...] = field(default=(), compare=False)

    @property
    def place(self) -> str:
        """The title and the headings that it stands under, for people to read."""
        return _place(self.title, self.heading_path)

    @property
    def content_hash(self) -> str:
        """Names the passage's text and place in a trace."""
        return _digest(self.source, self.path, self.url, self.text)


# A passage serves many questions, and is named several times in each.
_digest = lru_cache(maxsize=1024)(digest)


@lru_cache(maxsize=1024)
def _place(title: str, headings: tuple[str, ...]) -> str:
    return " › ".join([each for each in dict.fromkeys((title, *headings)) if each])


class Rung(StrEnum):
    """A step down the ladder that an answer had to take."""

    BM25_ONLY = "bm25_only"
    NO_RERANK = "no_rerank"
    NEXT_MODEL = "next_model"
    QUOTES_ONLY = "quotes_only"


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The passages found for a query, best first, and how good the best of them is.

    `confidence` is in 0..1 and computed from raw scores; below the rung's floor `sufficient`
    is False and no model is called.
    """

    query: str
    generation: int
    passages: tuple[Passage, ...]
    confidence: float
    sufficient: bool
    rungs: tuple[Rung, ...] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict)
