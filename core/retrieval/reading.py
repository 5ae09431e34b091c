"""Reads the best of what was found, as far as it is used."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import chain
from typing import TypeAlias

from core.model import Chunk, PointKey, SearchHits
from core.retrieval.fusion import fuse
from core.retrieval.kept_chunks import KeptChunks
from core.retrieval.ranked_hits import RankedHits

Enough: TypeAlias = Callable[[Collection[Chunk]], bool]
"""Whether these chunks are as many as can be used."""


class Reading:
    """Fuses the two rankings of a search, and reads `at_once` of the best hits at a time."""

    def __init__(self, chunks: KeptChunks, dense_weight: float, at_once: int) -> None:
        self._chunks = chunks
        self._dense_weight = dense_weight
        self._at_once = at_once

    async def best(
        self, found: Sequence[SearchHits], collection: str, enough: Enough
    ) -> list[RankedHits]:
        """The fused rankings of what several queries found, each as far as it was read.

        What is gone by then, or cannot be read, counts nowhere. Raises ServiceError.
        """
        rankings, depth = self._fused(found), self._at_once
        chunks: dict[PointKey, Chunk] = {}
        while True:
            best = dict.fromkeys(chain(*(each.order[:depth] for each in rankings)))
            unread = [key for key in best if key not in chunks]
            chunks |= await self._chunks.read(collection, unread)
            if gone := set(unread) - chunks.keys():
                found = [hits.without(gone) for hits in found]
                rankings = self._fused(found)
            elif enough(chunks.values()) or all(len(each.order) <= depth for each in rankings):
                return [each.with_chunks(chunks) for each in rankings]
            else:
                depth += self._at_once

    def _fused(self, found: Sequence[SearchHits]) -> list[RankedHits]:
        return [fuse(hits, self._dense_weight) for hits in found]
