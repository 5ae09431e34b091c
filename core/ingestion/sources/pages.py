"""Visits pages of a website, and says of each what it is."""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from http import HTTPStatus
from typing import TypeAlias

from core.ingestion.parsing import SUFFIXES
from core.ingestion.parsing.decoding import decode_as
from core.ingestion.sources.fetching import Fetcher, FetchFailed, Reply, Validators
from core.ingestion.sources.page_cache import PageCache, Snapshot
from core.ingestion.sources.robots import Robots
from core.ingestion.sources.web_addresses import Site, suffix
from core.model import digest
from core.ports import ListingProgress

_FORMATS = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/markdown": ".md",
    "text/x-markdown": ".md",
    "application/pdf": ".pdf",
}
_TOLD_BY_SUFFIX = frozenset({"text/plain", "application/octet-stream", ""})
_FOR_EVER = frozenset({301, 308})
_MOST_TAGS = 300_000
"""A page is read in this process: so many take ten seconds of a thread, and half a gigabyte."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A page that could not be read this time; `before` is what it was the last time."""

    reason: str
    hint: str
    by_site: bool
    before: Snapshot | None


@dataclass(frozen=True, slots=True)
class Gone:
    """A page that is not there, or moved for ever out of the site."""

    leads_to: str = ""


Visit: TypeAlias = Snapshot | Failure | Gone
Cached: TypeAlias = tuple[Snapshot, bytes]


def last_seen(visit: Visit) -> Snapshot | None:
    """What is known of a page, from now or from the last time."""
    if isinstance(visit, Failure):
        return visit.before
    return visit if isinstance(visit, Snapshot) else None


class Pages:
    """The pages of `site` that robots.txt leaves to be read, with what is known of them.

    Only `at_once` of them are in memory.
    """

    def __init__(
        self,
        site: Site,
        robots: Robots,
        fetcher: Fetcher,
        cache: PageCache,
        *,
        at_once: int,
        progress: ListingProgress | None = None,
    ) -> None:
        self._slots = asyncio.Semaphore(at_once)
        self._site = site
        self._robots = robots
        self._fetcher = fetcher
        self._cache = cache
        self._progress = progress
        self._visited = 0

    def admits(self, address: str) -> bool:
        """Whether an address of the host belongs to the site, and may be read."""
        return self._site.holds(address) and self._robots.allows(address)

    async def visit_all(self, urls: Sequence[str]) -> list[Visit]:
        """Reads those pages that changed, and keeps them."""
        known = self._visited + len(urls)
        return await asyncio.gather(*(self._visit_one(url, known) for url in urls))

    async def _visit_one(self, url: str, known: int) -> Visit:
        async with self._slots:
            visit = await self._visit(url)
        self._visited += 1
        if self._progress:
            self._progress(self._visited, known)
        return visit

    async def _visit(self, url: str) -> Visit:
        cached = await asyncio.to_thread(self._cache.load, url)
        before = cached[0] if cached else None
        try:
            known = before.validators if before else Validators()
            reply = await self._fetcher.get(url, known=known, follows=self.admits)
            return await asyncio.to_thread(self._take, url, reply, cached)
        except FetchFailed as exc:
            return Failure(str(exc), exc.hint, exc.by_site, before)

    def _take(self, url: str, reply: Reply, cached: Cached | None) -> Visit:
        if reply.leads_to:
            if reply.status in _FOR_EVER:
                return Gone(reply.leads_to)
            raise FetchFailed(f"it leads to {reply.leads_to} for now")
        if reply.status == HTTPStatus.NOT_MODIFIED:
            if cached is None:
                raise FetchFailed("it answered that nothing changed without being asked")
            return cached[0].at(reply.url)
        if reply.gone:
            return Gone()
        if reply.status != HTTPStatus.OK:
            raise FetchFailed(f"it answered with status {reply.status}")
        return self._keep(url, reply, cached)

    def _keep(self, url: str, reply: Reply, cached: Cached | None) -> Snapshot:
        kind, charset = _content_type(reply)
        kept_as = _format(kind, reply.url)
        body = _as_kept(reply.body, kept_as, charset)
        snapshot = _unchanged(reply.url, kept_as, body, cached) or _snapshot(
            reply.url, kept_as, body
        )
        snapshot = replace(
            snapshot,
            etag=_to_send_back(reply, "etag"),
            modified=_to_send_back(reply, "last-modified"),
            indexed=snapshot.indexed and not _unwanted(reply),
        )
        try:
            self._cache.save(url, snapshot, body)
        except OSError as exc:
            reason = f"it cannot be kept in the data folder ({exc.strerror})"
            raise FetchFailed(reason, "Make room there, and let Docent write to it.") from exc
        return snapshot


def _unchanged(url: str, kept_as: str, body: bytes, cached: Cached | None) -> Snapshot | None:
    """What is known of the page, if that can still be said of it."""
    if cached is None:
        return None
    before, text = cached
    # That a page is not to be indexed may have been said by a header, which is not kept.
    same = before.indexed and (before.url, before.format, text) == (url, kept_as, body)
    return before if same else None


def _snapshot(url: str, kept_as: str, body: bytes) -> Snapshot:
    if kept_as != ".html":
        return Snapshot(url, kept_as, blake2b(body, digest_size=16).hexdigest())
    if body.count(b"<") > _MOST_TAGS:
        raise FetchFailed(f"it has more than {_MOST_TAGS:,} tags", by_site=False)
    from core.ingestion.parsing.html import read_page  # noqa: PLC0415 - lxml takes 0.2 s

    try:
        page = read_page(body.decode("utf-8-sig"), url)
    except RecursionError as exc:
        raise FetchFailed("its elements are nested too deep", by_site=False) from exc
    # Of what is read in it: the rest is often another each time, as a token in a form.
    content = digest(page.title, page.markdown)
    return Snapshot(
        url, kept_as, content, links=page.links, canonical=page.canonical, indexed=page.indexed
    )


def _content_type(reply: Reply) -> tuple[str, str]:
    """The media type and the charset, in small letters, as the header says."""
    kind, *parameters = reply.headers.get("content-type", "").lower().split(";")
    pairs = (parameter.partition("=") for parameter in parameters)
    charset = next((v.strip(" \"'") for k, _, v in pairs if k.strip() == "charset"), "")
    return kind.strip(), charset


def _format(kind: str, url: str) -> str:
    if kind in _TOLD_BY_SUFFIX and suffix(url) in SUFFIXES:
        return suffix(url)
    found = ".txt" if kind == "text/plain" else _FORMATS.get(kind or "text/html")
    if found is None:
        raise FetchFailed(f"it is of the type {kind}, which is not read", by_site=False)
    return found


def _as_kept(body: bytes, kept_as: str, charset: str) -> bytes:
    """A text is kept in UTF-8, marked as such: the encoding may have been the header's to say."""
    if kept_as == ".html":
        from core.ingestion.parsing.html import decode_page  # noqa: PLC0415 - lxml takes 0.2 s

        return codecs.BOM_UTF8 + decode_page(body, charset or None).encode("utf-8", "ignore")
    if kept_as == ".pdf" or not charset or body.startswith(codecs.BOM_UTF8):
        return body
    text = decode_as(body, charset)
    return body if text is None else codecs.BOM_UTF8 + text.encode("utf-8", "ignore")


def _to_send_back(reply: Reply, header: str) -> str | None:
    """Without what a header of ours cannot hold."""
    value: str | None = reply.headers.get(header)
    return value if value and value.isascii() and value.isprintable() else None


def _unwanted(reply: Reply) -> bool:
    said = reply.headers.get("x-robots-tag", "").lower().split(",")
    return any(word.strip() in {"noindex", "none"} for word in said)
