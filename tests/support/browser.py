"""A real Chromium, and what it must never do while a test drives it."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, Locator, Page, Request, async_playwright, expect

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")

MISSING = "" if CHROMIUM else "needs Chromium: `apt-get install chromium`"
"""Why no browser can be started here; empty if one can."""

_PATIENCE = 30_000
"""Milliseconds: the machine may have much else to do."""

PHONE = {"width": 390, "height": 800}
DESK = {"width": 1200, "height": 800}


@asynccontextmanager
async def open_chromium() -> AsyncIterator[Browser]:
    """A browser without a window. Root may not have its sandbox, so it has none."""
    expect.set_options(timeout=_PATIENCE)
    async with async_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.getuid() == 0 else []
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        await browser.close()


@dataclass
class Visit:
    """A person's visit to the page. `sins` are what no page of ours may do, whatever it shows."""

    page: Page
    origin: str = ""
    sins: list[str] = field(default_factory=list)

    @property
    def question(self) -> Locator:
        return self.page.get_by_label("Your question")

    @property
    def turns(self) -> Locator:
        return self.page.locator("article.turn")

    @property
    def stop(self) -> Locator:
        return self.page.get_by_role("button", name="Stop the answer")

    async def ask(self, text: str) -> Locator:
        """Asks by keyboard; the turn that follows."""
        count = await self.turns.count()
        await self.question.fill(text)
        await self.question.press("Enter")
        return self.turns.nth(count)

    async def answered(self, text: str) -> Locator:
        """Asks, and waits for the answer."""
        turn = await self.ask(text)
        await turn.locator(".foot").wait_for()
        return turn

    async def arrive(self, url: str) -> None:
        """Opens the page, with nothing held against it."""
        self.origin = "{0.scheme}://{0.netloc}/".format(urlsplit(url))
        self.sins.clear()
        await self.page.goto(url)

    async def leave(self) -> None:
        """Leaves nothing behind. The page must have done no wrong."""
        await self.page.evaluate("localStorage.clear(); sessionStorage.clear()")
        await self.page.goto("about:blank")
        assert self.sins == []

    def watch(self) -> None:
        """Writes down whatever must not happen."""
        page = self.page
        page.on("request", self._note_request)
        page.on("dialog", lambda dialog: self._sin(f"dialog: {dialog.message}"))
        page.on("pageerror", lambda error: self._sin(f"uncaught: {error}"))
        page.on("popup", lambda popup: self._sin(f"window: {popup.url}"))
        page.on("console", self._note_console)

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith((self.origin, "data:", "about:")):
            self._sin(f"request: {request.url}")

    def _note_console(self, message: Any) -> None:
        # Chromium writes one for each failed request, which tests bring about on purpose.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self._sin(f"console: {message.text}")

    def _sin(self, sin: str) -> None:
        self.sins.append(sin)


@asynccontextmanager
async def visiting(browser: Browser, **how: Any) -> AsyncIterator[Visit]:
    """Somebody with a window, who may arrive and leave as often as they like."""
    async with await browser.new_context(**{"viewport": DESK, **how}) as context:
        context.set_default_timeout(_PATIENCE)
        visitor = Visit(await context.new_page())
        visitor.watch()
        yield visitor


@asynccontextmanager
async def visit(browser: Browser, url: str, **how: Any) -> AsyncIterator[Visit]:
    """Opens the page in a window of its own."""
    async with visiting(browser, **how) as visitor:
        await visitor.arrive(url)
        yield visitor
        await visitor.leave()
