"""Embedding and reranking by Cohere, through its own SDK: https://docs.cohere.com/reference/embed."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

import httpx
import numpy as np

from core.backends.cohere_batches import batches
from core.backends.cohere_errors import SERVICE, error_for
from core.backends.vendor_http import header_safe, unreachable
from core.errors import MalformedReply, ServiceUnavailable
from core.model import EmbeddingModel, EmbeddingUsage, Vector
from core.text.unicode import well_formed

if TYPE_CHECKING:
    from cohere import AsyncClientV2, EmbedByTypeResponse

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
    transport: httpx.AsyncBaseTransport | None = None,
    sleep: Sleep = asyncio.sleep,
) -> AsyncIterator[Cohere]:
    """The embedder and the reranker. Raises ConfigurationError; makes no request."""
    # The SDK takes a second to import, which nobody without a key should wait for.
    from cohere import AsyncClientV2  # noqa: PLC0415

    key = header_safe(SERVICE, api_key)
    models, pace = models or CohereModels(), pace or Pace()
    async with httpx.AsyncClient(timeout=timeout, transport=transport) as http:
        # Retries are ours: the SDK's would hide a Retry-After of up to a minute inside a question.
        client = AsyncClientV2(
            key, base_url=base_url, timeout=timeout, max_retries=0, httpx_client=http
        )
        yield Cohere(
            CohereEmbedder(client, models, pace, secret=key, sleep=sleep),
            CohereReranker(client, models.rerank, patience=pace.question, secret=key),
        )


class CohereEmbedder:
    """An Embedder. Documents wait out rate limits, for a bounded time; a query never waits."""

    def __init__(
        self, client: AsyncClientV2, models: CohereModels, pace: Pace, *, secret: str, sleep: Sleep
    ) -> None:
        self._client = client
        self._model = EmbeddingModel(models.embed, models.dimensions, _MAX_TOKENS)
        self._gate = asyncio.Semaphore(pace.in_flight)
        self._longest_wait = pace.longest_wait
        self._patience = pace.question
        self._secret = secret
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
        with _translated(self._secret):
            async with asyncio.timeout(self._patience):
                return (await self._embed([text], "search_query"))[0][0]

    async def _patiently(self, texts: Sequence[str]) -> list[Vector]:
        waited, pause = 0.0, 1.0
        while True:
            try:
                async with self._gate:
                    vectors, tokens = await self._embed(texts, "search_document")
            except ServiceUnavailable as exc:
                wait = pause if exc.retry_after is None else exc.retry_after
                if waited + wait > self._longest_wait:
                    raise
            else:
                self._spent += EmbeddingUsage(1, tokens)
                return vectors
            await self._sleep(wait)
            waited, pause = waited + max(wait, 1.0), pause * 2

    async def _embed(self, texts: Sequence[str], input_type: str) -> tuple[list[Vector], int]:
        """The vectors, and the tokens that they were billed as."""
        with _translated(self._secret):
            response = await self._client.embed(
                model=self._model.name,
                input_type=input_type,
                # A text of spaces may be refused, and its whole batch with it.
                texts=[well_formed(text) if text.strip() else "." for text in texts],
                output_dimension=self._model.dimensions,
                # As floats, 96 vectors block the loop for an eighth of a second in validation.
                embedding_types=["base64"],
                truncate="END",
            )
        vectors = [_unit(v) for v in _decoded(response)]
        if [v.shape for v in vectors] != [(self._model.dimensions,)] * len(texts):
            raise MalformedReply(SERVICE, "the number or the size of the embeddings is wrong.")
        return vectors, _billed_tokens(response)


class CohereReranker:
    """A Reranker. It does not wait for long: without it, the fused order stands."""

    def __init__(self, client: AsyncClientV2, model: str, *, patience: float, secret: str) -> None:
        self._client = client
        self._model = model
        self._patience = patience
        self._secret = secret

    async def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """One relevance a text, in 0..1, in the order of `texts`."""
        if not texts:
            return []
        with _translated(self._secret):
            async with asyncio.timeout(self._patience):
                response = await self._client.rerank(
                    model=self._model,
                    query=well_formed(query),
                    documents=[well_formed(text) for text in texts],
                )
        try:
            scores = {
                r.index: min(1.0, max(0.0, float(r.relevance_score))) for r in response.results
            }
            return [scores[n] for n in range(len(texts))]
        except (AttributeError, KeyError, TypeError, ValueError) as exc:
            raise MalformedReply(SERVICE, "the reranking does not cover every text.") from exc


def _decoded(response: EmbedByTypeResponse) -> list[Vector]:
    try:
        found = response.embeddings.base64 or response.embeddings.float_ or ()
        return [_vector(value) for value in found]
    except (AttributeError, TypeError, ValueError, binascii.Error) as exc:
        raise MalformedReply(SERVICE, "the embeddings cannot be decoded.") from exc


def _billed_tokens(response: EmbedByTypeResponse) -> int:
    """0 where the reply does not tell."""
    units = getattr(getattr(response, "meta", None), "billed_units", None)
    tokens = getattr(units, "input_tokens", None)
    return int(tokens) if isinstance(tokens, int | float) and isfinite(tokens) else 0


def _vector(value: str | Sequence[float]) -> Vector:
    """One embedding: 32-bit floats in base64 as asked for, or numbers from a stand-in."""
    if isinstance(value, str):
        return np.frombuffer(base64.b64decode(value), dtype="<f4")
    return np.asarray(value, dtype=np.float32)


def _unit(vector: Vector) -> Vector:
    length = float(np.linalg.norm(vector))
    if not np.isfinite(length) or length == 0.0:
        raise MalformedReply(SERVICE, "an embedding is empty or not a number.")
    return np.asarray(vector / length, dtype=np.float32)


@contextmanager
def _translated(secret: str) -> Iterator[None]:
    from cohere.core.api_error import ApiError  # noqa: PLC0415 - as above; loaded by now
    from cohere.core.parse_error import ParsingError  # noqa: PLC0415 - as above

    try:
        yield
    except ApiError as exc:
        raise error_for(exc.status_code, exc.body, exc.headers, secret=secret) from exc
    except (ParsingError, httpx.DecodingError, TypeError, ValueError, AttributeError) as exc:
        # The SDK builds its values unchecked: an odd reply fails somewhere inside it.
        raise MalformedReply(SERVICE, "the reply does not have the form that we know.") from exc
    except (httpx.ConnectError, httpx.ConnectTimeout) as exc:
        raise unreachable(SERVICE) from exc
    except (TimeoutError, httpx.TimeoutException) as exc:
        raise ServiceUnavailable(SERVICE, "did not answer in time.") from exc
    except httpx.HTTPError as exc:
        raise ServiceUnavailable(SERVICE, "broke the connection.") from exc
