"""The services of the way of a question, each under a guard.

A sync asks the services themselves: it has the time to wait, and its failures are its own.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from functools import partial

from core.breakers.guard import Breakers, Guard
from core.model import (
    Chunk,
    EmbeddingModel,
    EmbeddingUsage,
    Message,
    ModelEvent,
    PointKey,
    Prompt,
    SearchHits,
    SearchRequest,
    Vector,
)
from core.ports import ChatModel, Embedder, Reranker, VectorIndex

_HELLO = "Say hello."
_PROBE = Prompt("", (Message("user", _HELLO),), _HELLO, (), max_tokens=16)


class GuardedEmbedder:
    """An Embedder whose questions are guarded, and whose documents are not."""

    def __init__(self, embedder: Embedder, guard: Guard) -> None:
        self._embedder = embedder
        self._guard = guard

    @property
    def model(self) -> EmbeddingModel:
        """The model of the embedder."""
        return self._embedder.model

    @property
    def spent(self) -> EmbeddingUsage:
        """What its documents have cost."""
        return self._embedder.spent

    async def embed_documents(self, texts: Sequence[str]) -> list[Vector]:
        """One vector a text, in order."""
        return await self._embedder.embed_documents(texts)

    async def embed_query(self, text: str) -> Vector:
        """The vector to search with."""
        return await self._guard.call(partial(self._embedder.embed_query, text))


class GuardedReranker:
    """A Reranker under a guard."""

    def __init__(self, reranker: Reranker, guard: Guard) -> None:
        self._reranker = reranker
        self._guard = guard

    async def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """One relevance a text, in 0..1, in the order of `texts`."""
        return await self._guard.call(partial(self._reranker.rerank, query, texts))


class GuardedIndex:
    """A VectorIndex whose searches are guarded, and whose reads have a guard of their own.

    Searches that succeed say nothing of chunks that cannot be read.
    """

    def __init__(self, index: VectorIndex, searches: Guard, reads: Guard) -> None:
        self._index = index
        self._searches = searches
        self._reads = reads

    async def search(self, request: SearchRequest) -> SearchHits:
        """Both searches in one round trip."""
        return await self._searches.call(partial(self._index.search, request))

    async def read(self, collection: str, keys: Sequence[PointKey]) -> Mapping[PointKey, Chunk]:
        """The chunks of points that were found."""
        return await self._reads.call(partial(self._index.read, collection, keys))

    async def vectors(self, collection: str, content_hashes: Sequence[str]) -> dict[str, Vector]:
        """The vectors at hand for these contents."""
        return await self._index.vectors(collection, content_hashes)

    async def count(self, collection: str, generation: int) -> int:
        """How many points that generation sees."""
        return await self._index.count(collection, generation)


class GuardedChatModel:
    """A ChatModel under a guard, which probes it with a word and not with the question."""

    def __init__(self, model: ChatModel, guard: Guard) -> None:
        self._model = model
        self._guard = guard

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent, None]:
        """The model's events. One that is closed before its end tells nothing of the service."""
        await self._guard.admit(self._greet)
        with self._guard.judged():
            async with aclosing(self._model.stream(prompt)) as events:
                async for event in events:
                    yield event

    async def _greet(self) -> None:
        async with aclosing(self._model.stream(_PROBE)) as events:
            async for _ in events:
                pass


def guarded_models(models: Sequence[ChatModel], breakers: Breakers) -> list[ChatModel]:
    """All but the last, which is what is left when the others are not asked."""
    names = ["Models", *(f"Models, group {n + 1}" for n in range(1, len(models)))]
    first = [
        GuardedChatModel(model, breakers.guard(name))
        for model, name in zip(models[:-1], names, strict=False)
    ]
    return [*first, *models[-1:]]
