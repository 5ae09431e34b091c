"""Reads chunks from the index, and keeps those that were read last."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, TypeAlias

from core.model import Chunk, PointKey

Read: TypeAlias = Callable[[str, Sequence[PointKey]], Awaitable[Mapping[PointKey, Chunk]]]
"""As that of a VectorIndex."""

KEPT: Final = 16_384
"""Chunks in memory, about a kilobyte each."""


class KeptChunks:
    """Up to `most` of an index; a point's chunk never changes."""

    def __init__(self, read: Read, most: int = KEPT) -> None:
        self._read = read
        self._most = most
        self._chunks: dict[PointKey, Chunk] = {}

    async def read(self, collection: str, keys: Sequence[PointKey]) -> Mapping[PointKey, Chunk]:
        """The chunks of these points, without those that are gone. Asks only for what is not here.

        Raises ServiceError when that cannot be had.
        """
        known = self._find(keys)
        if len(known) < len(keys):
            missing = [key for key in keys if key not in known]
            read = await self._read(collection, missing)
            self._keep(read)
            known |= read
        return known

    def _find(self, keys: Sequence[PointKey]) -> dict[PointKey, Chunk]:
        kept = self._chunks
        try:  # mostly all are here, and then no bytecode runs for each
            known = dict(zip(keys, map(kept.__getitem__, keys), strict=True))
        except KeyError:
            known = {key: kept[key] for key in keys if key in kept}
        if len(kept) >= self._most:  # until then none gives way, and any order does
            for key in known:
                kept[key] = kept.pop(key)
        return known

    def _keep(self, chunks: Mapping[PointKey, Chunk]) -> None:
        """What was not read for longest gives way."""
        kept = self._chunks
        kept.update(chunks)
        while len(kept) > self._most:
            del kept[next(iter(kept))]
