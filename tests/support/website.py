"""A website on a loopback socket, whose pages a test states and which counts what it was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import blake2b

from tests.support import packing
from tests.support.http_server import Exchange, serving

Behaviour = Callable[[Exchange], Awaitable[None]]


@dataclass(frozen=True)
class Answer:
    """What the server says for an address."""

    body: bytes = b""
    kind: str = "text/html"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Website:
    """`pages` are by path, with the query if there is one; the others are not found.

    A text is a page of HTML. Each whole answer has an ETag, unless `validates` is off, and is
    not sent to who knows it.
    """

    url: str = ""
    pages: dict[str, str | Answer | Behaviour] = field(default_factory=dict)
    validates: bool = True
    asked: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)

    async def handle(self, exchange: Exchange) -> None:
        self.asked.append(exchange.path)
        self.exchanges.append(exchange)
        page = self.pages.get(exchange.path, Answer(status=404))
        if isinstance(page, str):
            page = Answer(page.encode())
        if not isinstance(page, Answer):
            await page(exchange)
            return
        headers = {"content_type": page.kind, **page.headers}
        if page.status == 200 and self.validates:
            headers["etag"] = f'"{blake2b(page.body, digest_size=8).hexdigest()}"'
            if exchange.headers.get("if-none-match") == headers["etag"]:
                await exchange.head(304, etag=headers["etag"])
                return
        self.sent.append(exchange.path)
        await exchange.head(page.status, **headers)
        exchange.writer.write(page.body)
        await exchange.writer.drain()


@asynccontextmanager
async def open_website(pages: Mapping[str, str | Answer | Behaviour]) -> AsyncIterator[Website]:
    """The site's `url` has no slash at its end; `{url}` in a page of text stands for it."""
    site = Website()
    async with serving(site.handle) as server:
        site.url = server.url
        for path, page in pages.items():
            site.pages[path] = page.replace("{url}", site.url) if isinstance(page, str) else page
        yield site


def page(body: str, head: str = "") -> str:
    """A page with a main part."""
    return f"<html><head>{head}</head><body><main>{body}</main></body></html>"


def sitemap(addresses: Iterable[str], *, index: bool = False, packed: bool = False) -> Answer:
    """A sitemap of pages, or an index of other sitemaps."""
    root, entry = ("sitemapindex", "sitemap") if index else ("urlset", "url")
    entries = "".join(f"<{entry}><loc>{each}</loc></{entry}>" for each in addresses)
    text = f'<?xml version="1.0"?><{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    data = f"{text}{entries}</{root}>".encode()
    return Answer(packing.packed(data) if packed else data, "application/xml")


def redirect(to: str, status: int = 301) -> Answer:
    return Answer(status=status, headers={"location": to})


def robots(text: str) -> Answer:
    return Answer(text.encode(), "text/plain")
