"""The chunks that were found last, for the engine in this process and for a server alike."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, Generic, TypeVar

from core.model import Chunk

K = TypeVar("K")

KEPT: Final = 16_384
"""Chunks in memory, about a kilobyte each."""


class KeptChunks(Generic[K]):
    """Up to so many, by the keys of their points; a point's chunk never changes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._chunks: dict[K, Chunk] = {}

    def find(self, keys: Collection[K]) -> dict[K, Chunk]:
        """Those that are here."""
        kept = self._chunks
        try:  # mostly all are, and then no bytecode runs for each of hundreds
            known = dict(zip(keys, map(kept.__getitem__, keys), strict=True))
        except KeyError:
            known = {key: kept[key] for key in keys if key in kept}
        if len(kept) >= self._most:  # until then none gives way, and any order does
            for key in known:
                kept[key] = kept.pop(key)
        return known

    def keep(self, chunks: Mapping[K, Chunk]) -> None:
        """Takes these in; what was not found for longest gives way."""
        kept = self._chunks
        kept.update(chunks)
        while len(kept) > self._most:
            del kept[next(iter(kept))]
