"""Haystack: https://docs.haystack.deepset.ai/docs/pipelines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from haystack import Document, Pipeline, component
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.components.preprocessors import MarkdownHeaderSplitter
from haystack.components.writers import DocumentWriter
from haystack.dataclasses import ChatMessage, SparseEmbedding, StreamingChunk
from haystack.document_stores.types import DuplicatePolicy
from haystack.utils import Secret
from haystack_integrations.components.embedders.cohere import (
    CohereDocumentEmbedder,
    CohereTextEmbedder,
)
from haystack_integrations.components.rankers.cohere import CohereRanker
from haystack_integrations.components.retrievers.qdrant import QdrantHybridRetriever
from haystack_integrations.document_stores.qdrant import QdrantDocumentStore

from bench.frameworks import common


@component
class Bm25Text:
    """The sparse side of a query."""

    def __init__(self) -> None:
        self._terms = common.Terms()

    @component.output_types(sparse_embedding=SparseEmbedding)
    def run(self, text: str) -> dict[str, SparseEmbedding]:
        """Its terms."""
        return {"sparse_embedding": SparseEmbedding(*self._terms.of_query(text))}


@component
class Bm25Documents:
    """The sparse side of documents."""

    def __init__(self) -> None:
        self._terms = common.Terms()

    @component.output_types(documents=list[Document])
    def run(self, documents: list[Document]) -> dict[str, list[Document]]:
        """With their terms."""
        made = [
            replace(each, sparse_embedding=SparseEmbedding(*self._terms.of_document(each.content)))
            for each in documents
        ]
        return {"documents": made}


@component
class Prompting:
    """The messages for the model. No template: the user's words are never to be run as one."""

    @component.output_types(messages=list[ChatMessage])
    def run(
        self, documents: list[Document], asked: str, history: list[ChatMessage]
    ) -> dict[str, list[ChatMessage]]:
        """System, history, passages with the question."""
        passages = [(str(each.meta.get("header")), each.content or "") for each in documents]
        last = ChatMessage.from_user(common.prompt(asked, passages))
        return {"messages": [ChatMessage.from_system(common.SYSTEM), *history, last]}


class Haystack:
    """Two pipelines and a generator for follow-ups."""

    def __init__(self, addresses: Mapping[str, str], docs: Path) -> None:
        self._docs = docs
        key = Secret.from_token(common.KEY)
        self._cohere = {"api_key": key, "api_base_url": addresses["cohere"]}
        self._openrouter = {
            "api_key": key,
            "model": common.MODEL,
            "api_base_url": addresses["openrouter"],
        }
        self._store = QdrantDocumentStore(
            url=addresses["qdrant"],
            index="haystack",
            embedding_dim=common.DIMENSIONS,
            use_sparse_embeddings=True,
            sparse_idf=True,
            progress_bar=False,
        )
        self._rewriter = self._generator(common.REWRITING_TOKENS)
        self._ingestion = self._ingesting()
        self._answering = self._asking()

    def _generator(self, tokens: int) -> OpenAIChatGenerator:
        options = {"max_tokens": tokens, "temperature": 0}
        return OpenAIChatGenerator(generation_kwargs=options, **self._openrouter)

    def _ingesting(self) -> Pipeline:
        pipeline = Pipeline()
        pipeline.add_component("split", MarkdownHeaderSplitter(keep_headers=True))
        embedder = CohereDocumentEmbedder(
            model=common.EMBEDDING_MODEL, batch_size=96, progress_bar=False, **self._cohere
        )
        pipeline.add_component("embed", embedder)
        pipeline.add_component("terms", Bm25Documents())
        pipeline.add_component("write", DocumentWriter(self._store, DuplicatePolicy.SKIP))
        pipeline.connect("split.documents", "embed.documents")
        pipeline.connect("embed.documents", "terms.documents")
        pipeline.connect("terms.documents", "write.documents")
        return pipeline

    def _asking(self) -> Pipeline:
        pipeline = Pipeline()
        embedder = CohereTextEmbedder(model=common.EMBEDDING_MODEL, **self._cohere)
        ranker = CohereRanker(model=common.RERANKING_MODEL, top_k=common.PASSAGES, **self._cohere)
        pipeline.add_component("embed", embedder)
        pipeline.add_component("terms", Bm25Text())
        pipeline.add_component("search", QdrantHybridRetriever(self._store, top_k=common.RERANKED))
        pipeline.add_component("rerank", ranker)
        pipeline.add_component("prompt", Prompting())
        pipeline.add_component("write", self._generator(common.ANSWER_TOKENS))
        pipeline.connect("embed.embedding", "search.query_embedding")
        pipeline.connect("terms.sparse_embedding", "search.query_sparse_embedding")
        pipeline.connect("search.documents", "rerank.documents")
        pipeline.connect("rerank.documents", "prompt.documents")
        pipeline.connect("prompt.messages", "write.messages")
        return pipeline

    async def ingest(self) -> int:
        """Skips what is there when it is written, and so embeds it again."""
        docs = common.read_docs(self._docs)
        documents = [Document(content=text, meta={"name": name}) for name, text in docs]
        await self._ingestion.run_async({"split": {"documents": documents}})
        return len(docs)

    async def write(self, asked: str, turns: common.Turns) -> AsyncIterator[str]:
        """The pieces of the answer, as the generator's callback is told of them."""
        query = asked
        if turns:
            said = ChatMessage.from_user(common.rewriting_prompt(asked, turns))
            messages = [ChatMessage.from_system(common.REWRITE), said]
            replies = (await self._rewriter.run_async(messages=messages))["replies"]
            query = replies[0].text or asked
        pieces: asyncio.Queue[str | None] = asyncio.Queue()
        running = asyncio.create_task(self._run(query, asked, turns, pieces))
        while (piece := await pieces.get()) is not None:
            yield piece
        await running

    async def _run(
        self, query: str, asked: str, turns: common.Turns, pieces: asyncio.Queue[str | None]
    ) -> None:
        async def heard(chunk: StreamingChunk) -> None:
            pieces.put_nowait(chunk.content)

        roles = (ChatMessage.from_user, ChatMessage.from_assistant)
        history = [make(text) for turn in turns for make, text in zip(roles, turn, strict=True)]
        data: dict[str, Any] = {
            "embed": {"text": query},
            "terms": {"text": query},
            "rerank": {"query": query},
            "prompt": {"asked": asked, "history": history},
            "write": {"streaming_callback": heard},
        }
        try:
            await self._answering.run_async(data)
        finally:
            pieces.put_nowait(None)


@asynccontextmanager
async def open_pipeline(
    addresses: Mapping[str, str], docs: Path
) -> AsyncIterator[common.Answering]:
    """Ready to ingest and to be asked."""
    async with common.open_conversations(addresses["postgres"]) as conversations:
        yield common.Answering(conversations, Haystack(addresses, docs))
