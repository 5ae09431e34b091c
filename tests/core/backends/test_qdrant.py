"""A Qdrant server that is away, slow, strict, or answers with something else."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import grpc  # type: ignore[import-untyped] # it carries no types
import httpx
import pytest
from pydantic import TypeAdapter, ValidationError
from qdrant_client.common import client_exceptions
from qdrant_client.http import exceptions as http_exceptions

from core.backends.qdrant import open_qdrant
from core.backends.qdrant_bodies import searches
from core.backends.qdrant_errors import client_errors
from core.backends.qdrant_requests import queries
from core.backends.qdrant_rest import QdrantRest
from core.errors import (
    AccessDenied,
    ConfigurationError,
    MalformedReply,
    RateLimited,
    RequestRejected,
    ServiceError,
    ServiceUnavailable,
)
from tests.support.closed_port import closed_port
from tests.support.points import MODEL, point, request, sparse, unit
from tests.support.qdrant_server import QdrantServer, Trouble, serving

KEY = "a-very-secret-key"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[QdrantServer]:
    async with serving(tmp_path) as server:
        yield server


@pytest.fixture
async def index(server: QdrantServer) -> AsyncIterator[QdrantRest]:
    async with open_qdrant(server.url) as index:
        assert isinstance(index, QdrantRest)
        yield index


def subclasses(cls: type[Exception]) -> Iterator[type[Exception]]:
    for child in cls.__subclasses__():
        yield child
        yield from subclasses(child)


def unexpected(status: int, content: bytes = b"") -> http_exceptions.UnexpectedResponse:
    return http_exceptions.UnexpectedResponse(status, "reason", content, httpx.Headers())


def unreadable() -> ValidationError:
    try:
        TypeAdapter(int).validate_python("x")
    except ValidationError as exc:
        return exc
    raise AssertionError


RAISED_BY_THE_CLIENT: dict[type[Exception], tuple[Exception, type[ServiceError]]] = {
    http_exceptions.ApiException: (unexpected(500), ServiceUnavailable),
    http_exceptions.UnexpectedResponse: (unexpected(400), RequestRejected),
    http_exceptions.ResponseHandlingException: (
        http_exceptions.ResponseHandlingException(unreadable()),
        MalformedReply,
    ),
    client_exceptions.QdrantException: (client_exceptions.QdrantException("x"), RateLimited),
    client_exceptions.ResourceExhaustedResponse: (
        client_exceptions.ResourceExhaustedResponse("x", 3),
        RateLimited,
    ),
}


@pytest.mark.parametrize(("raised", "ours"), RAISED_BY_THE_CLIENT.values())
def test_every_exception_of_the_client_becomes_ours(
    raised: Exception, ours: type[ServiceError]
) -> None:
    with pytest.raises(ServiceError) as caught, client_errors():
        raise raised

    assert type(caught.value) is ours
    assert caught.value.__cause__ is raised


def test_the_client_has_no_exceptions_but_those_we_know() -> None:
    of_the_client = {
        cls
        for cls in subclasses(Exception)
        if cls.__module__ in {http_exceptions.__name__, client_exceptions.__name__}
    }

    assert of_the_client == RAISED_BY_THE_CLIENT.keys()


TIME_OUTS = [httpx.TimeoutException, *subclasses(httpx.TimeoutException)]
UNREADABLE = [httpx.DecodingError, httpx.TooManyRedirects]
UNREACHABLE = [cls for cls in subclasses(httpx.RequestError) if cls not in TIME_OUTS + UNREADABLE]


@pytest.mark.parametrize(
    ("raised", "ours", "words"),
    [
        *((cls, ServiceUnavailable, "did not answer in time") for cls in TIME_OUTS),
        *((cls, MalformedReply, "could not be read") for cls in UNREADABLE),
        *((cls, ServiceUnavailable, "cannot be reached") for cls in UNREACHABLE),
        (RuntimeError, ServiceUnavailable, "cannot be reached"),
    ],
)
@pytest.mark.parametrize("message", ["", "a reason"])
def test_every_exception_of_httpx_becomes_ours(
    raised: type[Exception], ours: type[ServiceError], words: str, message: str
) -> None:
    with pytest.raises(ours, match=words) as caught, client_errors():
        raise http_exceptions.ResponseHandlingException(raised(message))

    assert not str(caught.value).endswith(": .")


@pytest.mark.parametrize("status", range(300, 600))
def test_every_status_becomes_an_error_of_ours(status: int) -> None:
    expected = {3: MalformedReply, 4: RequestRejected, 5: ServiceUnavailable}[status // 100]
    special = {401: AccessDenied, 403: AccessDenied, 408: ServiceUnavailable, 429: RateLimited}

    with pytest.raises(ServiceError) as caught, client_errors():
        raise unexpected(status)

    assert type(caught.value) is special.get(status, expected)


GRPC_UNAVAILABLE = {"CANCELLED", "UNKNOWN", "ABORTED", "INTERNAL", "DATA_LOSS"}
GRPC_SPECIAL = {
    "UNAVAILABLE": (ServiceUnavailable, "cannot be reached"),
    "DEADLINE_EXCEEDED": (ServiceUnavailable, "did not answer in time"),
    "RESOURCE_EXHAUSTED": (RateLimited, "asked too often"),
    "UNAUTHENTICATED": (AccessDenied, "key was not accepted"),
    "PERMISSION_DENIED": (AccessDenied, "key was not accepted"),
}


@pytest.mark.parametrize(
    "code", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK]
)
def test_every_status_of_grpc_becomes_an_error_of_ours(code: grpc.StatusCode) -> None:
    usual = ServiceUnavailable if code.name in GRPC_UNAVAILABLE else RequestRejected
    ours, words = GRPC_SPECIAL.get(code.name, (usual, "details"))

    with pytest.raises(ours, match=words), client_errors():
        raise grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), "details")


def test_a_grpc_channel_that_cannot_be_made_is_a_server_that_cannot_be_reached() -> None:
    with pytest.raises(ServiceUnavailable, match="cannot be reached"), client_errors():
        raise RuntimeError("Error initializing the grpc connection(s)")


@pytest.mark.parametrize("prefer_grpc", [False, True])
async def test_a_server_that_is_not_there_cannot_be_reached(prefer_grpc: bool) -> None:
    with closed_port() as port:
        opening = open_qdrant(
            f"http://127.0.0.1:{port}", prefer_grpc=prefer_grpc, grpc_port=port, timeout=20
        )
        async with opening as index:
            with pytest.raises(ServiceUnavailable, match="cannot be reached") as caught:
                await index.search(request(1, dense=unit(1)))
            with pytest.raises(ServiceUnavailable):
                await index.writer(MODEL)

    assert "QDRANT_URL" in caught.value.hint


async def test_a_slow_answer_is_not_waited_for(server: QdrantServer) -> None:
    server.trouble = Trouble(delay=60)

    async with open_qdrant(server.url, timeout=1) as index:
        with pytest.raises(ServiceUnavailable, match="did not answer in time"):
            await index.count(MODEL.collection, 1)


async def test_a_broken_connection_is_an_unavailable_service(
    server: QdrantServer, index: QdrantRest
) -> None:
    server.trouble = Trouble(disconnect=True)

    with pytest.raises(ServiceUnavailable, match="broke the connection"):
        await index.count(MODEL.collection, 1)


async def test_a_server_that_comes_back_is_used_again(
    server: QdrantServer, index: QdrantRest
) -> None:
    await (await index.writer(MODEL)).write([point("a")])
    server.trouble = Trouble(status=503)
    with pytest.raises(ServiceUnavailable, match="trouble"):
        await index.search(request(1, dense=unit(1)))

    server.trouble = None

    assert len((await index.search(request(1, dense=unit(1)))).dense) == 1


@pytest.mark.parametrize(
    ("trouble", "ours", "words"),
    [
        (Trouble(status=400), RequestRejected, "Qdrant: trouble"),
        (Trouble(status=404, body=b"404 page not found"), RequestRejected, "not one of a Qdrant"),
        (Trouble(status=404, body=b'{"status": "x"}'), RequestRejected, "not one of a Qdrant"),
        (Trouble(status=500), ServiceUnavailable, "Qdrant: trouble"),
        (Trouble(status=502, body=b"<html>"), ServiceUnavailable, "status 502"),
        (Trouble(status=302), MalformedReply, "status 302"),
        (Trouble(status=200, body=b"<html>"), MalformedReply, "could not be read"),
        (Trouble(status=200, body=b'{"result": 3}'), MalformedReply, "could not be read"),
        (Trouble(status=200, body=b'{"result": null}'), MalformedReply, "could not be read"),
        (Trouble(status=200, body=b'{"result": []}'), MalformedReply, "number of results"),
    ],
)
async def test_an_answer_of_another_kind_is_a_clear_error(
    server: QdrantServer,
    index: QdrantRest,
    trouble: Trouble,
    ours: type[ServiceError],
    words: str,
) -> None:
    server.trouble = trouble

    with pytest.raises(ServiceError, match=words) as caught:
        await index.search(request(1, dense=unit(1)))

    assert type(caught.value) is ours


@pytest.mark.parametrize(
    ("headers", "retry_after"),
    [({"Retry-After": "7"}, 7), ({}, None), ({"Retry-After": "Wed, 21 Oct 2026"}, None)],
)
async def test_a_rate_limit_says_how_long_to_wait(
    server: QdrantServer, index: QdrantRest, headers: dict[str, str], retry_after: float | None
) -> None:
    server.trouble = Trouble(status=429, headers=headers)

    with pytest.raises(RateLimited) as caught:
        await index.search(request(1, dense=unit(1)))

    assert caught.value.retry_after == retry_after


async def test_a_wrong_key_is_refused_and_the_right_one_is_never_shown(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        serving(tmp_path, api_key="another") as server,
        open_qdrant(server.url, api_key=KEY) as index,
    ):
        with pytest.raises(AccessDenied, match="not accepted") as caught:
            await index.count(MODEL.collection, 1)

    assert "QDRANT_API_KEY" in caught.value.hint
    assert KEY not in f"{caught.value!r} {caught.value.hint} {index!r} {caplog.text}"


async def test_the_right_key_opens(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, api_key=KEY) as server,
        open_qdrant(server.url, api_key=KEY) as index,
    ):
        assert await index.count(MODEL.collection, 1) == 0


async def test_a_key_that_is_sent_unencrypted_is_warned_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with open_qdrant("http://me:secret@qdrant.example", api_key=KEY):
        pass
    async with open_qdrant("https://qdrant.example", api_key=KEY):
        pass

    assert [record.getMessage() for record in caplog.records] == [
        "The key for http://qdrant.example:6333 is sent unencrypted; use https where you can."
    ]


@pytest.mark.parametrize("prefer_grpc", [False, True])
@pytest.mark.parametrize("key", ["two\r\nlines", "schlüssel", "“quoted”"])
async def test_a_key_that_cannot_be_one_is_said_so(key: str, prefer_grpc: bool) -> None:
    with pytest.raises(ConfigurationError, match="Qdrant key") as caught:
        async with open_qdrant("https://qdrant.example", api_key=key, prefer_grpc=prefer_grpc):
            pass

    assert key not in str(caught.value)


@pytest.mark.parametrize("url", ["ftp://qdrant", "http://[::1", "http://a b", "http://a:99999"])
async def test_a_malformed_address_is_said_so(url: str) -> None:
    with pytest.raises(ConfigurationError, match="address of Qdrant") as caught:
        async with open_qdrant(url):
            pass

    assert "http" in caught.value.hint


async def test_opening_and_closing_sends_nothing_and_starts_no_thread(
    server: QdrantServer,
) -> None:
    before = threading.active_count()
    async with open_qdrant(server.url):
        assert threading.active_count() == before

    assert server.requests == []


async def test_both_searches_are_one_request(server: QdrantServer, index: QdrantRest) -> None:
    await index.writer(MODEL)
    server.requests.clear()

    await index.search(request(1, dense=unit(1), terms=sparse(7), sources=frozenset({"docs"})))

    assert server.requests == [("POST", f"/collections/{MODEL.collection}/points/query/batch")]


def test_a_search_asks_for_no_texts() -> None:
    asked = request(1, dense=unit(1), terms=sparse(7))

    over_rest, over_grpc = searches(asked), queries(asked)

    assert [each["with_payload"] for each in over_rest.values()] == [False, False]
    assert [each.with_payload for each in over_grpc.values()] == [False, False]


@pytest.mark.parametrize(
    "body",
    [
        b'{"result": [{"points": [{"id": 1}]}]}',
        b'{"result": [{"points": [{"id": 1, "score": "high"}]}]}',
        b'{"result": [3]}',
        b'{"result": {"count": "many"}}',
        b'{"result": {"payload_schema": 3}}',
    ],
)
async def test_a_result_of_another_shape_is_a_clear_error(
    server: QdrantServer, index: QdrantRest, body: bytes
) -> None:
    server.trouble = Trouble(status=200, body=body)

    for asking in (index.search(request(1, dense=unit(1))), index.count("docs", 1)):
        with pytest.raises(MalformedReply, match="could not be read"):
            await asking
    with pytest.raises(MalformedReply, match="could not be read"):
        await index.writer(MODEL)


OVER_REST = """
import asyncio, sys
from core.backends.qdrant import open_qdrant
from tests.support.points import MODEL, point, request, unit

async def use() -> None:
    async with open_qdrant(sys.argv[1]) as index:
        writer = await index.writer(MODEL)
        await writer.write([point("a")])
        await index.count(MODEL.collection, 1)
        await index.search(request(1, dense=unit(1)))
        await index.vectors(MODEL.collection, ["h"])

asyncio.run(use())
sys.exit("qdrant_client" in sys.modules)
"""


async def test_the_client_is_not_loaded_over_rest(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        using = await asyncio.create_subprocess_exec(sys.executable, "-c", OVER_REST, server.url)
        assert await using.wait() == 0


async def test_a_writer_for_a_collection_that_is_whole_changes_nothing(
    server: QdrantServer, index: QdrantRest
) -> None:
    await index.writer(MODEL)
    server.requests.clear()

    await index.writer(MODEL)

    assert {method for method, _ in server.requests} == {"GET"}


@pytest.mark.parametrize("there", [[], ["since"]])
async def test_a_collection_that_lacks_indexes_is_completed(
    server: QdrantServer, index: QdrantRest, there: list[str]
) -> None:
    config = {
        "vectors": {"dense": {"size": MODEL.dimensions, "distance": "Cosine"}},
        "sparse_vectors": {"sparse": {"modifier": "idf"}},
    }
    async with httpx.AsyncClient(base_url=server.url) as http:
        answer = await http.put(f"/collections/{MODEL.collection}", json=config)
        assert answer.status_code == 200
        for field in there:
            kind = {"field_name": field, "field_schema": "integer"}
            await http.put(f"/collections/{MODEL.collection}/index", json=kind)
    with pytest.raises(RequestRejected, match="Index required but not found"):
        await index.search(request(1, dense=unit(1)))

    await index.writer(MODEL)

    assert (await index.search(request(1, dense=unit(1)))).dense == {}


BROKEN = [
    {"text": 3},
    {"heading_path": "Heading"},
    {"heading_path": [1]},
    {"ordinal": "first"},
    {"title": None},
]


@pytest.mark.parametrize("broken", BROKEN)
async def test_a_point_that_somebody_else_wrote_is_left_out_and_logged(
    server: QdrantServer,
    index: QdrantRest,
    caplog: pytest.LogCaptureFixture,
    broken: dict[str, object],
) -> None:
    await (await index.writer(MODEL)).write([point("a"), point("b")])
    change = {"payload": broken, "points": [str(point("a").id)]}
    async with httpx.AsyncClient(base_url=server.url) as http:
        await http.post(f"/collections/{MODEL.collection}/points/payload", json=change)

    with caplog.at_level(logging.WARNING):
        hits = await index.search(request(1, dense=unit(1)))
        read = await index.read(MODEL.collection, list(hits.dense))

    assert [each.text for each in read.values()] == ["b"]
    assert str(point("a").id) in caplog.text


async def test_a_stored_vector_that_is_missing_is_no_vector_at_hand(
    server: QdrantServer, index: QdrantRest
) -> None:
    await index.writer(MODEL)
    bare = {"id": str(point("a").id), "vector": {}, "payload": {"content_hash": "h"}}
    async with httpx.AsyncClient(base_url=server.url) as http:
        await http.put(f"/collections/{MODEL.collection}/points", json={"points": [bare]})

    assert await index.vectors(MODEL.collection, ["h"]) == {}


@pytest.mark.parametrize(
    "body",
    [
        b'{"result": 3}',
        b'{"result": [3]}',
        b'{"result": {"points": [3]}}',
        b'{"result": {"points": [{"payload": 3}]}}',
        b'{"result": {"points": [{"payload": {"content_hash": "h"}, "vector": {"dense": "x"}}]}}',
    ],
)
async def test_stored_points_of_another_shape_are_a_clear_error(
    server: QdrantServer, index: QdrantRest, body: bytes
) -> None:
    server.trouble = Trouble(status=200, body=body)

    for asking in (index.vectors("docs", ["h"]), index.chunks("docs", [point("a").id])):
        with pytest.raises(MalformedReply, match="could not be read"):
            await asking
