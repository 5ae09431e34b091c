"""Cohere's own SDK against a service that the test plays."""

from __future__ import annotations

import asyncio
import base64
import importlib
import inspect
import json
import logging
import pkgutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import cohere.errors
import httpx
import numpy as np
import pytest
from cohere.core.api_error import ApiError

from core.backends.cohere import Cohere, CohereModels, Pace, open_cohere
from core.backends.cohere_batches import batches
from core.backends.cohere_documents import sdk_errors
from core.backends.cohere_errors import error_for
from core.errors import (
    AccessDenied,
    ConfigurationError,
    MalformedReply,
    QuotaExceeded,
    RateLimited,
    RequestRejected,
    ServiceError,
    ServiceUnavailable,
)
from core.model import EmbeddingUsage
from tests.support.closed_port import closed_port
from tests.support.http_server import Exchange, serving
from tests.support.played import played

KEY = "co-0123456789abcdef"
SMALL = CohereModels(embed="embed-v4.0", dimensions=4, rerank="rerank-x")
TRIAL = "You are using a Trial key, which is limited to {} API calls / {}."

Reply = Callable[[httpx.Request], httpx.Response]


def vector(text: str) -> list[float]:
    return [float(len(text)), 2.0, 0.0, 1.0]


def encoded(values: list[float]) -> str:
    return base64.b64encode(np.array(values, dtype="<f4").tobytes()).decode()


def embedding(request: httpx.Request) -> httpx.Response:
    texts = json.loads(request.content)["texts"]
    found = {"base64": [encoded(vector(text)) for text in texts]}
    return httpx.Response(200, json={"id": "1", "embeddings": found, "texts": texts})


class Service:
    """Replies with `replies` in turn, then as the real one; keeps requests and waits."""

    def __init__(self, *replies: httpx.Response | Reply) -> None:
        self.replies = list(replies)
        self.requests: list[httpx.Request] = []
        self.waits: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        reply = self.replies.pop(0) if self.replies else embedding
        return reply if isinstance(reply, httpx.Response) else reply(request)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(request.content) for request in self.requests]

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


@asynccontextmanager
async def opened(service: Service, **options: Any) -> AsyncIterator[Cohere]:
    options = {"models": SMALL, "sleep": service.sleep, **options}
    async with played(service) as url, open_cohere(KEY, base_url=url, **options) as made:
        yield made


def refused(status: int, message: object = "because.", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json={"id": "1", "message": message}, headers=named)


async def test_documents_and_queries_are_told_apart() -> None:
    service = Service()

    async with opened(service) as made:
        await made.embedder.embed_documents(["one"])
        await made.embedder.embed_query("two")

    document, query = service.bodies
    assert document == {
        "model": "embed-v4.0",
        "texts": ["one"],
        "input_type": "search_document",
        "output_dimension": 4,
        "embedding_types": ["base64"],
        "truncate": "END",
    }
    assert (query["input_type"], query["texts"]) == ("search_query", ["two"])
    assert service.requests[0].url.path == "/v2/embed"
    assert service.requests[0].headers["authorization"] == f"Bearer {KEY}"


async def test_vectors_are_unit_vectors_in_the_order_of_the_texts_over_many_batches() -> None:
    texts = ["x" * n for n in range(1, 251)]
    service = Service()

    async with opened(service) as made:
        vectors = await made.embedder.embed_documents(texts)

    assert [len(body["texts"]) for body in service.bodies] == [96, 96, 58]
    for text, found in zip(texts, vectors, strict=True):
        expected = np.array(vector(text))
        assert found == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)
        assert found.dtype == np.float32


async def test_a_service_that_sends_floats_is_understood_too() -> None:
    floats = {"id": "1", "embeddings": {"float": [[3.0, 0.0, 0.0, 4.0]]}, "texts": ["x"]}

    async with opened(Service(httpx.Response(200, json=floats))) as made:
        assert (await made.embedder.embed_query("x")).tolist() == pytest.approx([0.6, 0, 0, 0.8])


async def test_no_more_calls_are_in_flight_than_allowed() -> None:
    running, most, two = 0, 0, asyncio.Event()

    async def handle(exchange: Exchange) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == 2:
            two.set()
        await two.wait()
        for _ in range(20):
            await asyncio.sleep(0)
        running -= 1
        found = {"base64": [encoded([1.0, 0, 0, 0])] * len(exchange.json["texts"])}
        await exchange.reply(200, {"id": "1", "embeddings": found, "texts": []})

    async with (
        serving(handle) as server,
        open_cohere(KEY, models=SMALL, base_url=server.url, pace=Pace(in_flight=2)) as made,
        asyncio.timeout(30),
    ):
        vectors = await made.embedder.embed_documents(["x"] * 96 * 6)

    assert len(vectors) == 96 * 6
    assert most == 2


async def test_documents_wait_for_as_long_as_the_service_says() -> None:
    service = Service(refused(429, retry_after="7"), refused(503), refused(429))

    async with opened(service) as made:
        vectors = await made.embedder.embed_documents(["one"])

    assert len(vectors) == 1
    assert service.waits == [7, 2, 4]


async def test_documents_do_not_wait_for_ever() -> None:
    service = Service(*[refused(429, retry_after="50") for _ in range(9)])

    async with opened(service, pace=Pace(longest_wait=120)) as made:
        with pytest.raises(RateLimited):
            await made.embedder.embed_documents(["one"])

    assert service.waits == [50, 50]


async def test_a_service_that_says_now_is_not_asked_without_end() -> None:
    service = Service(*[refused(429, retry_after="0") for _ in range(99)])

    async with opened(service, pace=Pace(longest_wait=10)) as made:
        with pytest.raises(RateLimited):
            await made.embedder.embed_documents(["one"])

    assert len(service.requests) == 12


async def test_a_query_does_not_wait() -> None:
    service = Service(refused(429, retry_after="7"))

    async with opened(service) as made:
        with pytest.raises(RateLimited) as raised:
            await made.embedder.embed_query("one")

    assert raised.value.retry_after == 7
    assert (service.waits, len(service.requests)) == ([], 1)


async def test_somebody_who_asks_does_not_wait_for_a_service_that_is_silent() -> None:
    """Search by words alone, in the fused order, is better than half a minute of nothing."""

    async def handle(exchange: Exchange) -> None:
        await exchange.gone.wait()

    async with (
        serving(handle) as server,
        open_cohere(KEY, models=SMALL, base_url=server.url, pace=Pace(question=0.1)) as made,
        asyncio.timeout(8),  # less than two of them wait otherwise
    ):
        with pytest.raises(ServiceUnavailable, match="in time"):
            await made.embedder.embed_query("one")
        with pytest.raises(ServiceUnavailable, match="in time"):
            await made.reranker.rerank("q", ["a"])
        for exchange in server.exchanges:
            await exchange.gone.wait()


async def test_what_waiting_cannot_help_fails_at_once_and_stops_the_rest() -> None:
    async def handle(exchange: Exchange) -> None:
        await exchange.reply(401, {"message": "no"})

    async with (
        serving(handle) as server,
        open_cohere(KEY, models=SMALL, base_url=server.url, pace=Pace(in_flight=1)) as made,
    ):
        with pytest.raises(AccessDenied):
            await made.embedder.embed_documents(["x"] * 960)

    assert len(server.exchanges) < 10


async def test_a_blank_text_does_not_endanger_its_batch() -> None:
    service = Service()

    async with opened(service) as made:
        await made.embedder.embed_documents(["one", " \n", "\ud800"])

    assert service.bodies[0]["texts"][:2] == ["one", "."]


@pytest.mark.parametrize(
    "embeddings",
    [
        {},
        {"base64": []},
        {"base64": ["not base64!"]},
        {"base64": [encoded([1.0, 2.0, 3.0])]},
        {"base64": [encoded([1.0] * 5)]},
        {"base64": [encoded([0.0] * 4)]},
        {"base64": [encoded([float("nan")] * 4)]},
        {"base64": [encoded([1.0] * 4)] * 2},
        {"base64": [7]},
        {"float": [["a"]]},
        None,
        [],
    ],
)
async def test_embeddings_that_cannot_be_are_refused(embeddings: object) -> None:
    reply = httpx.Response(200, json={"id": "1", "embeddings": embeddings, "texts": []})

    async with opened(Service(reply)) as made:
        with pytest.raises(MalformedReply):
            await made.embedder.embed_query("one")


@pytest.mark.parametrize("content", [b"", b"<html>", b"null", b"[1]", b'{"odd": true}'])
async def test_a_reply_that_is_not_one_is_refused(content: bytes) -> None:
    service = Service(*[httpx.Response(200, content=content) for _ in range(2)])

    async with opened(service) as made:
        with pytest.raises(MalformedReply):
            await made.embedder.embed_query("one")
        with pytest.raises(MalformedReply):
            await made.reranker.rerank("q", ["a"])


def reranked(*scores: tuple[int, object]) -> httpx.Response:
    results = [{"index": index, "relevance_score": score} for index, score in scores]
    return httpx.Response(200, json={"id": "1", "results": results})


async def test_scores_come_in_the_order_of_the_texts() -> None:
    service = Service(reranked((2, 0.9), (0, 0.5), (1, 1.7)))

    async with opened(service) as made:
        scores = await made.reranker.rerank("q", ["a", "b", "c"])

    assert scores == [0.5, 1.0, 0.9]
    assert service.bodies == [{"model": "rerank-x", "query": "q", "documents": ["a", "b", "c"]}]


async def test_nothing_to_rerank_costs_no_call() -> None:
    service = Service()

    async with opened(service) as made:
        assert await made.reranker.rerank("q", []) == []

    assert service.requests == []


@pytest.mark.parametrize("scores", [[(0, 0.5)], [(0, 0.5), (2, 0.5)], [(0, 0.5), (1, "high")]])
async def test_scores_that_do_not_fit_the_texts_are_refused(
    scores: list[tuple[int, object]],
) -> None:
    async with opened(Service(reranked(*scores))) as made:
        with pytest.raises(MalformedReply):
            await made.reranker.rerank("q", ["a", "b"])


STATUSES: Mapping[int, type[ServiceError]] = {
    400: RequestRejected,
    401: AccessDenied,
    402: QuotaExceeded,
    403: AccessDenied,
    404: RequestRejected,
    408: ServiceUnavailable,
    422: RequestRejected,
    429: RateLimited,
    498: AccessDenied,
    499: ServiceUnavailable,
    500: ServiceUnavailable,
    501: ServiceUnavailable,
    503: ServiceUnavailable,
    504: ServiceUnavailable,
    529: ServiceUnavailable,
}


@pytest.mark.parametrize(("status", "error"), STATUSES.items())
async def test_every_status_has_its_own_error(status: int, error: type[ServiceError]) -> None:
    async with opened(Service(refused(status), refused(status))) as made:
        with pytest.raises(error) as query:
            await made.embedder.embed_query("one")
        with pytest.raises(error) as rerank:
            await made.reranker.rerank("q", ["a"])

    assert type(query.value) is type(rerank.value) is error


def vendor_errors() -> list[type[ApiError]]:
    """Every error class that the SDK has, in whatever module it stands."""
    for module in pkgutil.iter_modules(cohere.errors.__path__, "cohere.errors."):
        importlib.import_module(module.name)
    return sorted(ApiError.__subclasses__(), key=lambda cls: cls.__name__)


@pytest.mark.parametrize("vendor", vendor_errors())
def test_every_error_class_of_the_sdk_is_mapped(vendor: type[ApiError]) -> None:
    made = vendor(body={"message": "because."})

    assert made.status_code is not None
    error = error_for(made.status_code, made.body, made.headers, secret=KEY)
    assert type(error) is STATUSES[made.status_code]


def test_the_sdk_has_error_classes_to_walk() -> None:
    assert len(vendor_errors()) >= 12


@pytest.mark.parametrize(
    ("vendor", "error"),
    [
        (httpx.ConnectError("x"), ServiceUnavailable),
        (httpx.ConnectTimeout("x"), ServiceUnavailable),
        (httpx.ReadTimeout("x"), ServiceUnavailable),
        (httpx.PoolTimeout("x"), ServiceUnavailable),
        (httpx.ReadError("x"), ServiceUnavailable),
        (httpx.RemoteProtocolError("x"), ServiceUnavailable),
        (httpx.TooManyRedirects("x"), ServiceUnavailable),
        (httpx.DecodingError("x"), MalformedReply),
    ],
)
def test_every_failure_of_the_sdk_s_connection_is_mapped(
    vendor: Exception, error: type[ServiceError]
) -> None:
    with pytest.raises(error) as raised, sdk_errors(KEY):
        raise vendor

    assert raised.value.__cause__ is vendor


async def test_a_connection_that_breaks_is_an_error_and_a_query_is_tried_once() -> None:
    async def handle(exchange: Exchange) -> None:
        exchange.abort()

    async with serving(handle) as server, open_cohere(KEY, base_url=server.url) as made:
        with pytest.raises(ServiceUnavailable, match="broke"):
            await made.embedder.embed_query("one")

    assert len(server.exchanges) == 1


async def test_nobody_listening_is_an_error() -> None:
    with closed_port() as port:
        async with open_cohere(KEY, base_url=f"http://127.0.0.1:{port}") as made:
            with pytest.raises(ServiceUnavailable, match="could not be reached") as raised:
                await made.embedder.embed_query("one")
    assert "COHERE_BASE_URL" in raised.value.hint


@pytest.mark.parametrize(
    ("period", "error"), [("1000 month", QuotaExceeded), ("40 minute", RateLimited)]
)
async def test_a_spent_month_is_told_from_a_full_minute(
    period: str, error: type[ServiceError]
) -> None:
    async with opened(Service(refused(429, TRIAL.format(*period.split())))) as made:
        with pytest.raises(error) as raised:
            await made.embedder.embed_query("one")

    assert type(raised.value) is error


@pytest.mark.parametrize("status", [400, 401, 429, 500])
async def test_no_error_repr_or_log_holds_the_key(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async with opened(Service(refused(status, f"bad key {KEY} from you"))) as made:
        with pytest.raises(ServiceError) as raised:
            await made.embedder.embed_query("one")
        told = [str(raised.value), repr(raised.value), raised.value.hint, repr(made), caplog.text]

    assert not any(KEY in text for text in told)


async def test_a_key_that_cannot_be_one_is_refused_at_once() -> None:
    with pytest.raises(ConfigurationError):
        async with open_cohere("two words"):
            pass


@pytest.mark.parametrize(
    ("lengths", "sizes"),
    [
        ([], []),
        ([1], [1]),
        ([1] * 96, [96]),
        ([1] * 97, [96, 1]),
        ([65_000, 64_000, 4], [1, 2]),
        ([500_000, 500_000], [1, 1]),
        ([0] * 100, [96, 4]),
    ],
)
def test_a_call_holds_no_more_texts_or_tokens_than_is_good(
    lengths: list[int], sizes: list[int]
) -> None:
    cut = list(batches(["x" * n for n in lengths]))

    assert [len(batch) for batch in cut] == sizes


def test_the_sdk_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, core.backends.cohere; sys.exit('cohere' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_default_models_are_named_in_full() -> None:
    defaults = {name: p.default for name, p in inspect.signature(CohereModels).parameters.items()}

    assert defaults == {"embed": "embed-v4.0", "dimensions": 1024, "rerank": "rerank-v4.0-fast"}


@pytest.mark.parametrize(
    ("meta", "tokens"),
    [
        ({"billed_units": {"input_tokens": 12}}, 12),
        ({"billed_units": {"input_tokens": "many"}}, 0),
        ({"billed_units": None}, 0),
        (None, 0),
    ],
)
async def test_only_calls_that_were_answered_are_spent(meta: object, tokens: int) -> None:
    body = {"id": "1", "embeddings": {"base64": [encoded(vector("x"))]}, "meta": meta}
    service = Service(refused(429), httpx.Response(200, json=body))

    async with opened(service) as made:
        await made.embedder.embed_documents(["x"])

        assert made.embedder.spent == EmbeddingUsage(1, tokens)
