"""Anybody can use the page: by keyboard alone, by ear, in any size and light."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.browser import DESK, PHONE, Visit, visit
from tests.support.web_server import ASKED, SteppingModel, WebServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

AXE = Path(__file__).parents[3] / "node" / "node_modules" / "axe-core" / "axe.min.js"

RICH = (
    "Whoever drank the *last cup* cleans the `coffee machine` [1].",
    "# A heading\n\n- a list\n- of things\n\n> a quote, see https://docs.example.com/",
    "```python\nprint('a line that is so long that it has to scroll', 'in a narrow window')\n```",
    "| Who | What |\n|---|---|\n| the keeper | the vault |",
)

SIZES: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": DESK},
    "dark": {"color_scheme": "dark", "viewport": DESK},
    "phone": {"color_scheme": "light", "viewport": PHONE, "has_touch": True, "is_mobile": True},
}


async def violations(page: Page) -> list[str]:
    """What axe-core finds against WCAG 2.2 AA and its best practices; evaluated past the policy."""
    await page.evaluate("Promise.allSettled(document.getAnimations().map((each) => each.finished))")
    found: dict[str, Any] = await page.evaluate(
        "axe.run(document, { resultTypes: ['violations'] })"
    )
    return [
        f"{each['id']}: {each['help']}: {node['html']}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


@pytest.mark.skipif(not AXE.exists(), reason="needs `npm install` in tests/node")
@pytest.mark.parametrize("size", SIZES)
async def test_axe_finds_nothing(
    browser: Browser, server: WebServer, model: SteppingModel, size: str
) -> None:
    model.claims = RICH
    async with visit(browser, server.url, reduced_motion="reduce", **SIZES[size]) as visitor:
        page = visitor.page
        await page.evaluate(AXE.read_text("utf-8"))
        assert await violations(page) == []
        turn = await visitor.answered(ASKED)
        assert await violations(page) == []
        await turn.locator("button.mark").first.click()
        assert await violations(page) == []
        await page.keyboard.press("Escape")
        if size == "phone":
            await page.get_by_role("button", name="Conversations and settings").click()
            assert await violations(page) == []
        for opener in ("Shortcuts", "Status", "Delete “"):
            await page.get_by_role("button", name=opener).click()
            await expect(page.locator("dialog[open]")).to_be_visible()
            assert await violations(page) == []
            await page.keyboard.press("Escape")


async def test_one_asks_and_reads_by_keyboard(visitor: Visit, model: SteppingModel) -> None:
    page, keyboard = visitor.page, visitor.page.keyboard
    await expect(visitor.question).to_be_focused()
    await keyboard.type("Who cleans")
    await keyboard.press("Shift+Enter")
    await keyboard.type("the coffee machine?")
    await keyboard.press("Enter")
    turn = visitor.turns.first
    await expect(turn.locator(".foot")).to_be_visible()
    await expect(visitor.question).to_be_focused()
    await keyboard.press("Shift+Tab")
    await expect(turn.get_by_role("button", name="Copy the answer")).to_be_focused()
    await keyboard.press("j")
    await expect(turn.get_by_role("heading", name="Who cleans")).to_be_focused()
    await keyboard.press("Tab")
    await expect(turn.get_by_role("button", name="Source 1: Coffee › Machine")).to_be_focused()
    await keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name="Coffee")).to_contain_text("Machine")
    await keyboard.press("Escape")
    await keyboard.press("2")
    await expect(page.get_by_role("dialog", name="Coffee")).to_contain_text("Beans")


async def test_one_gets_about_by_keyboard(visitor: Visit) -> None:
    page, keyboard = visitor.page, visitor.page.keyboard
    await visitor.answered(ASKED)
    await visitor.question.blur()
    await keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    await keyboard.press("Escape")
    await keyboard.press("n")
    await expect(visitor.turns).to_have_count(0)
    await expect(visitor.question).to_be_focused()
    await keyboard.type("n / ?")
    await expect(visitor.question).to_have_value("n / ?")
    await visitor.question.blur()
    await keyboard.press("l")
    await expect(page.get_by_role("link", name=ASKED)).to_be_focused()
    await keyboard.press("Enter")
    await expect(visitor.turns).to_contain_text("last cup")
    await visitor.question.blur()
    await keyboard.press("/")
    await expect(visitor.question).to_be_focused()


async def test_escape_stops_an_answer(visitor: Visit, model: SteppingModel) -> None:
    model.steps = asyncio.Semaphore(1)
    turn = await visitor.ask(ASKED)
    await expect(turn).to_contain_text("last cup")
    await visitor.page.keyboard.press("Escape")
    await expect(turn).to_contain_text("Stopped before its end.")


async def test_single_keys_can_be_switched_off(visitor: Visit) -> None:
    page = visitor.page
    await page.get_by_role("button", name="Shortcuts").click()
    await page.get_by_label("Single keys work outside of text fields").uncheck()
    await page.keyboard.press("Escape")
    await page.reload()
    await visitor.question.blur()
    await page.keyboard.press("?")
    await expect(page.locator("dialog[open]")).to_have_count(0)


async def test_each_claim_is_said_once_to_those_who_listen(
    visitor: Visit, model: SteppingModel
) -> None:
    live = visitor.page.get_by_role("status")
    model.steps = asyncio.Semaphore(1)
    await visitor.ask(ASKED)
    claim = "Whoever drank the last cup cleans the coffee machine."
    await expect(live).to_contain_text(claim)
    model.steps.release()
    await expect(live).to_contain_text("The answer is complete, with 2 sources.")
    said = await live.inner_text()
    assert said.index("Searching the docs…") < said.index(claim) < said.index("The beans")
    assert said.count("last cup") == said.count("beans") == 1


async def test_a_theme_is_chosen_and_kept(visitor: Visit) -> None:
    page = visitor.page
    paper = "getComputedStyle(document.body).backgroundColor"
    light = await page.evaluate(paper)
    theme = page.get_by_role("button", name="Theme:")
    await theme.click()
    await theme.click()
    await expect(theme).to_have_text("Theme: dark")
    dark = await page.evaluate(paper)
    assert dark != light
    await page.reload()
    assert await page.evaluate(paper) == dark
    await expect(theme).to_have_text("Theme: dark")


async def test_nothing_sticks_out_of_a_phone(
    browser: Browser, server: WebServer, model: SteppingModel
) -> None:
    model.claims = RICH
    async with visit(browser, server.url, viewport=PHONE, is_mobile=True) as visitor:
        await visitor.answered("W" * 200)
        width = await visitor.page.evaluate("document.documentElement.scrollWidth")
        assert width == PHONE["width"]
