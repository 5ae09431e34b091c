"""LangChain: https://docs.langchain.com/oss/python/langchain/rag."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from langchain_cohere import CohereEmbeddings, CohereRerank
from langchain_core.documents import Document
from langchain_core.indexing import InMemoryRecordManager, aindex
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_openai import ChatOpenAI
from langchain_qdrant import QdrantVectorStore, RetrievalMode
from langchain_qdrant.sparse_embeddings import SparseEmbeddings, SparseVector
from langchain_text_splitters import MarkdownHeaderTextSplitter
from qdrant_client import QdrantClient, models

from bench.frameworks import common


class _Bm25(SparseEmbeddings):
    def __init__(self) -> None:
        self._terms = common.Terms()

    def embed_documents(self, texts: list[str]) -> list[SparseVector]:
        return [_sparse(*self._terms.of_document(text)) for text in texts]

    def embed_query(self, text: str) -> SparseVector:
        return _sparse(*self._terms.of_query(text))


def _sparse(indices: list[int], values: list[float]) -> SparseVector:
    return SparseVector(indices=indices, values=values)


class LangChain:
    """A retriever, a compressor and two chains."""

    def __init__(self, addresses: Mapping[str, str], docs: Path) -> None:
        self._docs = docs
        cohere = {"cohere_api_key": common.KEY, "base_url": addresses["cohere"]}
        client = QdrantClient(url=addresses["qdrant"], check_compatibility=False)
        if not client.collection_exists("langchain"):
            client.create_collection(
                "langchain",
                vectors_config={
                    "dense": models.VectorParams(
                        size=common.DIMENSIONS, distance=models.Distance.COSINE
                    )
                },
                sparse_vectors_config={
                    "sparse": models.SparseVectorParams(modifier=models.Modifier.IDF)
                },
            )
        self._store = QdrantVectorStore(
            client=client,
            collection_name="langchain",
            embedding=CohereEmbeddings(model=common.EMBEDDING_MODEL, **cohere),
            sparse_embedding=_Bm25(),
            retrieval_mode=RetrievalMode.HYBRID,
            vector_name="dense",
            sparse_vector_name="sparse",
            validate_collection_config=False,
        )
        self._records = InMemoryRecordManager("langchain")
        self._records.create_schema()
        self._reranker = CohereRerank(model=common.RERANKING_MODEL, top_n=common.PASSAGES, **cohere)
        openrouter = {"model": common.MODEL, "api_key": common.KEY}
        address = addresses["openrouter"]
        rewriter = ChatOpenAI(
            base_url=address, max_tokens=common.REWRITING_TOKENS, temperature=0, **openrouter
        )
        writer = ChatOpenAI(
            base_url=address, max_tokens=common.ANSWER_TOKENS, temperature=0, **openrouter
        )
        rewriting = ChatPromptTemplate([("system", common.REWRITE), ("human", "{conversation}")])
        answering = ChatPromptTemplate(
            [SystemMessage(common.SYSTEM), MessagesPlaceholder("history"), ("human", "{asked}")]
        )
        self._rewrite = rewriting | rewriter | StrOutputParser()
        self._answer = answering | writer | StrOutputParser()

    async def ingest(self) -> int:
        """Through its indexing API, which remembers what is there."""
        splitter = MarkdownHeaderTextSplitter([("#", "title"), ("##", "section")])
        docs = common.read_docs(self._docs)
        chunks = []
        for name, text in docs:
            for chunk in splitter.split_text(text):
                chunk.metadata["source"] = name
                chunks.append(chunk)
        await aindex(
            chunks,
            self._records,
            self._store,
            cleanup="incremental",
            source_id_key="source",
            key_encoder="sha1",
            batch_size=96,
        )
        return len(docs)

    async def write(self, asked: str, turns: common.Turns) -> AsyncIterator[str]:
        """The pieces of the answer."""
        query = asked
        if turns:
            conversation = common.rewriting_prompt(asked, turns)
            query = await self._rewrite.ainvoke({"conversation": conversation})
        found = await self._store.asimilarity_search(query, k=common.CANDIDATES)
        best = await self._reranker.acompress_documents(found[: common.RERANKED], query)
        history = [m for q, a in turns for m in (HumanMessage(q), AIMessage(a))]
        passages = [(_place(document), document.page_content) for document in best]
        values = {"history": history, "asked": common.prompt(asked, passages)}
        async for piece in self._answer.astream(values):
            yield piece


def _place(document: Document) -> str:
    return f"{document.metadata.get('title')} › {document.metadata.get('section')}"


@asynccontextmanager
async def open_pipeline(
    addresses: Mapping[str, str], docs: Path
) -> AsyncIterator[common.Answering]:
    """Ready to ingest and to be asked."""
    async with common.open_conversations(addresses["postgres"]) as conversations:
        yield common.Answering(conversations, LangChain(addresses, docs))
