"""Draws docs/page-light.png and docs/page-dark.png: the page as a browser shows it.

Usage: DOCS_FOLDER=… DOCS_BASE_URL=… DOCS_SLUGS=… python scripts/take_screenshots.py QUESTION…
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from playwright.async_api import Browser, ViewportSize, async_playwright

from bot.app import open_app
from bot.server import Front
from bot.settings import load_settings
from bot.web_api import run_web

DOCS = Path(__file__).resolve().parent.parent / "docs"
WINDOW = ViewportSize(width=1180, height=800)
PATIENCE = 120_000


async def draw(browser: Browser, url: str, questions: Sequence[str]) -> None:
    """Asks each in a conversation of its own, and opens the first source of the last answer."""
    page = await browser.new_page(viewport=WINDOW, reduced_motion="reduce")
    page.set_default_timeout(PATIENCE)
    await page.goto(url)
    for question in questions:
        await page.get_by_role("button", name="New conversation").click()
        await page.get_by_label("Your question").fill(question)
        await page.keyboard.press("Enter")
        await page.locator(".foot").wait_for()
    await page.emulate_media(color_scheme="dark")
    await page.screenshot(path=DOCS / "page-dark.png")
    await page.emulate_media(color_scheme="light")
    await page.locator("button.mark").first.click()
    await page.screenshot(path=DOCS / "page-light.png")


async def take(questions: Sequence[str]) -> None:
    """Serves the page from the docs that are configured, and takes both pictures of it."""
    async with (
        open_app(load_settings()) as app,
        async_playwright() as playwright,
        asyncio.TaskGroup() as tasks,
    ):
        await app.syncer.sync(app.sources)
        stop, front = asyncio.Event(), Front("127.0.0.1", 0)
        told = asyncio.Queue[str]()
        tasks.create_task(run_web(front, app, stop, told.put_nowait))
        url = (await told.get()).split()[1]
        arguments = ["--no-sandbox"] if os.getuid() == 0 else []
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=arguments
        )
        await draw(browser, url, questions)
        await browser.close()
        stop.set()


if __name__ == "__main__":
    asyncio.run(take(sys.argv[1:]))
