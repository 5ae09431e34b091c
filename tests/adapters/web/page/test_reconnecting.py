"""Connections break, pages are loaded anew, and no answer is lost or asked for twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.support.browser import Visit
from tests.support.relay import Relay, relayed
from tests.support.web_server import ASKED, SteppingModel, WebServer

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def relay(server: WebServer) -> AsyncIterator[Relay]:
    async with relayed(server.url) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(window: Visit, relay: Relay) -> AsyncIterator[Visit]:
    await window.arrive(relay.url)
    yield window
    await window.leave()


async def test_an_answer_that_is_cut_off_is_taken_up_where_it_is(
    visitor: Visit, relay: Relay, model: SteppingModel
) -> None:
    model.steps = asyncio.Semaphore(1)
    turn = await visitor.ask(ASKED)
    await expect(turn).to_contain_text("drank the last cup")
    relay.cut()
    await expect(turn).to_contain_text("The connection is lost. Trying again…")
    await relay.refused.wait()
    relay.mend()
    await expect(turn.locator(".state")).to_have_text("Writing…")
    claims = turn.locator(".prose p")
    await expect(claims).to_have_text(["Whoever drank the last cup cleans the coffee machine 1."])
    model.steps.release()
    await expect(turn.locator(".foot")).to_be_visible()
    await expect(claims).to_have_count(2)
    assert len(model.prompts) == 1


async def test_a_question_that_never_arrived_is_sent_again(
    visitor: Visit, relay: Relay, server: WebServer
) -> None:
    relay.cut()
    turn = await visitor.ask(ASKED)
    await expect(turn).to_contain_text("The connection is lost. Trying again…")
    await relay.refused.wait()
    relay.mend()
    await expect(turn.locator(".foot")).to_be_visible()
    [session] = (await server.client.get("/sessions")).json()["sessions"]
    assert session["questions"] == 1


async def test_a_page_that_is_loaded_anew_finds_the_answer_that_is_being_made(
    visitor: Visit, model: SteppingModel
) -> None:
    model.steps = asyncio.Semaphore(1)
    turn = await visitor.ask(ASKED)
    await expect(turn).to_contain_text("drank the last cup")
    await visitor.page.reload()
    await expect(turn).to_contain_text("drank the last cup")
    await expect(visitor.stop).to_be_visible()
    model.steps.release()
    await expect(turn).to_contain_text("The beans are in the cupboard")
    await expect(visitor.turns).to_have_count(1)
    assert len(model.prompts) == 1


async def test_questions_that_never_arrived_outlive_their_page_and_keep_their_order(
    visitor: Visit, relay: Relay, server: WebServer
) -> None:
    relay.cut()
    first = await visitor.ask(ASKED)
    await expect(first).to_contain_text("The connection is lost. Trying again…")
    second = await visitor.ask("And where are the beans?")
    relay.mend()
    await visitor.page.reload()
    await expect(second.locator(".foot")).to_be_visible()
    [session] = (await server.client.get("/sessions")).json()["sessions"]
    turns = (await server.client.get(f"/sessions/{session['id']}")).json()["turns"]
    assert [turn["question"] for turn in turns] == [ASKED, "And where are the beans?"]
    assert await visitor.page.evaluate("sessionStorage.length") == 0


async def test_one_leaves_a_running_answer_and_comes_back_to_it(
    visitor: Visit, model: SteppingModel
) -> None:
    model.steps = asyncio.Semaphore(1)
    await expect(await visitor.ask(ASKED)).to_contain_text("drank the last cup")
    await visitor.page.get_by_role("button", name="New conversation").click()
    await expect(visitor.turns).to_have_count(0)
    model.steps.release()
    await visitor.page.get_by_role("link", name=ASKED).click()
    await expect(visitor.turns).to_contain_text("The beans are in the cupboard")


async def test_a_thumb_that_did_not_arrive_is_told_and_taken_back(
    visitor: Visit, relay: Relay
) -> None:
    turn = await visitor.answered(ASKED)
    relay.cut()
    thumb = turn.get_by_role("button", name="This answer helped")
    await thumb.click()
    await expect(visitor.page.get_by_role("alert")).to_have_text(
        "That was not noted. The server cannot be reached. Please try again in a moment."
    )
    await expect(thumb).to_have_attribute("aria-pressed", "false")
    relay.mend()
