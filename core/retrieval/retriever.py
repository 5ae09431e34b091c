"""The search: from a question to the passages that may answer it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from core.errors import IndexLost, RequestRejected, ServiceError
from core.model import (
    Chunk,
    Corpus,
    Retrieval,
    Rung,
    Scope,
    SearchHits,
    SearchRequest,
    SparseVector,
    Vector,
)
from core.ports import Catalog, Embedder, Reranker, SparseEncoder, VectorIndex
from core.retrieval.confidence import CALIBRATED_MODELS, Confidence
from core.retrieval.follow_ups import Blend, Searched, blend
from core.retrieval.kept_chunks import KeptChunks
from core.retrieval.passages import Published, fills, to_passages
from core.retrieval.preference import Preference, preferred
from core.retrieval.ranked_hits import RankedHits
from core.retrieval.reading import Reading

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RetrievalSettings:
    """The numbers of a search; the defaults were tuned on the evaluation sets.

    `candidates` is how many hits each of the two searches gives, `reranked` how many of the fused
    ones the reranker reads, `context_tokens` how much text the passages may have together; `read`
    hits are read at a time, until there is as much. `preference` orders what is equally relevant.
    """

    candidates: int = 100
    dense_weight: float = 0.4
    reranked: int = 50
    read: int = 50
    context_tokens: int = 2400
    cached_queries: int = 1024
    preference: Preference = field(default_factory=Preference)


@dataclass(frozen=True, slots=True, eq=False)
class EncodedQuery:
    """A query as both searches take it. `dense` is None when the embedder was out of reach.

    `alone` marks the question of a conversation as it stands, among queries that complete it.
    """

    text: str
    dense: Vector | None
    sparse: SparseVector
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Ranking:
    """Chunks, best first, before they are merged into passages.

    `query` is the one that `confidence` was told from.
    """

    query: str
    hits: RankedHits
    confidence: Confidence
    rungs: tuple[Rung, ...]
    timings_ms: dict[str, float]


class Retriever:
    """Dense and BM25 search in one request, fused, reranked where there is a reranker."""

    def __init__(
        self,
        index: VectorIndex,
        embedder: Embedder,
        sparse: SparseEncoder,
        catalog: Catalog,
        *,
        reranker: Reranker | None = None,
        settings: RetrievalSettings | None = None,
    ) -> None:
        self._index = index
        self._embedder = embedder
        self._sparse = sparse
        self._catalog = catalog
        self._reranker = reranker
        self._settings = settings or RetrievalSettings()
        self._cache = _QueryCache(self._settings.cached_queries)
        self._reading = Reading(
            KeptChunks(index.read), self._settings.dense_weight, self._settings.read
        )
        self._served = _Served(Published({}), Preference())

    async def encode(self, text: str) -> EncodedQuery:
        """The query, ready to search with. Raises nothing: without an embedder BM25 is left."""
        dense = self._cache.get(text)
        if dense is None:
            try:
                dense = await self._embedder.embed_query(text)
            except ServiceError as exc:
                log.warning("Searching by BM25 alone. %s", exc)
            else:
                self._cache.put(text, dense)
        return EncodedQuery(text, dense, self._sparse.encode_query(text))

    async def retrieve(
        self, queries: Sequence[EncodedQuery], scope: Scope, corpus: Corpus
    ) -> Retrieval:
        """The passages for the queries, which are several ways to ask one question.

        The confidence is told from the first one, and the reranker reads it, unless there is a
        question `alone`: `follow_ups.blend` says how it is weighed. Raises ServiceError when the
        index or the catalog cannot be had, and IndexLost when the index is empty by mistake.
        """
        served = await self._served_at(corpus.generation)
        ranking = await self._rank(queries, scope, corpus, served)
        if not ranking.hits:
            await self._require_index(corpus)
        hits = preferred(ranking.hits, served.published.records, served.preference)
        passages = to_passages(hits, served.published, self._settings.context_tokens)
        return Retrieval(
            query=ranking.query,
            generation=corpus.generation,
            passages=passages,
            confidence=ranking.confidence.value,
            sufficient=ranking.confidence.sufficient and bool(passages),
            rungs=ranking.rungs,
            timings_ms=ranking.timings_ms,
        )

    async def rank(self, queries: Sequence[EncodedQuery], scope: Scope, corpus: Corpus) -> Ranking:
        """The ranking that `retrieve` makes its passages of. Raises ServiceError as it does."""
        return await self._rank(queries, scope, corpus, await self._served_at(corpus.generation))

    async def _rank(
        self, queries: Sequence[EncodedQuery], scope: Scope, corpus: Corpus, served: _Served
    ) -> Ranking:
        began = time.perf_counter()
        if corpus.collection != self._embedder.model.collection:
            queries = _by_words(queries)
        try:
            found = await self._search(queries, scope, corpus)
        except RequestRejected as exc:  # as of vectors that have not the collection's length
            log.warning("Searching by BM25 alone. %s", exc)
            queries = _by_words(queries)
            found = await self._search(queries, scope, corpus)
        enough = partial(self._enough, served)
        rankings = await self._reading.best(found, corpus.collection, enough)
        blended = self._blended(queries, rankings)
        searched = time.perf_counter()
        hits, rungs = await self._reranked(blended.to_rerank, blended.hits)
        if queries[0].dense is None:
            rungs = (Rung.BM25_ONLY, *rungs)
        return Ranking(
            blended.judge.text,
            hits,
            blended.judge.assess(hits),
            rungs,
            {
                "search": (searched - began) * 1000,
                "rerank": (time.perf_counter() - searched) * 1000,
            },
        )

    async def _require_index(self, corpus: Corpus) -> None:
        """Nothing is found in an index that was lost, and that says nothing of the docs."""
        if not await self._index.count(corpus.collection, corpus.generation):
            recorded = await self._catalog.chunks(corpus.generation)
            if recorded:
                raise IndexLost(recorded)

    async def _search(
        self, queries: Sequence[EncodedQuery], scope: Scope, corpus: Corpus
    ) -> list[SearchHits]:
        requests = [
            SearchRequest(
                collection=corpus.collection,
                dense=query.dense,
                sparse=query.sparse,
                generation=corpus.generation,
                sources=scope.sources,
                limit=self._settings.candidates,
            )
            for query in queries
        ]
        if len(requests) == 1:  # as nearly always, and then it takes no task
            return [await self._index.search(requests[0])]
        return await asyncio.gather(*map(self._index.search, requests))

    async def _served_at(self, generation: int) -> _Served:
        """Made anew only when the records are others."""
        records = await self._catalog.at(generation)
        if self._served.published.records is not records:
            self._served = _Served(Published(records), self._settings.preference.among(records))
        return self._served

    def _enough(self, served: _Served, chunks: Collection[Chunk]) -> bool:
        """A preference may raise any hit to the first place, so all are read for it."""
        if not served.preference.neutral:
            return False
        return fills(chunks, served.published.records, self._settings.context_tokens)

    def _blended(self, queries: Sequence[EncodedQuery], rankings: Sequence[RankedHits]) -> Blend:
        completed, alone = [], None
        for query, ranking in zip(queries, rankings, strict=True):
            searched = Searched(query.text, ranking, self._cosines(ranking.found))
            if query.alone:
                alone = searched
            else:
                completed.append(searched)
        return blend(completed, alone)

    async def _reranked(self, query: str, hits: RankedHits) -> tuple[RankedHits, tuple[Rung, ...]]:
        """The best hits in the reranker's order, before the others in theirs."""
        head = hits.order[: self._settings.reranked]
        if self._reranker is None or not head:
            return hits, ()
        texts = [hits.chunks[key].embedding_text for key in head]
        try:
            relevance = await self._reranker.rerank(query, texts)
        except ServiceError as exc:
            log.warning("Keeping the fused order. %s", exc)
            return hits, (Rung.NO_RERANK,)
        return hits.reranked(head, relevance), ()

    def _cosines(self, hits: SearchHits) -> tuple[float, ...]:
        """Best first; none where their scale is not known."""
        calibrated = self._embedder.model.name in CALIBRATED_MODELS
        return tuple(hits.dense.values()) if calibrated else ()


@dataclass(frozen=True, slots=True, eq=False)
class _Served:
    """How a generation's documents are published, and which of them are preferred."""

    published: Published
    preference: Preference


def _by_words(queries: Sequence[EncodedQuery]) -> list[EncodedQuery]:
    return [replace(query, dense=None) for query in queries]


class _QueryCache:
    """The vectors of the queries that were asked last."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._vectors: OrderedDict[str, Vector] = OrderedDict()

    def get(self, text: str) -> Vector | None:
        if text in self._vectors:
            self._vectors.move_to_end(text)
        return self._vectors.get(text)

    def put(self, text: str, vector: Vector) -> None:
        self._vectors[text] = vector
        if len(self._vectors) > self._size:
            self._vectors.popitem(last=False)
