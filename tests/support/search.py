"""What a search stands on, scripted: chunks, an index, a catalog, a reranker."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from core.errors import ServiceUnavailable
from core.model import (
    Chunk,
    DocumentRecord,
    Scores,
    SearchHits,
    SearchRequest,
    Vector,
)
from core.retrieval.ranked_hits import RankedHit, RankedHits


def chunk(
    text: str, *, path: str = "a.md", anchor: str = "start", ordinal: int = 0, source: str = "docs"
) -> Chunk:
    return Chunk(source, path, "Title", ("Start",), anchor, ordinal, text)


Scored: TypeAlias = Iterable[tuple[str | Chunk, float]]
"""Chunks with their scores, best first; a text is one in a section of its own."""


def found(dense: Scored = (), sparse: Scored = ()) -> SearchHits:
    """What two searches found. A chunk is the key of its point."""
    return SearchHits(_scores(dense), _scores(sparse))


def _scores(scored: Scored) -> dict[Chunk, float]:
    return {
        chunk(each, anchor=each) if isinstance(each, str) else each: score for each, score in scored
    }


def ranking(*hits: RankedHit) -> RankedHits:
    """These in their order, of which the first ones may have been reranked."""
    scores = {hit.chunk: hit.scores for hit in hits}
    dense, sparse, relevance = (
        {each: score for each, of in scores.items() if (score := getattr(of, kind)) is not None}
        for kind in ("dense", "sparse", "rerank")
    )
    fused = {each: of.fused for each, of in scores.items()}
    order = list(scores)
    return RankedHits(SearchHits(dense, sparse), fused, order, chunks(order), relevance)


def chunks(keys: Iterable[Chunk]) -> dict[Chunk, Chunk]:
    """What is read of these points."""
    return {each: each for each in keys}


def read(ranking: RankedHits) -> RankedHits:
    """With all that is in it."""
    return ranking.with_chunks(chunks(ranking.order))


def ranked(
    each: Chunk,
    fused: float = 0.5,
    rerank: float | None = None,
    *,
    dense: float | None = None,
) -> RankedHit:
    return RankedHit(each, Scores(fused=fused, dense=dense, rerank=rerank))


def record(
    path: str = "a.md", *, url: str = "https://docs.example/a", source: str = "docs"
) -> DocumentRecord:
    return DocumentRecord(
        source, path, "Title", url, "fingerprint", peer_reviewed=True, date="2026"
    )


@dataclass
class ScriptedIndex:
    """Gives its hits to every search, or those of the query's first term; keeps what is asked.

    Chunks whose texts are `gone` cannot be read any more.
    """

    found: SearchHits
    by_term: Mapping[int, SearchHits] = field(default_factory=dict)
    requests: list[SearchRequest] = field(default_factory=list)
    reads: list[Sequence[Chunk]] = field(default_factory=list)
    held: int = 3
    gone: Collection[str] = ()

    async def search(self, request: SearchRequest) -> SearchHits:
        self.requests.append(request)
        found = self.by_term.get(request.sparse.indices[0], self.found)
        return found if request.dense is not None else replace(found, dense={})

    async def read(self, collection: str, keys: Sequence[Chunk]) -> dict[Chunk, Chunk]:
        self.reads.append(keys)
        return chunks(each for each in keys if each.text not in self.gone)

    async def vectors(self, collection: str, content_hashes: Sequence[str]) -> dict[str, Vector]:
        return {}

    async def count(self, collection: str, generation: int) -> int:
        return self.held


@dataclass
class ScriptedCatalog:
    """The same records in every generation."""

    records: Sequence[DocumentRecord] = (record(),)

    async def at(self, generation: int) -> Mapping[tuple[str, str], DocumentRecord]:
        return {(each.source, each.path): each for each in self.records}

    async def chunks(self, generation: int) -> int:
        return len(self.records)


@dataclass
class ScriptedReranker:
    """Gives each text the relevance that is written down for it; without any it is down."""

    relevance: Mapping[str, float] | None
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    async def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        self.asked.append((query, tuple(texts)))
        if self.relevance is None:
            raise ServiceUnavailable("Reranker", "it is down")
        return [self.relevance[text.rpartition("\n")[2]] for text in texts]
