"""Probes: told from memory, so that they wake nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.backends.postgres import Postgres
from core.errors import ServiceUnavailable
from tests.support.faulty_database import FaultyDatabase
from tests.support.web_server import WebServer, open_web

HOUR = 3600.0


@pytest.fixture
async def faulty(database: Postgres) -> FaultyDatabase:
    return FaultyDatabase(database)


@pytest.fixture
async def server(faulty: FaultyDatabase, tmp_path: Path) -> AsyncIterator[WebServer]:
    async with open_web(faulty, tmp_path) as opened:
        yield opened


async def test_probes_ask_the_database_nothing(server: WebServer, faulty: FaultyDatabase) -> None:
    before = len(faulty.statements)
    for path in ("health", "ready", "metrics"):
        for _ in range(3):
            assert (await server.client.get(f"{server.url}/{path}")).status_code == 200
    assert len(faulty.statements) == before


@pytest.mark.parametrize("path", ["health", "ready"])
async def test_a_load_balancer_may_probe_without_a_body(server: WebServer, path: str) -> None:
    reply = await server.client.head(f"{server.url}/{path}")
    assert (reply.status_code, reply.content) == (200, b"")


async def is_refused(server: WebServer) -> None:
    refused = await server.ask()
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) > 0


async def test_it_is_ready_as_long_as_what_is_needed_is_there(
    server: WebServer, faulty: FaultyDatabase
) -> None:
    found = (await server.client.get(f"{server.url}/ready")).json()
    assert found["ready"]
    needed = {part["name"] for part in found["parts"] if part["needed"]}
    assert needed == {"Database", "Vector index", "Texts of the index"}
    faulty.broken.add("")
    async with asyncio.timeout(30):
        # It counts as away for a moment only, but each question that finds it so makes that longer.
        while (reply := await server.client.get(f"{server.url}/ready")).status_code != 503:
            await is_refused(server)
    assert not reply.json()["ready"]
    await is_refused(server)
    assert (await server.client.get(f"{server.url}/health")).status_code == 200
    faulty.broken.clear()
    async with asyncio.timeout(30):
        while (await server.ask()).status_code != 200:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.1)
    assert (await server.client.get(f"{server.url}/ready")).json()["ready"]


async def test_a_part_that_costs_a_step_down_leaves_it_ready(server: WebServer) -> None:
    breakers = {breaker.name: breaker for breaker in server.app.breakers.all}
    breakers["Embedding"].failed(ServiceUnavailable("Cohere", "gone", retry_after=HOUR))
    found = (await server.client.get(f"{server.url}/ready")).json()
    assert found["ready"]
    assert {"name": "Embedding", "state": "away", "needed": False} in found["parts"]
    breakers["Vector index"].failed(ServiceUnavailable("Qdrant", "gone", retry_after=HOUR))
    assert (await server.client.get(f"{server.url}/ready")).status_code == 503


async def test_metrics_count_what_was_answered(server: WebServer) -> None:
    await server.ask()
    text = (await server.client.get(f"{server.url}/metrics")).text
    assert 'docent_questions_total{platform="web",status="answered"} 1.0' in text
    assert 'docent_served{what="documents"} 3.0' in text
    assert 'docent_breaker{service="Embedding"} 0.0' in text
    assert "coffee" not in text
