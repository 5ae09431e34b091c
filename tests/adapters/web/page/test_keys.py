"""Where the server wants a key, the page asks for it, and keeps it to its tab."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from core.access.keys import ApiKeys, Permission
from core.backends.postgres import Postgres
from tests.support.browser import Visit
from tests.support.web_server import ASKED, WebServer

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def key(database: Postgres) -> str:
    """The first key that is made, before the server starts, is asked for from then on."""
    return (await ApiKeys(database).create("page", [Permission.ASK]))[1]


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(key: str, server: WebServer, window: Visit) -> AsyncIterator[Visit]:
    await window.arrive(server.url)
    yield window
    await window.leave()


async def test_a_key_is_asked_for_until_it_is_right(visitor: Visit, key: str) -> None:
    page = visitor.page
    field = page.get_by_label("API key or token")
    await field.fill("docent_wrong")
    await field.press("Enter")
    await expect(page.get_by_role("alert")).to_have_text("That key was not accepted.")
    await field.fill(key)
    await field.press("Enter")
    await expect(page.locator("dialog[open]")).to_have_count(0)
    turn = await visitor.answered(ASKED)
    await expect(turn).to_contain_text("last cup")
    assert key not in page.url
    assert await page.evaluate("JSON.stringify({ ...localStorage })") == "{}"
    await page.reload()
    await expect(page.get_by_role("link", name=ASKED)).to_be_visible()


async def test_what_only_admins_see_is_not_offered_to_others(visitor: Visit, key: str) -> None:
    page = visitor.page
    await page.get_by_label("API key or token").fill(key)
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_role("button", name="Forget my key")).to_be_visible()
    await expect(page.get_by_role("button", name="Status")).to_be_hidden()


async def test_a_key_can_be_forgotten(visitor: Visit, key: str) -> None:
    page = visitor.page
    await page.get_by_label("API key or token").fill(key)
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_role("button", name="Forget my key").click()
    await expect(page.get_by_role("dialog", name="This server needs a key")).to_be_visible()
    assert await page.evaluate("sessionStorage.getItem('docent.key')") is None


async def test_without_a_key_one_is_told_and_may_ask_again(visitor: Visit, key: str) -> None:
    page = visitor.page
    await page.get_by_role("button", name="Not now").click()
    turn = await visitor.ask(ASKED)
    await page.get_by_role("button", name="Not now").click()
    await expect(turn.locator(".error")).to_be_visible()
    await turn.get_by_role("button", name="Ask again").click()
    await page.get_by_label("API key or token").fill(key)
    await page.get_by_role("button", name="Continue").click()
    await expect(visitor.turns).to_contain_text("last cup")
