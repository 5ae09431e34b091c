"""What a person does at the page, in a real browser against the real API."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from playwright.async_api import expect

from bot.settings.limits import LimitsSettings
from core.backends.postgres import Postgres
from tests.support.browser import Visit
from tests.support.web_server import ASKED, SteppingModel, WebServer, open_web, web_settings

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_answer_is_shown_claim_by_claim(visitor: Visit, model: SteppingModel) -> None:
    model.steps = asyncio.Semaphore(1)
    turn = await visitor.ask(ASKED)
    await expect(turn.get_by_role("heading", name=ASKED)).to_be_visible()
    await expect(turn).to_contain_text("drank the last cup")
    await expect(turn).not_to_contain_text("beans")
    await expect(turn.locator(".state")).to_have_text("Writing…")
    model.steps.release()
    await expect(turn).to_contain_text("The beans are in the cupboard")
    await expect(turn.locator(".state")).to_be_hidden()
    await expect(turn.get_by_role("button", name="Source 1: Coffee › Machine")).to_be_visible()


async def test_a_mark_opens_the_passage_that_it_stands_for(visitor: Visit) -> None:
    turn = await visitor.answered(ASKED)
    mark = turn.get_by_role("button", name="Source 1: Coffee › Machine")
    await mark.click()
    passage = visitor.page.get_by_role("dialog", name="Coffee")
    await expect(passage.locator("blockquote")).to_contain_text("Whoever drank the last cup")
    await expect(passage).to_contain_text("Machine")
    await expect(passage).to_contain_text("Not peer-reviewed")
    await passage.get_by_text("The whole passage").click()
    await expect(passage.locator("#passage-text")).to_contain_text("cleans the coffee machine")
    await visitor.page.keyboard.press("Escape")
    await expect(passage).to_be_hidden()
    await expect(mark).to_be_focused()


async def test_the_whole_passage_is_there_after_the_page_was_loaded_anew(visitor: Visit) -> None:
    turn = await visitor.answered(ASKED)
    await visitor.page.reload()
    await turn.get_by_role("button", name="Source 2: Coffee › Beans").click()
    passage = visitor.page.get_by_role("dialog", name="Coffee")
    await passage.get_by_text("The whole passage").click()
    await expect(passage.locator("#passage-text")).to_contain_text("above the sink")


async def test_sources_are_listed_with_their_review(visitor: Visit) -> None:
    turn = await visitor.answered(ASKED)
    sources = turn.get_by_role("region", name="Sources").get_by_role("listitem")
    await expect(sources).to_have_text(
        ["1CoffeeMachineNot peer-reviewed", "2CoffeeBeansNot peer-reviewed"]
    )


async def test_a_follow_up_belongs_to_the_same_conversation(
    visitor: Visit, server: WebServer
) -> None:
    await visitor.answered(ASKED)
    await visitor.answered("And where are the beans?")
    [session] = (await server.client.get("/sessions")).json()["sessions"]
    assert session["questions"] == 2
    assert visitor.page.url.endswith(f"#{session['id']}")


async def test_an_answer_can_be_stopped_and_keeps_what_it_had(
    visitor: Visit, model: SteppingModel
) -> None:
    model.steps = asyncio.Semaphore(1)
    turn = await visitor.ask(ASKED)
    await expect(turn).to_contain_text("drank the last cup")
    await visitor.stop.click()
    await expect(turn).to_contain_text("Stopped before its end.")
    await expect(turn).to_contain_text("drank the last cup")
    await expect(visitor.stop).to_be_hidden()


async def test_a_thumb_is_kept(visitor: Visit, server: WebServer) -> None:
    turn = await visitor.answered(ASKED)
    thumb = turn.get_by_role("button", name="This answer did not help")
    async with visitor.page.expect_response("**/feedback") as sent:
        await thumb.click()
    assert (await sent.value).status == 204
    await visitor.page.reload()
    await expect(thumb).to_have_attribute("aria-pressed", "true")
    up = turn.get_by_role("button", name="This answer helped")
    await expect(up).to_have_attribute("aria-pressed", "false")


async def test_conversations_are_listed_opened_and_deleted(
    visitor: Visit, server: WebServer
) -> None:
    page = visitor.page
    await visitor.answered(ASKED)
    await page.get_by_role("button", name="New conversation").click()
    await visitor.answered("What is the default of a query parameter?")
    listed = page.get_by_role("navigation", name="Conversations").get_by_role("link")
    await expect(listed).to_have_count(2)
    await listed.filter(has_text=ASKED).click()
    await expect(visitor.turns).to_have_count(1)
    await expect(visitor.turns).to_contain_text("drank the last cup")
    await page.get_by_role("button", name=f"Delete “{ASKED}”").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(listed).to_have_count(1)
    await expect(page.get_by_role("heading", name="What would you like to know?")).to_be_visible()
    [left] = (await server.client.get("/sessions")).json()["sessions"]
    assert left["title"] == "What is the default of a query parameter?"


async def test_a_conversation_that_is_kept_stays(visitor: Visit) -> None:
    page = visitor.page
    await visitor.answered(ASKED)
    await page.get_by_role("button", name=f"Delete “{ASKED}”").click()
    await page.get_by_role("button", name="Keep it").click()
    await expect(page.get_by_role("link", name=ASKED)).to_be_visible()


async def test_what_the_docs_do_not_say_is_said_to_be_missing(
    visitor: Visit, model: SteppingModel
) -> None:
    turn = await visitor.answered("Xylophone zebra quantum marmalade?")
    await expect(turn).to_have_attribute("data-status", "refused")


async def test_a_question_that_is_refused_says_why(visitor: Visit) -> None:
    turn = await visitor.ask("long " * 5_000)
    await expect(turn.locator(".error")).to_contain_text("characters")
    await expect(turn.get_by_role("button", name="Ask again")).to_be_visible()


async def test_a_limit_of_questions_is_told_and_nothing_is_sent_in_vain(
    database: Postgres, tmp_path: Path, window: Visit
) -> None:
    settings = web_settings(tmp_path)
    limited = settings.model_copy(update={"limits": LimitsSettings(per_person=1, minutes=60)})
    async with open_web(database, tmp_path, settings=limited) as server:
        await window.arrive(server.url)
        await window.answered(ASKED)
        turn = await window.ask("And where are the beans?")
        await expect(turn.locator(".error")).to_contain_text("minutes")
        await expect(turn.get_by_role("button", name="Ask again")).to_be_visible()
        await window.leave()


async def test_an_admin_sees_what_is_served_and_what_cannot_be_read(
    visitor: Visit, server: WebServer
) -> None:
    docs = server.app.settings.sources[0].folder
    assert docs is not None
    (docs / "broken.pdf").write_bytes(b"%PDF-1.7 and no more")
    await server.app.syncer.sync(server.app.sources)
    await visitor.page.get_by_role("button", name="Status").click()
    status = visitor.page.get_by_role("dialog", name="Status")
    row = status.get_by_role("row").filter(has_text="broken.pdf")
    await expect(row).to_contain_text("docs")
    await expect(row).to_contain_text("now")


async def test_budgets_are_drawn(visitor: Visit) -> None:
    """Replies are made up: to spend a budget takes days."""
    told = {"provider": "openrouter", "unit": "requests", "period": "day", "amount": 1000}
    quota = {"budgets": [told | {"spent": 250, "ends": None}], "used_this_month": []}
    await visitor.page.route("**/api/v1/quota", lambda route: route.fulfill(json=quota))
    await visitor.page.get_by_role("button", name="Status").click()
    meter = visitor.page.get_by_role("meter", name="openrouter, requests a day")
    await expect(meter).to_have_attribute("value", "250")
    await visitor.page.unroute_all()


@pytest.mark.skipif("DOCENT_FULL" not in os.environ, reason="`make test-full` asks so much")
async def test_older_conversations_are_listed_when_asked_for(
    visitor: Visit, server: WebServer
) -> None:
    for number in range(31):
        await server.ask(f"Question {number}: {ASKED}")
    page = visitor.page
    await page.reload()
    listed = page.get_by_role("navigation", name="Conversations").get_by_role("link")
    await expect(listed).to_have_count(30)
    await page.get_by_role("button", name="Older conversations").click()
    await expect(listed).to_have_count(31)


async def test_one_asks_on_while_an_answer_is_written(visitor: Visit, model: SteppingModel) -> None:
    model.steps = asyncio.Semaphore(1)
    first = await visitor.ask(ASKED)
    await expect(first).to_contain_text("last cup")
    await visitor.page.reload()
    await expect(first).to_contain_text("last cup")
    async with visitor.page.expect_response("**/api/v1/chat"):
        second = await visitor.ask("And where are the beans?")
    await expect(second.locator(".dots")).to_be_visible()
    for _ in range(9):  # more than both need, with what rewrites the question
        model.steps.release()
    await expect(first).to_contain_text("The beans are in the cupboard")
    await expect(second).to_contain_text("The beans are in the cupboard")
