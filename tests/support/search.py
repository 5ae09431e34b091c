"""What a search stands on, scripted: chunks, an index, a catalog, a reranker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.errors import ServiceUnavailable
from core.model import (
    Chunk,
    DocumentRecord,
    Hit,
    Scores,
    SearchHits,
    SearchRequest,
    Vector,
)
from core.retrieval.fusion import RankedHit


def chunk(
    text: str, *, path: str = "a.md", anchor: str = "start", ordinal: int = 0, source: str = "docs"
) -> Chunk:
    return Chunk(source, path, "Title", ("Start",), anchor, ordinal, text)


def hits(*scored: tuple[str, float]) -> tuple[Hit, ...]:
    """A hit for each text, each in a section of its own."""
    return tuple(Hit(chunk(text, anchor=text), score) for text, score in scored)


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
    """Gives its hits to every search, or those of the query's first term; keeps the requests."""

    found: SearchHits
    by_term: Mapping[int, SearchHits] = field(default_factory=dict)
    requests: list[SearchRequest] = field(default_factory=list)
    held: int = 3

    async def search(self, request: SearchRequest) -> SearchHits:
        self.requests.append(request)
        found = self.by_term.get(request.sparse.indices[0], self.found)
        return found if request.dense is not None else SearchHits((), found.sparse)

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
