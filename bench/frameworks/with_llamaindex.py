"""LlamaIndex: https://developers.llamaindex.ai/python/framework/understanding/rag/."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from llama_index.core import Document, VectorStoreIndex
from llama_index.core.ingestion import DocstoreStrategy, IngestionPipeline
from llama_index.core.llms import ChatMessage, MessageRole
from llama_index.core.node_parser import MarkdownNodeParser
from llama_index.core.schema import QueryBundle
from llama_index.core.storage.docstore import SimpleDocumentStore
from llama_index.embeddings.cohere import CohereEmbedding
from llama_index.llms.openai_like import OpenAILike
from llama_index.postprocessor.cohere_rerank import CohereRerank
from llama_index.vector_stores.qdrant import QdrantVectorStore
from qdrant_client import AsyncQdrantClient, QdrantClient

from bench.frameworks import common


class LlamaIndex:
    """An ingestion pipeline, a retriever, a postprocessor and two language models."""

    def __init__(
        self, addresses: Mapping[str, str], docs: Path, asynchronous: AsyncQdrantClient
    ) -> None:
        self._docs = docs
        terms = common.Terms()
        store = QdrantVectorStore(
            "llamaindex",
            client=QdrantClient(url=addresses["qdrant"], check_compatibility=False),
            aclient=asynchronous,
            enable_hybrid=True,
            sparse_doc_fn=lambda texts: _apart([terms.of_document(text) for text in texts]),
            sparse_query_fn=lambda texts: _apart([terms.of_query(text) for text in texts]),
        )
        embedder = CohereEmbedding(
            api_key=common.KEY,
            base_url=addresses["cohere"],
            model_name=common.EMBEDDING_MODEL,
            embed_batch_size=96,
            httpx_client=httpx.Client(timeout=60),
            httpx_async_client=httpx.AsyncClient(timeout=60),
        )
        self._ingestion = IngestionPipeline(
            transformations=[MarkdownNodeParser(), embedder],
            docstore=SimpleDocumentStore(),
            docstore_strategy=DocstoreStrategy.UPSERTS,
            vector_store=store,
        )
        self._retriever = VectorStoreIndex.from_vector_store(store, embedder).as_retriever(
            vector_store_query_mode="hybrid",
            similarity_top_k=common.CANDIDATES,
            sparse_top_k=common.CANDIDATES,
            hybrid_top_k=common.CANDIDATES,
        )
        self._reranker = CohereRerank(
            api_key=common.KEY,
            base_url=addresses["cohere"],
            model=common.RERANKING_MODEL,
            top_n=common.PASSAGES,
        )
        self._rewriter, self._writer = (
            OpenAILike(
                model=common.MODEL,
                api_base=addresses["openrouter"],
                api_key=common.KEY,
                is_chat_model=True,
                max_tokens=tokens,
                temperature=0,
            )
            for tokens in (common.REWRITING_TOKENS, common.ANSWER_TOKENS)
        )

    async def ingest(self) -> int:
        """Through its pipeline, with a store of what it has seen."""
        docs = common.read_docs(self._docs)
        documents = [Document(text=text, doc_id=name) for name, text in docs]
        await self._ingestion.arun(documents=documents)
        return len(docs)

    async def write(self, asked: str, turns: common.Turns) -> AsyncIterator[str]:
        """The pieces of the answer."""
        query = asked
        if turns:
            said = ChatMessage(content=common.rewriting_prompt(asked, turns))
            instructions = ChatMessage(role=MessageRole.SYSTEM, content=common.REWRITE)
            query = (await self._rewriter.achat([instructions, said])).message.content or asked
        found = await self._retriever.aretrieve(query)
        best = await self._reranker.apostprocess_nodes(
            found[: common.RERANKED], query_bundle=QueryBundle(query)
        )
        passages = [(str(n.metadata.get("header_path")), n.get_content()) for n in best]
        history = [
            ChatMessage(role=role, content=text)
            for turn in turns
            for role, text in zip((MessageRole.USER, MessageRole.ASSISTANT), turn, strict=True)
        ]
        system = ChatMessage(role=MessageRole.SYSTEM, content=common.SYSTEM)
        last = ChatMessage(content=common.prompt(asked, passages))
        async for event in await self._writer.astream_chat([system, *history, last]):
            yield event.delta or ""


def _apart(
    vectors: list[tuple[list[int], list[float]]],
) -> tuple[list[list[int]], list[list[float]]]:
    return [indices for indices, _ in vectors], [values for _, values in vectors]


@asynccontextmanager
async def open_pipeline(
    addresses: Mapping[str, str], docs: Path
) -> AsyncIterator[common.Answering]:
    """Ready to ingest and to be asked."""
    asynchronous = AsyncQdrantClient(url=addresses["qdrant"], check_compatibility=False)
    async with common.open_conversations(addresses["postgres"]) as conversations:
        yield common.Answering(conversations, LlamaIndex(addresses, docs, asynchronous))
        await asynchronous.close()
