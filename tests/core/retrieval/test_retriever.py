from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.errors import RequestRejected, ServiceUnavailable
from core.model import EVERYTHING, Corpus, Rung, Scope, SearchHits, SearchRequest
from core.ports import Reranker
from core.retrieval.preference import Preference
from core.retrieval.retriever import RetrievalSettings, Retriever
from tests.support.embedder import HashingEmbedder, WordCounts
from tests.support.search import (
    ScriptedCatalog,
    ScriptedIndex,
    ScriptedReranker,
    chunk,
    record,
)
from tests.support.search import found as hits

EMBEDDER = HashingEmbedder()
GONE = ("gone", "gone, too")
CORPUS = Corpus(EMBEDDER.model.collection, 7)
QUERY = "install linux"
FOUND = hits(
    dense=[("install on linux", 0.8), ("linux", 0.6), ("potatoes", 0.1)],
    sparse=[("install on linux", 9.0), ("install", 4.0)],
)


class DownEmbedder(HashingEmbedder):
    """Embeds no query."""

    async def embed_query(self, text: str) -> Any:
        self.calls += 1
        raise ServiceUnavailable("Embedder", "it is down")


class CountingEmbedder(HashingEmbedder):
    """Counts the queries."""

    async def embed_query(self, text: str) -> Any:
        self.calls += 1
        return await super().embed_query(text)


def retriever(
    index: ScriptedIndex | None = None,
    *,
    embedder: HashingEmbedder = EMBEDDER,
    catalog: ScriptedCatalog | None = None,
    reranker: Reranker | None = None,
    settings: RetrievalSettings | None = None,
) -> Retriever:
    return Retriever(
        index or ScriptedIndex(FOUND),
        embedder,
        WordCounts(),
        catalog or ScriptedCatalog(),
        reranker=reranker,
        settings=settings,
    )


async def test_the_passages_are_the_fused_hits() -> None:
    search = retriever()

    found = await search.retrieve([await search.encode(QUERY)], EVERYTHING, CORPUS)

    texts = [passage.text for passage in found.passages]
    assert texts == ["install on linux", "linux", "install", "potatoes"]
    assert (found.query, found.generation, found.sufficient) == (QUERY, 7, True)
    assert found.rungs == ()


async def test_one_request_searches_the_generation_in_the_sources_of_the_scope() -> None:
    index = ScriptedIndex(FOUND)
    search = retriever(index, settings=RetrievalSettings(candidates=33))
    query = await search.encode(QUERY)

    await search.retrieve([query], Scope(frozenset({"docs"})), CORPUS)

    (request,) = index.requests
    assert (request.collection, request.generation) == (CORPUS.collection, 7)
    assert (request.sources, request.limit) == (frozenset({"docs"}), 33)
    assert request.dense is query.dense
    assert request.sparse == WordCounts().encode_query(QUERY)


@pytest.mark.parametrize(
    ("at_once", "context_tokens", "reads"),
    [
        (3, 5, [["install on linux", "linux", "install"]]),
        (2, 5, [["install on linux", "linux"]]),
        (1, 5, [["install on linux"], ["linux"]]),
        (3, 500, [["install on linux", "linux", "install"], ["potatoes"]]),
    ],
)
async def test_of_what_is_found_the_best_are_read_until_the_passages_are_full(
    at_once: int, context_tokens: int, reads: list[list[str]]
) -> None:
    index = ScriptedIndex(FOUND)
    settings = RetrievalSettings(read=at_once, context_tokens=context_tokens)
    search = retriever(index, settings=settings)

    await search.retrieve([await search.encode(QUERY)], EVERYTHING, CORPUS)

    assert [[each.text for each in keys] for keys in index.reads] == reads


async def test_small_chunks_fill_the_passages_as_well_as_large_ones() -> None:
    small = hits((chunk("x" * 100, anchor=str(n)), 1 - n / 100) for n in range(90))
    settings = RetrievalSettings(read=10, context_tokens=1500)
    search = retriever(ScriptedIndex(small), settings=settings)

    found = await search.retrieve([await search.encode(QUERY)], EVERYTHING, CORPUS)

    assert sum(len(passage.text) for passage in found.passages) == 6000


async def test_documents_that_are_not_served_leave_room_for_those_that_are() -> None:
    found = [chunk("x" * 100, path="withdrawn.md", anchor=str(n)) for n in range(60)]
    served = chunk("install on linux")
    index = ScriptedIndex(hits((each, 1 - n / 100) for n, each in enumerate([*found, served])))
    search = retriever(index, settings=RetrievalSettings(context_tokens=500))

    retrieval = await search.retrieve([await search.encode(QUERY)], EVERYTHING, CORPUS)

    assert [passage.text for passage in retrieval.passages] == ["install on linux"]


@pytest.mark.parametrize("at_once", [1, 2, 50])
async def test_what_is_gone_by_the_time_it_is_read_counts_as_if_it_had_not_been_found(
    at_once: int,
) -> None:
    embedder = HashingEmbedder(name="all-MiniLM-L6-v2")
    there = [("linux", 0.2), ("potatoes", 0.1)], [("linux", 5.0)]
    gone = [("gone", 0.95), ("gone, too", 0.9)], [("gone", 90.0)]
    both = [(*more, *rest) for more, rest in zip(gone, there, strict=True)]
    retrievals = []
    for index in (ScriptedIndex(hits(*there)), ScriptedIndex(hits(*both), gone=GONE)):
        search = retriever(index, embedder=embedder, settings=RetrievalSettings(read=at_once))
        corpus = Corpus(embedder.model.collection, 7)
        found = await search.retrieve([await search.encode(QUERY)], EVERYTHING, corpus)
        retrievals.append(replace(found, timings_ms={}))

    assert retrievals[0].passages
    assert retrievals[0] == retrievals[1]


async def test_without_the_embedder_bm25_searches_alone() -> None:
    index = ScriptedIndex(FOUND)
    search = retriever(index, embedder=DownEmbedder())

    found = await search.retrieve([await search.encode(QUERY)], EVERYTHING, CORPUS)

    assert [p.text for p in found.passages] == ["install on linux", "install"]
    assert found.rungs == (Rung.BM25_ONLY,)
    assert index.requests[0].dense is None


async def test_a_corpus_of_another_model_is_searched_by_bm25_alone() -> None:
    index = ScriptedIndex(FOUND)
    search = retriever(index)
    corpus = Corpus("docent-another-model-1024", 7)

    found = await search.retrieve([await search.encode(QUERY)], EVERYTHING, corpus)

    assert found.rungs == (Rung.BM25_ONLY,)
    assert (index.requests[0].collection, index.requests[0].dense) == (corpus.collection, None)


class OtherDimension(ScriptedIndex):
    """Refuses a search with a vector, as an index whose vectors have another length does."""

    async def search(self, request: SearchRequest) -> SearchHits:
        found = await super().search(request)
        if request.dense is not None:
            raise RequestRejected("Qdrant", "expected dim: 8, got 256")
        return found


async def test_an_index_that_refuses_the_vector_is_searched_by_bm25_alone() -> None:
    index = OtherDimension(FOUND)
    search = retriever(index)

    found = await search.retrieve([await search.encode(QUERY)], EVERYTHING, CORPUS)

    assert [p.text for p in found.passages] == ["install on linux", "install"]
    assert found.rungs == (Rung.BM25_ONLY,)
    assert [request.dense is None for request in index.requests] == [False, True]


async def test_an_index_that_refuses_words_as_well_is_an_error() -> None:
    class Refusing(ScriptedIndex):
        async def search(self, request: SearchRequest) -> SearchHits:
            raise RequestRejected("Qdrant", "no such field")

    search = retriever(Refusing(FOUND))

    with pytest.raises(RequestRejected, match="no such field"):
        await search.retrieve([await search.encode(QUERY)], EVERYTHING, CORPUS)


async def test_a_query_is_embedded_once() -> None:
    embedder = CountingEmbedder()
    search = retriever(embedder=embedder)

    first, second = await search.encode(QUERY), await search.encode(QUERY)

    assert embedder.calls == 1
    assert first.dense is second.dense


async def test_the_query_that_was_longest_unused_is_forgotten_first() -> None:
    embedder = CountingEmbedder()
    search = retriever(embedder=embedder, settings=RetrievalSettings(cached_queries=2))

    for text in ("a", "b", "a", "c", "a"):
        await search.encode(text)
    assert embedder.calls == 3

    await search.encode("b")
    assert embedder.calls == 4


async def test_a_failure_to_embed_is_not_remembered() -> None:
    embedder = DownEmbedder()
    search = retriever(embedder=embedder)

    await search.encode(QUERY)
    await search.encode(QUERY)

    assert embedder.calls == 2


async def test_the_reranker_has_the_last_word_on_the_best_hits() -> None:
    reranker = ScriptedReranker({"install on linux": 0.2, "linux": 0.9})
    search = retriever(reranker=reranker, settings=RetrievalSettings(reranked=2))

    found = await search.retrieve([await search.encode(QUERY)], EVERYTHING, CORPUS)

    assert [p.text for p in found.passages] == ["linux", "install on linux", "install", "potatoes"]
    assert [p.scores.rerank for p in found.passages] == [0.9, 0.2, None, None]
    assert found.confidence == 0.9
    assert reranker.asked == [
        (QUERY, ("Title\nStart\ninstall on linux", "Title\nStart\nlinux")),
    ]


async def test_without_the_reranker_the_fused_order_stands() -> None:
    search = retriever(reranker=ScriptedReranker(None))

    found = await search.retrieve([await search.encode(QUERY)], EVERYTHING, CORPUS)

    assert [p.text for p in found.passages][:2] == ["install on linux", "linux"]
    assert found.rungs == (Rung.NO_RERANK,)


async def test_all_that_failed_is_told() -> None:
    search = retriever(embedder=DownEmbedder(), reranker=ScriptedReranker(None))

    found = await search.retrieve([await search.encode(QUERY)], EVERYTHING, CORPUS)

    assert found.rungs == (Rung.BM25_ONLY, Rung.NO_RERANK)


async def test_nothing_found_is_not_reranked_and_never_sufficient() -> None:
    reranker = ScriptedReranker({})
    index = ScriptedIndex(SearchHits())
    search = retriever(index, reranker=reranker)

    found = await search.retrieve([await search.encode(QUERY)], EVERYTHING, CORPUS)

    assert (found.passages, found.confidence, found.sufficient) == ((), 0.0, False)
    assert reranker.asked == []
    assert index.reads == []


async def test_documents_that_are_not_served_suffice_for_nothing() -> None:
    search = retriever(catalog=ScriptedCatalog(records=(record("other.md"),)))

    found = await search.retrieve([await search.encode(QUERY)], EVERYTHING, CORPUS)

    assert (found.passages, found.sufficient) == ((), False)


@pytest.mark.parametrize(("cosine", "sufficient"), [(0.8, True), (0.1, False)])
async def test_a_known_model_s_cosine_decides(cosine: float, *, sufficient: bool) -> None:
    embedder = HashingEmbedder(name="all-MiniLM-L6-v2")
    index = ScriptedIndex(hits([("linux", cosine)], [("linux", 5.0)]))
    search = retriever(index, embedder=embedder)
    corpus = Corpus(embedder.model.collection, 7)

    found = await search.retrieve([await search.encode(QUERY)], EVERYTHING, corpus)

    assert found.sufficient is sufficient


async def test_another_model_s_cosine_is_not_trusted() -> None:
    index = ScriptedIndex(hits([("potatoes", 0.9)], [("potatoes", 5.0)]))
    search = retriever(index)

    found = await search.retrieve([await search.encode(QUERY)], EVERYTHING, CORPUS)

    assert (found.confidence, found.sufficient) == (0.0, False)


def finding(**texts: str) -> ScriptedIndex:
    """An index in which a query whose first word is a key finds the key's text."""
    return ScriptedIndex(
        FOUND,
        by_term={
            WordCounts().encode_query(word).indices[0]: hits([(text, 0.9)], [(text, 5.0)])
            for word, text in texts.items()
        },
    )


async def test_several_queries_are_ranked_together() -> None:
    search = retriever(finding(setup="linux", windows="windows"))

    queries = [await search.encode("setup"), await search.encode("windows")]
    found = await search.retrieve(queries, EVERYTHING, CORPUS)

    assert {p.text: p.scores.fused for p in found.passages} == {"linux": 0.5, "windows": 0.5}
    assert found.query == "setup"


@pytest.mark.parametrize(
    ("question", "found", "query"),
    [
        # Its one term is in its hit: it is as sure as can be, which leaves two fifths.
        ("windows", {"windows": 0.6, "linux": 0.4}, "setup"),
        # None of its terms is.
        ("swallows", {"potatoes": 1.0}, "swallows"),
    ],
)
async def test_a_question_of_a_conversation_is_searched_alone_too(
    question: str, found: dict[str, float], query: str
) -> None:
    search = retriever(finding(setup="linux", windows="windows", swallows="potatoes"))

    queries = [await search.encode("setup"), replace(await search.encode(question), alone=True)]
    retrieval = await search.retrieve(queries, EVERYTHING, CORPUS)

    assert {p.text: p.scores.fused for p in retrieval.passages} == found
    assert retrieval.query == query


async def test_the_reranker_reads_the_question_alone_where_it_is_surer() -> None:
    reranker = ScriptedReranker({"linux": 0.4, "windows": 0.6})
    search = retriever(finding(setup="linux", windows="windows"), reranker=reranker)

    queries = [await search.encode("setup"), replace(await search.encode("windows"), alone=True)]
    retrieval = await search.retrieve(queries, EVERYTHING, CORPUS)

    assert [query for query, _ in reranker.asked] == ["windows"]
    assert retrieval.confidence == 0.6


async def test_of_what_several_queries_find_no_more_is_reranked_than_of_one() -> None:
    reranker = ScriptedReranker({"linux": 0.4, "windows": 0.6})
    index = finding(setup="linux", windows="windows")
    search = retriever(index, reranker=reranker, settings=RetrievalSettings(reranked=1))

    queries = [await search.encode("setup"), await search.encode("windows")]
    await search.retrieve(queries, EVERYTHING, CORPUS)

    assert [len(texts) for _, texts in reranker.asked] == [1]


async def test_passages_keep_to_the_token_budget() -> None:
    long = hits((chunk("x" * 400, anchor=str(n)), 1 - n / 10) for n in range(9))
    search = retriever(ScriptedIndex(long), settings=RetrievalSettings(context_tokens=250))

    retrieval = await search.retrieve([await search.encode(QUERY)], EVERYTHING, CORPUS)

    assert len(retrieval.passages) == 2


async def test_a_passage_leads_to_where_its_generation_is_published() -> None:
    catalog = ScriptedCatalog()
    search = retriever(catalog=catalog)
    queries = [await search.encode(QUERY)]
    await search.retrieve(queries, EVERYTHING, CORPUS)
    catalog.records = (record(url="https://moved.example"),)

    found = await search.retrieve(queries, EVERYTHING, CORPUS)

    assert {passage.url.partition("#")[0] for passage in found.passages} == {
        "https://moved.example"
    }


async def test_the_times_of_search_and_rerank_are_told_in_milliseconds() -> None:
    search = retriever()

    found = await search.retrieve([await search.encode(QUERY)], EVERYTHING, CORPUS)

    assert set(found.timings_ms) == {"search", "rerank"}
    assert all(0 <= value < 10_000 for value in found.timings_ms.values())


async def test_of_two_passages_that_are_as_relevant_the_peer_reviewed_one_is_first() -> None:
    equal = hits((chunk("install on linux", path=path), 0.8) for path in ("b.md", "a.md"))
    records = (replace(record("b.md"), peer_reviewed=False), record("a.md"))
    for boost, first in [(0.0, "b.md"), (0.05, "a.md")]:
        retriever = Retriever(
            ScriptedIndex(equal),
            EMBEDDER,
            WordCounts(),
            ScriptedCatalog(records),
            settings=RetrievalSettings(preference=Preference(boost)),
        )
        found = await retriever.retrieve([await retriever.encode(QUERY)], EVERYTHING, CORPUS)
        assert found.passages[0].path == first


async def test_a_preference_reaches_what_is_found_last() -> None:
    found = [chunk("install on linux", path=f"{n}.md") for n in range(9)]
    preferred = record("8.md")
    others = [replace(record(f"{n}.md"), peer_reviewed=False) for n in range(8)]
    index = ScriptedIndex(hits(sparse=((each, 9 - n / 100) for n, each in enumerate(found))))
    settings = RetrievalSettings(read=1, context_tokens=5, preference=Preference(0.2))
    search = retriever(index, catalog=ScriptedCatalog((*others, preferred)), settings=settings)

    retrieval = await search.retrieve([await search.encode(QUERY)], EVERYTHING, CORPUS)

    assert retrieval.passages[0].path == "8.md"
