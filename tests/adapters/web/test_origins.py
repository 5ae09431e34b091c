"""Requests of websites, real and made up, at a server that asks nobody for a key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import AnyHttpUrl

from bot.settings.groups import ServerSettings
from core.access.keys import ApiKeys, Permission
from core.backends.postgres import Postgres
from tests.support.web_server import ASKED, WebServer, open_web, web_settings

FRIEND = "http://localhost:3000"


@pytest.fixture
async def local(database: Postgres, tmp_path: Path) -> AsyncIterator[WebServer]:
    """A page of this machine may call it."""
    settings = web_settings(tmp_path, origins=(FRIEND,))
    async with open_web(database, tmp_path, settings=settings) as opened:
        yield opened


@pytest.mark.parametrize("origin", ["null", "", "http://[", "https://", "file://"])
async def test_an_origin_that_names_no_website_may_not_ask(local: WebServer, origin: str) -> None:
    headers = {"Origin": origin}
    refused = await local.client.post("/chat", json={"question": ASKED}, headers=headers)
    assert (refused.status_code, refused.json()["title"]) == (403, "Forbidden")


async def test_a_page_that_may_ask_can_read_why_it_is_refused(local: WebServer) -> None:
    large = b"x" * 600_000
    refused = await local.client.post("/chat", content=large, headers={"Origin": FRIEND})
    assert (refused.status_code, refused.json()["title"]) == (413, "Content too large")
    assert refused.headers["access-control-allow-origin"] == FRIEND
    assert refused.headers["x-content-type-options"] == "nosniff"


async def test_its_own_page_may_ask_through_a_proxy_that_calls_it_by_another_name(
    database: Postgres, tmp_path: Path
) -> None:
    site = ServerSettings(public_url=AnyHttpUrl("https://docs.example.com"))
    settings = web_settings(tmp_path).model_copy(update={"server": site})
    _, key = await ApiKeys(database).create("reader", [Permission.ASK])
    async with (
        open_web(database, tmp_path, settings=settings) as server,
        server.as_bearer(key) as reader,
    ):
        statuses = [
            (
                await reader.post("/chat", json={"question": ASKED}, headers={"Origin": o})
            ).status_code
            for o in ("https://docs.example.com", "http://docs.example.com")
        ]
    assert statuses == [200, 403]
