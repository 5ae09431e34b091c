"""A ranking of chunks, with the scores that put each in its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, overload

from core.model import Chunk, PointKey, Scores, SearchHits


class RankedHit(NamedTuple):
    """A chunk in its place of a ranking, with the scores that put it there."""

    chunk: Chunk
    scores: Scores


@dataclass(frozen=True, slots=True, eq=False)
class RankedHits(Sequence[RankedHit]):
    """What was found, best first; nobody can look at the hits before their chunks were read.

    A hit is made when somebody looks at it: of all that are ranked a dozen are. `order` has the
    points, `fused` their scores in 0..1, `chunks` what was read of them. `relevance` is what a
    reranker gave the first of them.
    """

    found: SearchHits
    fused: Mapping[PointKey, float]
    order: Sequence[PointKey]
    chunks: Mapping[PointKey, Chunk] = field(default_factory=dict)
    relevance: Mapping[PointKey, float] = field(default_factory=dict)

    @classmethod
    def best_first(
        cls,
        found: SearchHits,
        fused: Mapping[PointKey, float],
        chunks: Mapping[PointKey, Chunk] | None = None,
    ) -> RankedHits:
        """In the order of the fused scores; those of equal ones keep theirs."""
        order = sorted(fused, key=fused.__getitem__, reverse=True)
        return cls(found, fused, order, chunks or {})

    def with_chunks(self, chunks: Mapping[PointKey, Chunk]) -> RankedHits:
        """Those of the hits whose chunks are among these."""
        return replace(self, order=[key for key in self.order if key in chunks], chunks=chunks)

    def reranked(self, head: Sequence[PointKey], relevance: Sequence[float]) -> RankedHits:
        """With the first of the hits in the order of their relevance, before the others."""
        read = dict(zip(head, relevance, strict=True))
        best = sorted(read, key=read.__getitem__, reverse=True)
        return replace(self, order=[*best, *self.order[len(head) :]], relevance=read)

    def hits(self, keys: Iterable[PointKey]) -> Iterator[RankedHit]:
        """Those of these points, each when it is asked for."""
        return map(self._hit, keys)

    def __len__(self) -> int:
        return len(self.order)

    def __iter__(self) -> Iterator[RankedHit]:
        return self.hits(self.order)

    @overload
    def __getitem__(self, place: int) -> RankedHit: ...
    @overload
    def __getitem__(self, place: slice) -> list[RankedHit]: ...
    def __getitem__(self, place: int | slice) -> RankedHit | list[RankedHit]:
        if isinstance(place, slice):
            return list(self.hits(self.order[place]))
        return self._hit(self.order[place])

    def _hit(self, key: PointKey) -> RankedHit:
        found = self.found
        scores = Scores(
            self.fused[key], found.dense.get(key), found.sparse.get(key), self.relevance.get(key)
        )
        return RankedHit(self.chunks[key], scores)
