"""Asks one website over HTTP: politely, within limits, and never a private address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus

import httpx

from core.ingestion.parsing import MAX_BYTES
from core.ingestion.parsing.decoding import too_large
from core.ingestion.sources.compression import Damaged, TooLarge, collect
from core.ingestion.sources.network_guard import (
    AddressRefused,
    GuardedTransport,
    Resolver,
    resolve,
)
from core.ingestion.sources.politeness import Clock, Manners, Pace
from core.ingestion.sources.web_addresses import Site
from core.text.retry_after import retry_after

_HEADERS = {
    "User-Agent": "Docent/0.1 (answers questions about documentation)",
    "Accept": "text/html, application/xhtml+xml, text/markdown, text/plain, application/pdf;q=0.9,"
    " */*;q=0.1",
    "Accept-Encoding": "gzip",
}
_WORKS_LATER = frozenset({408, 425, 429})
_GONE = frozenset({404, 410})
_MAX_REDIRECTS = 5
_MOST_FAILURES_IN_A_ROW = 20
_MOVED = "Set `website` to that address."
_ALLOW_PRIVATE = "Set `allow_private = true` for the source if the site is one of your own."


class FetchFailed(Exception):
    """No usable reply; the message says why, in half a sentence, and `hint` what to do.

    `by_site` says that others may fail alike: the site is away, and not the page at fault.
    """

    def __init__(self, reason: str, hint: str = "", *, by_site: bool = True) -> None:
        super().__init__(reason)
        self.hint = hint
        self.by_site = by_site


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server said of a page when it was last read, for it to tell whether it changed."""

    etag: str | None = None
    modified: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The request's."""
        said = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in said.items() if value}


@dataclass(frozen=True, slots=True)
class Reply:
    """`url` is where the reply came from in the end; `body` is empty but for status 200.

    A redirect that was not followed `leads_to` an address; what works later is not a reply.
    """

    url: str
    status: int
    headers: httpx.Headers
    body: bytes = b""
    leads_to: str = ""

    @property
    def gone(self) -> bool:
        """Whether there is nothing at that address, says the site."""
        return self.status in _GONE


def _anywhere(_: str) -> bool:
    return True


class Fetcher:
    """Reads from `site`, where `client` connects only to what may be connected to."""

    def __init__(self, site: Site, client: httpx.AsyncClient, pace: Pace, manners: Manners) -> None:
        self._site = site
        self._client = client
        self._manners = manners
        self._failures = 0
        self.pace = pace
        """The turns, which robots.txt may slow down."""

    async def get(
        self,
        url: str,
        *,
        known: Validators = Validators(),
        follows: Callable[[str], bool] = _anywhere,
        max_bytes: int = MAX_BYTES,
    ) -> Reply:
        """Follows redirects within the site to where `follows` allows. Raises FetchFailed."""
        address, leads_to = url, ""
        for _ in range(_MAX_REDIRECTS + 1):
            reply = await self._patiently(address, known, max_bytes)
            if not reply.leads_to:
                return reply
            target, leads_to = self._site.address(reply.leads_to), reply.leads_to
            if target is None or not follows(target):
                return reply
            address = target
        raise FetchFailed(f"it is redirected without end, at last to {leads_to}", _MOVED)

    async def _patiently(self, url: str, known: Validators, max_bytes: int) -> Reply:
        for attempt in range(1, self._manners.attempts + 1):
            try:
                reply = await self._once(url, known, max_bytes)
            except _WorksLater as exc:
                self._failures += 1
                wait = 2.0 ** (attempt - 1) if exc.retry_after is None else exc.retry_after
                if wait > self._manners.patience and exc.about_us:
                    self._failures = _MOST_FAILURES_IN_A_ROW
                if attempt == self._manners.attempts or wait > self._manners.patience:
                    raise FetchFailed(str(exc)) from exc
                self.pace.hold(wait)
            else:
                self._failures = 0
                return reply
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    async def _once(self, url: str, known: Validators, max_bytes: int) -> Reply:
        async with self.pace.turn():
            if self._failures >= _MOST_FAILURES_IN_A_ROW:
                raise FetchFailed("the site has stopped answering")
            try:
                async with (
                    asyncio.timeout(self._manners.deadline),
                    self._client.stream("GET", url, headers=known.headers) as response,
                ):
                    return await _read(url, response, max_bytes)
            except AddressRefused as exc:
                raise FetchFailed(f"{exc}, which is not a public address", _ALLOW_PRIVATE) from exc
            except (TimeoutError, httpx.TimeoutException) as exc:
                raise _WorksLater("it did not answer in time") from exc
            except httpx.ConnectError as exc:
                raise _WorksLater(f"it could not be reached ({exc})") from exc
            except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as exc:
                raise _WorksLater(f"the connection broke ({type(exc).__name__})") from exc


class _WorksLater(Exception):
    """`about_us` says that not the page asks for a pause, but the site, of who asks too much."""

    def __init__(self, reason: str, after: float | None = None, *, about_us: bool = False) -> None:
        super().__init__(reason)
        self.retry_after = after
        self.about_us = about_us


async def _read(url: str, response: httpx.Response, max_bytes: int) -> Reply:
    status, headers = response.status_code, response.headers
    if status in _WORKS_LATER or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        too_often = status == HTTPStatus.TOO_MANY_REQUESTS
        reason = f"it answered with status {status}"
        raise _WorksLater(reason, retry_after(headers), about_us=too_often)
    if response.has_redirect_location:
        return Reply(url, status, headers, leads_to=_joined(response.url, headers["location"]))
    if status != HTTPStatus.OK:
        return Reply(url, status, headers)
    return Reply(url, status, headers, await _body(response, max_bytes))


async def _body(response: httpx.Response, max_bytes: int) -> bytes:
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "", "gzip", "x-gzip"}:
        raise FetchFailed(f"it is packed with {encoding}, which was not asked for", by_site=False)
    try:
        return await collect(response.aiter_raw(), max_bytes, packed="gzip" in encoding)
    except TooLarge as exc:
        raise FetchFailed(too_large(max_bytes), by_site=False) from exc
    except Damaged as exc:
        raise FetchFailed("it arrived damaged", by_site=False) from exc


def _joined(url: httpx.URL, location: str) -> str:
    try:
        return str(url.join(location))
    except httpx.InvalidURL:
        return location


@asynccontextmanager
async def open_fetcher(
    site: Site,
    manners: Manners,
    *,
    allow_private: bool = False,
    resolver: Resolver = resolve,
    clock: Clock,
) -> AsyncIterator[Fetcher]:
    """A fetcher whose connections end with the context.

    The environment's proxies are not used: a proxy resolves names itself, so that nobody could
    say which address is read from. Its certificates (SSL_CERT_FILE, SSL_CERT_DIR) are.
    """
    limits = httpx.Limits(max_connections=manners.at_once)
    guard = GuardedTransport(
        httpx.AsyncHTTPTransport(limits=limits), resolver, allow_private=allow_private
    )
    async with httpx.AsyncClient(
        transport=guard, trust_env=False, headers=_HEADERS, timeout=manners.silence
    ) as client:
        yield Fetcher(site, client, Pace(manners, clock), manners)
