"""Embedding and reranking by Cohere: https://docs.cohere.com/reference/embed."""

from __future__ import annotations

import asyncio
import binascii
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import isfinite, sqrt
from typing import Any

import httpx
import numpy as np

from core.backends.cohere_api import BASE_URL, CohereApi, found_in
from core.backends.cohere_batches import batches
from core.backends.cohere_documents import CohereDocuments
from core.backends.cohere_errors import SERVICE
from core.backends.http_session import open_session
from core.backends.vendor_http import header_safe
from core.errors import MalformedReply, ServiceUnavailable
from core.model import EmbeddingModel, EmbeddingUsage, Vector
from core.text.unicode import well_formed

Sleep = Callable[[float], Awaitable[object]]

_MAX_TOKENS = 128_000


@dataclass(frozen=True, slots=True)
class CohereModels:
    """Which models to use. `dimensions` is 256, 512, 1024 or 1536 for embed-v4."""

    embed: str = "embed-v4.0"
    dimensions: int = 1024
    rerank: str = "rerank-v4.0-fast"


@dataclass(frozen=True, slots=True)
class Pace:
    """How hard documents are pushed, and how long a question waits.

    `in_flight` calls at once, seconds of waiting in `longest_wait` for each batch of documents,
    and in `question` for a call that somebody waits for.
    """

    in_flight: int = 4
    longest_wait: float = 120.0
    question: float = 5.0


@dataclass(frozen=True, slots=True)
class Cohere:
    """What one key opens."""

    embedder: CohereEmbedder
    reranker: CohereReranker


@asynccontextmanager
async def open_cohere(
    api_key: str,
    *,
    models: CohereModels | None = None,
    pace: Pace | None = None,
    base_url: str | None = None,
    timeout: float = 20.0,  # noqa: ASYNC109 - handed to the SDK, a limit for each call
    sleep: Sleep = asyncio.sleep,
) -> AsyncIterator[Cohere]:
    """The embedder and the reranker. Raises ConfigurationError; makes no request."""
    key = header_safe(SERVICE, api_key)
    models, pace, address = models or CohereModels(), pace or Pace(), base_url or BASE_URL
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(timeout=timeout) as http, open_session(headers) as session:
        documents = CohereDocuments(http, address, secret=key, timeout=timeout)
        api = CohereApi(session, address, patience=pace.question, secret=key)
        yield Cohere(
            CohereEmbedder(api, documents, models, pace, sleep=sleep),
            CohereReranker(api, models.rerank),
        )


class CohereEmbedder:
    """An Embedder. Documents wait out rate limits, for a bounded time; a query never waits."""

    def __init__(
        self,
        api: CohereApi,
        documents: CohereDocuments,
        models: CohereModels,
        pace: Pace,
        *,
        sleep: Sleep,
    ) -> None:
        self._api = api
        self._documents = documents
        self._model = EmbeddingModel(models.embed, models.dimensions, _MAX_TOKENS)
        self._gate = asyncio.Semaphore(pace.in_flight)
        self._longest_wait = pace.longest_wait
        self._sleep = sleep
        self._spent = EmbeddingUsage()

    @property
    def spent(self) -> EmbeddingUsage:
        """The calls that were answered, and the tokens that Cohere billed for them."""
        return self._spent

    @property
    def model(self) -> EmbeddingModel:
        """The model, which names the collection that its vectors may go into."""
        return self._model

    async def embed_documents(self, texts: Sequence[str]) -> list[Vector]:
        """One unit vector a text, in order; several batches at once."""
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._patiently(batch)) for batch in batches(texts)]
        except ExceptionGroup as failures:
            # The first failure cancelled the others; the caller is told of it alone.
            raise failures.exceptions[0] from failures
        return [vector for task in tasks for vector in task.result()]

    async def embed_query(self, text: str) -> Vector:
        """The vector to search with; RateLimited at once when the service says so."""
        reply = await self._api.call(
            "v2/embed",
            model=self._model.name,
            input_type="search_query",
            texts=[well_formed(text) if text.strip() else "."],
            output_dimension=self._model.dimensions,
            embedding_types=["base64"],
            truncate="END",
        )
        return self._vectors(found_in(reply, ("base64", "float")), 1)[0]

    async def _patiently(self, texts: Sequence[str]) -> list[Vector]:
        waited, pause = 0.0, 1.0
        while True:
            try:
                async with self._gate:
                    found, tokens = await self._documents.embed(
                        texts, self._model.name, self._model.dimensions
                    )
            except ServiceUnavailable as exc:
                wait = pause if exc.retry_after is None else exc.retry_after
                if waited + wait > self._longest_wait:
                    raise
            else:
                vectors = self._vectors(found, len(texts))
                self._spent += EmbeddingUsage(1, tokens)
                return vectors
            await self._sleep(wait)
            waited, pause = waited + max(wait, 1.0), pause * 2

    def _vectors(self, found: Sequence[Any], count: int) -> list[Vector]:
        try:
            vectors = [_unit(_vector(value)) for value in found]
        except (TypeError, ValueError, binascii.Error) as exc:
            raise MalformedReply(SERVICE, "the embeddings cannot be decoded.") from exc
        if [vector.shape for vector in vectors] != [(self._model.dimensions,)] * count:
            raise MalformedReply(SERVICE, "the number or the size of the embeddings is wrong.")
        return vectors


class CohereReranker:
    """A Reranker. It does not wait for long: without it, the fused order stands."""

    def __init__(self, api: CohereApi, model: str) -> None:
        self._api = api
        self._model = model

    async def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """One relevance a text, in 0..1, in the order of `texts`."""
        if not texts:
            return []
        reply = await self._api.call(
            "v2/rerank",
            model=self._model,
            query=well_formed(query),
            documents=[well_formed(text) for text in texts],
        )
        try:
            scores = {each["index"]: float(each["relevance_score"]) for each in reply["results"]}
            return [_bounded(scores[n]) for n in range(len(texts))]
        except (KeyError, TypeError, ValueError) as exc:
            raise MalformedReply(SERVICE, "the reranking does not cover every text.") from exc


def _bounded(score: float) -> float:
    return score if 0.0 <= score <= 1.0 else min(1.0, max(0.0, score))


def _vector(value: str | Sequence[float]) -> Vector:
    """One embedding: 32-bit floats in base64 as asked for, or numbers from a stand-in."""
    if isinstance(value, str):
        return np.frombuffer(binascii.a2b_base64(value), dtype="<f4")
    return np.asarray(value, dtype=np.float32)


def _unit(vector: Vector) -> Vector:
    # As np.linalg.norm and np.isfinite have it, which take longer to find out what they were given.
    length = sqrt(vector @ vector)
    if not isfinite(length) or length == 0.0:
        raise MalformedReply(SERVICE, "an embedding is empty or not a number.")
    return np.asarray(vector / length, dtype=np.float32)
