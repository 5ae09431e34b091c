"""An embedder that costs nothing: the same text gives the same vector, similar texts near ones."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from core.errors import ServiceUnavailable
from core.model import EmbeddingModel, EmbeddingUsage, SparseVector, Vector

_WORD = re.compile(r"\w+")


@dataclass
class HashingEmbedder:
    """Adds up a fixed random direction for each word, and keeps what it was asked for.

    `fail_after` so many calls it is unavailable.
    """

    name: str = "hashing"
    dimensions: int = 32
    embedded: list[str] = field(default_factory=list)
    calls: int = 0
    tokens: int = 0
    fail_after: int | None = None

    @property
    def model(self) -> EmbeddingModel:
        return EmbeddingModel(self.name, self.dimensions, 8192)

    @property
    def spent(self) -> EmbeddingUsage:
        return EmbeddingUsage(self.calls, self.tokens)

    async def embed_documents(self, texts: Sequence[str]) -> list[Vector]:
        if self.fail_after is not None and self.calls >= self.fail_after:
            raise ServiceUnavailable("Embedder", "it is down")
        self.calls += 1
        self.embedded += texts
        self.tokens += sum(len(_WORD.findall(text)) for text in texts)
        return [self._vector(text) for text in texts]

    async def embed_query(self, text: str) -> Vector:
        return self._vector(text)

    def _vector(self, text: str) -> Vector:
        total = np.full(self.dimensions, 1e-3, dtype=np.float32)
        for word in _WORD.findall(text.lower()):
            total += _direction(f"{self.name}:{word}", self.dimensions)
        return total / np.linalg.norm(total)


@cache
def _direction(word: str, dimensions: int) -> Vector:
    seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big")
    generator = np.random.default_rng(seed)
    return generator.standard_normal(dimensions, dtype=np.float32)


class WordCounts:
    """A SparseEncoder: a hashed index for each word, its count as the weight."""

    def encode_document(self, text: str) -> SparseVector:
        return _sparse(text)

    def encode_query(self, text: str) -> SparseVector:
        return _sparse(text)


def _sparse(text: str) -> SparseVector:
    counts: dict[int, float] = {}
    for word in _WORD.findall(text.lower()):
        index = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest(), "big")
        counts[index] = counts.get(index, 0.0) + 1.0
    return SparseVector(tuple(counts), tuple(counts.values()))
