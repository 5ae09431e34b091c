"""Documents that are published as a website."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from core.errors import DocumentUnreadable, SourceUnavailable
from core.ingestion.sources.discovery import listed_pages, read_robots
from core.ingestion.sources.fetching import Fetcher, FetchFailed, open_fetcher
from core.ingestion.sources.network_guard import Resolver, resolve
from core.ingestion.sources.page_cache import PageCache
from core.ingestion.sources.pages import Failure, Gone, Pages, Visit, last_seen
from core.ingestion.sources.patterns import Patterns
from core.ingestion.sources.politeness import Clock, LoopClock, Manners
from core.ingestion.sources.site_listing import Listing, make_listing
from core.ingestion.sources.web_addresses import Site, may_be_a_page
from core.ports import Content, Entry, ListingProgress

EVERYTHING = ("**",)
"""Pages mostly have no suffix to choose them by."""

_FAILURES_ALLOWED = 3
_SHARE_ALLOWED = 0.3


class WebsiteSource:
    """The pages at `start` and below it on the same host that `patterns` select by their paths.

    They are those of its sitemaps, or else of its llms.txt, or else those that links lead to from
    the start. A listing reads what changed into the folder `cache`, from where documents are
    read then. Hosts at private addresses are refused unless `allow_private`.
    """

    def __init__(
        self,
        name: str,
        start: str,
        cache: Path,
        *,
        include: Sequence[str] = EVERYTHING,
        exclude: Sequence[str] = (),
        max_pages: int = 5_000,
        allow_private: bool = False,
        manners: Manners = Manners(),  # noqa: B008 - frozen
        resolver: Resolver = resolve,
        clock: Clock | None = None,
    ) -> None:
        self._name = name
        self._site = Site(start)
        self._cache = PageCache(cache)
        self._patterns = Patterns(include, exclude)
        self._way = Patterns(EVERYTHING, exclude)
        self._max_pages = max_pages
        self._allow_private = allow_private
        self._manners = manners
        self._resolver = resolver
        self._clock = clock or LoopClock()
        self._listing = Listing()

    @property
    def name(self) -> str:
        """Unique among the sources."""
        return self._name

    @property
    def origin(self) -> str:
        """The start address."""
        return self._site.start

    @property
    def selection(self) -> str:
        """The patterns, as JSON."""
        return self._patterns.as_json

    async def entries(self, progress: ListingProgress | None = None) -> Sequence[Entry]:
        """All documents, sorted by path, each read if it changed. Raises SourceUnavailable.

        `progress` counts the pages that were looked at. One that could not be read this time is
        listed, without a fingerprint.
        """
        try:
            async with open_fetcher(
                self._site,
                self._manners,
                allow_private=self._allow_private,
                resolver=self._resolver,
                clock=self._clock,
            ) as fetcher:
                visits = await self._visits(fetcher, progress)
        except FetchFailed as exc:
            raise self._unavailable(str(exc), exc.hint) from exc
        self._check(visits)
        self._listing = make_listing(visits, self._site, self._selects)
        if not self._listing.entries:
            raise self._unavailable("no page was found there that may be indexed")
        there = [url for url, visit in visits.items() if not isinstance(visit, Gone)]
        await asyncio.to_thread(self._cache.keep_only, there)
        return self._listing.entries

    async def read(self, entry: Entry) -> Content:
        """The page as it was listed. Raises DocumentUnreadable."""
        asked = self._listing.asked.get(entry.path)
        reason = self._listing.unreadable.get(entry.path)
        if reason is not None or asked is None:
            raise DocumentUnreadable(entry.path, reason or "it is not on the website any more")
        cached = await asyncio.to_thread(self._cache.load, asked)
        if cached is None:
            raise DocumentUnreadable(entry.path, "its copy in the data folder is damaged")
        page, body = cached
        return Content(body, page.fingerprint)

    async def _visits(self, fetcher: Fetcher, progress: ListingProgress | None) -> dict[str, Visit]:
        robots = await read_robots(self._site, fetcher)
        fetcher.pace.slow_down(robots.delay)
        at_once = self._manners.at_once
        parts = (self._site, robots, fetcher, self._cache)
        pages = Pages(*parts, at_once=at_once, progress=progress)
        listed = await listed_pages(self._site, robots, fetcher)
        if listed:
            chosen = await asyncio.to_thread(self._chosen, listed, pages)
            return dict(zip(chosen, await self._visit_all(pages, chosen, 0), strict=True))
        return await self._crawl(pages)

    def _chosen(self, listed: Sequence[str], pages: Pages) -> list[str]:
        return [each for each in listed if pages.admits(each) and self._selects(each)]

    def _selects(self, address: str) -> bool:
        return self._patterns.select(self._site.path(address))

    async def _visit_all(
        self, pages: Pages, addresses: Sequence[str], before: int
    ) -> Sequence[Visit]:
        if before + len(addresses) > self._max_pages:
            raise FetchFailed(
                f"it has more than {self._max_pages:,} pages",
                "Name a folder of it as the start, exclude parts, or raise `max_pages`.",
            )
        return await pages.visit_all(addresses)

    async def _crawl(self, pages: Pages) -> dict[str, Visit]:
        """Breadth first, along links without a query: those that have one may have no end."""
        if not pages.admits(self._site.start):
            raise FetchFailed("its robots.txt does not allow it")
        visits: dict[str, Visit] = {}
        frontier = [self._site.start]
        while frontier:
            found = await self._visit_all(pages, frontier, len(visits))
            visits.update(zip(frontier, found, strict=True))
            linked = (link for visit in found for link in self._links(visit))
            frontier = [each for each in dict.fromkeys(linked) if self._leads_on(each, pages)]
            frontier = [each for each in frontier if each not in visits]
        _check_start(visits[self._site.start])
        return visits

    def _links(self, visit: Visit) -> Iterable[str]:
        # A page that fails today leads where it led before: what lies behind it is not gone.
        page = last_seen(visit)
        found = (*page.links, page.canonical or "") if page else ()
        return filter(None, (self._site.address(link) for link in found if link))

    def _leads_on(self, address: str, pages: Pages) -> bool:
        entered = "?" not in address and may_be_a_page(address)
        return entered and pages.admits(address) and self._way.select(self._site.path(address))

    def _check(self, visits: Mapping[str, Visit]) -> None:
        failed = [v for v in visits.values() if isinstance(v, Failure) and v.by_site]
        allowed = max(_FAILURES_ALLOWED, _SHARE_ALLOWED * len(visits))
        if failed and (len(failed) > allowed or len(failed) == len(visits)):
            first = failed[0]
            raise self._unavailable(
                f"{len(failed)} of {len(visits)} pages failed, the first because {first.reason}",
                first.hint,
            )

    def _unavailable(self, reason: str, hint: str = "") -> SourceUnavailable:
        return SourceUnavailable(
            f"The website {self.origin} of source {self._name!r} cannot be read: {reason}.",
            hint=hint or "Look at it in a browser, and correct `website` in docent.toml.",
            source=self._name,
        )


def _check_start(visit: Visit) -> None:
    if isinstance(visit, Failure):
        raise FetchFailed(f"its start page: {visit.reason}", visit.hint)
    if isinstance(visit, Gone) and visit.leads_to:
        raise FetchFailed(f"it has moved to {visit.leads_to}", "Set `website` to that address.")
