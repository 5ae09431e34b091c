"""One browser for all tests of the page; a server and a visitor for each.

Playwright's objects belong to the loop that made them, so the whole of it runs in the session's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from core.backends.postgres import Postgres, open_postgres
from tests.support.browser import MISSING, Visit, open_chromium, visiting
from tests.support.web_server import SteppingModel, WebServer, open_web

CLAIMS = (
    "Whoever drank the last cup cleans the coffee machine [1].",
    "The beans are in the cupboard above the sink [2].",
)


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    if MISSING:
        pytest.skip(MISSING)
    async with open_chromium() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def database(database_dsn: str) -> AsyncIterator[Postgres]:
    """A migrated database of the test's own, in the session's loop."""
    async with open_postgres(database_dsn) as opened:
        yield opened


@pytest.fixture
def model() -> SteppingModel:
    return SteppingModel(CLAIMS)


@pytest_asyncio.fixture(loop_scope="session")
async def server(
    database: Postgres, tmp_path: Path, model: SteppingModel
) -> AsyncIterator[WebServer]:
    async with open_web(database, tmp_path, model=model) as opened:
        yield opened


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def window(browser: Browser) -> AsyncIterator[Visit]:
    """To open one takes longer than most tests."""
    async with visiting(browser) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(window: Visit, server: WebServer) -> AsyncIterator[Visit]:
    await window.arrive(server.url)
    yield window
    await window.leave()
