"""What is written to a Qdrant server: its collections, and points in large numbers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import numpy as np
import pytest
from qdrant_client import AsyncQdrantClient
from yarl import URL

from core.backends.http_session import open_session
from core.backends.qdrant import open_qdrant
from core.backends.qdrant_api import QdrantApi
from core.backends.qdrant_rest_writer import RestWriter
from core.errors import RequestRejected, ServiceUnavailable
from core.model import EmbeddingModel, Point, Vector
from tests.support.http_server import Exchange, HttpServer
from tests.support.http_server import serving as serving_http
from tests.support.points import MODEL, point, request, unit
from tests.support.qdrant_grpc import serving_grpc
from tests.support.qdrant_server import serving
from tests.support.vector_indexes import Store

MEBIBYTE = 2**20
LARGE = EmbeddingModel("test/large", dimensions=1024, max_tokens=256)


@dataclass(frozen=True)
class Place:
    """A server, with two that are connected to it, and how its collection is dropped."""

    index: Store
    other: Store
    drop: Callable[[], Awaitable[object]]


@asynccontextmanager
async def over_rest(folder: Path) -> AsyncIterator[Place]:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(folder))
        index, other = [await stack.enter_async_context(open_qdrant(server.url)) for _ in range(2)]
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=server.url))
        yield Place(index, other, lambda: http.delete(f"/collections/{MODEL.collection}"))


@asynccontextmanager
async def over_grpc(folder: Path) -> AsyncIterator[Place]:
    url = "http://127.0.0.1"
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(serving_grpc(folder))
        index, other = [
            await stack.enter_async_context(open_qdrant(url, prefer_grpc=True, grpc_port=port))
            for _ in range(2)
        ]
        client = AsyncQdrantClient(url, prefer_grpc=True, grpc_port=port, check_compatibility=False)
        stack.push_async_callback(client.close)
        yield Place(index, other, lambda: client.delete_collection(MODEL.collection))


PLACES = {"rest": over_rest, "grpc": over_grpc}


@pytest.fixture(params=list(PLACES))
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    async with PLACES[request.param](tmp_path) as place:
        yield place


async def test_several_that_start_at_once_share_one_collection(place: Place) -> None:
    writers = await asyncio.gather(*(each.writer(MODEL) for each in (place.index, place.other) * 5))
    for writer in writers:
        await writer.write([point("a")])

    assert await place.index.count(MODEL.collection, 1) == 1


async def test_a_collection_that_the_server_will_not_make_is_an_error(place: Place) -> None:
    too_long = replace(MODEL, name="n" * 300)

    with pytest.raises(RequestRejected):
        await place.index.writer(too_long)


async def test_a_collection_that_is_dropped_under_a_writer_is_an_error(place: Place) -> None:
    writer = await place.index.writer(MODEL)
    await place.drop()

    with pytest.raises(RequestRejected, match="doesn't exist"):
        await writer.write([point("a")])


async def test_a_collection_that_was_dropped_is_made_anew_by_the_next_sync(place: Place) -> None:
    writer = await place.index.writer(MODEL)
    await place.drop()

    await writer.recover(0)
    await writer.write([point("a")])

    assert len((await place.index.search(request(1, dense=unit(1)))).dense) == 1


@asynccontextmanager
async def writing(
    handler: Callable[[Exchange], Awaitable[None]], model: EmbeddingModel = MODEL
) -> AsyncIterator[tuple[RestWriter, HttpServer]]:
    """A writer, and what it writes to."""
    async with serving_http(handler) as server, open_session({}) as session, asyncio.timeout(30):
        yield RestWriter(QdrantApi(session, URL(server.url), timeout=20), model), server


async def done(exchange: Exchange) -> None:
    await exchange.reply(200, {"result": {"operation_id": 0, "status": "completed"}})


def long_points(count: int) -> list[Point]:
    """No two of them fit into a request."""
    return [point(f"{n} {'x' * (MEBIBYTE // 2)}") for n in range(count)]


def sent(server: HttpServer) -> list[str]:
    return [each["id"] for exchange in server.exchanges for each in exchange.json["points"]]


def ids(points: Sequence[Point]) -> list[str]:
    return [str(each.id) for each in points]


async def test_no_request_is_larger_than_a_proxy_lets_through() -> None:
    vectors = np.random.default_rng(1).standard_normal((192, LARGE.dimensions), np.float32)
    points = [point(f"{n} {'x' * 2000}", dense=vector) for n, vector in enumerate(vectors)]

    async with writing(done, LARGE) as (writer, server):
        await writer.write(points)

    assert sorted(sent(server)) == sorted(ids(points))
    sizes = [int(exchange.headers["content-length"]) for exchange in server.exchanges]
    assert len(sizes) < len(points) / 30
    assert max(sizes) <= MEBIBYTE


async def test_whoever_writes_waits_until_it_is_applied() -> None:
    async with writing(done) as (writer, server):
        await writer.write([point("a")])
        await writer.close([point("a").id], until=2)
        await writer.recover(1)
        await writer.prune("docs", 1)

    assert len(server.exchanges) == 5
    assert all(exchange.path.endswith("?wait=true") for exchange in server.exchanges)


async def test_four_requests_are_under_way_at_once_and_no_more() -> None:
    under_way, most, four = 0, 0, asyncio.Event()

    async def reply(exchange: Exchange) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        if under_way == 4:
            four.set()
        await four.wait()
        under_way -= 1
        await done(exchange)

    points = long_points(9)
    async with writing(reply) as (writer, server):
        await writer.write(points)

    assert most == 4
    assert sorted(sent(server)) == sorted(ids(points))


async def test_the_first_request_that_fails_ends_the_others() -> None:
    async def reply(exchange: Exchange) -> None:
        if exchange.json["points"][0]["payload"]["text"].startswith("1 "):
            await exchange.reply(503, {"status": {"error": "the disk is full"}})
        else:
            await exchange.gone.wait()

    async with writing(reply) as (writer, server):
        with pytest.raises(ServiceUnavailable, match="the disk is full"):
            await writer.write(long_points(8))

    assert len(server.exchanges) <= 4


@pytest.mark.parametrize(
    "vector",
    [np.arange(8, dtype=np.float32)[::2], np.arange(4.0), np.arange(4, dtype=">f4")],
    ids=["strided", "doubles", "swapped"],
)
async def test_a_vector_is_sent_however_it_lies_in_memory(vector: Vector) -> None:
    async with writing(done) as (writer, server):
        await writer.write([point("a", dense=vector)])

    (exchange,) = server.exchanges
    assert exchange.json["points"][0]["vector"]["dense"] == vector.tolist()
