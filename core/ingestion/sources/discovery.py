"""How the pages of a website are found: by its sitemaps, by its llms.txt."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from http import HTTPStatus

from core.ingestion.sources.fetching import Fetcher, FetchFailed, Reply
from core.ingestion.sources.llms_txt import read_llms_txt
from core.ingestion.sources.robots import Robots
from core.ingestion.sources.sitemap import MAX_BYTES, Sitemap, SitemapDamaged, read_sitemap
from core.ingestion.sources.web_addresses import Site

_MOST_SITEMAPS = 500
_MOST_ADDRESSES = 200_000


async def read_robots(site: Site, fetcher: Fetcher) -> Robots:
    """What robots.txt says, nothing where there is none. Raises FetchFailed.

    A server that fails has not said that all is allowed (RFC 9309, 2.3.1).
    """
    reply = await _optional(fetcher, site.root + "robots.txt")
    return Robots(reply.body.decode("utf-8", "replace") if reply else "")


async def listed_pages(site: Site, robots: Robots, fetcher: Fetcher) -> list[str]:
    """The addresses at or below the start that a sitemap names, else llms.txt.

    Empty where there is neither, or where they name the start alone, as those of some hosts of
    documentation do. Raises FetchFailed when what there is cannot be read whole.
    """
    pages = await _from_sitemaps(site, robots, fetcher)
    if not set(pages) - {site.start}:
        pages = await _from_llms_txt(site, fetcher)
    return pages if set(pages) - {site.start} else []


async def _from_sitemaps(site: Site, robots: Robots, fetcher: Fetcher) -> list[str]:
    named = [*filter(None, map(site.address, robots.sitemaps))]
    waiting = dict.fromkeys(named or _beside(site, "sitemap.xml"))
    seen: set[str] = set()
    promised: set[str] = set()  # by another sitemap: what they name would be missing
    pages: dict[str, None] = {}
    while waiting:
        address = next(iter(waiting))
        del waiting[address]
        seen.add(address)
        if len(seen) > _MOST_SITEMAPS:
            raise FetchFailed(f"it has more than {_MOST_SITEMAPS} sitemaps")
        reply = await _optional(fetcher, address, promised=address in promised)
        if reply:
            found = await asyncio.to_thread(
                _read, site, reply.body, address, promised=address in promised
            )
            pages.update(dict.fromkeys(found.pages))
            promised.update(found.sitemaps)
            waiting.update(dict.fromkeys(each for each in found.sitemaps if each not in seen))
        if len(pages) > _MOST_ADDRESSES:
            raise FetchFailed(f"its sitemaps name more than {_MOST_ADDRESSES:,} pages")
    return list(pages)


def _read(site: Site, body: bytes, address: str, *, promised: bool) -> Sitemap:
    """What the sitemap at an address names of the site; nothing where it is none.

    It takes most of a second for the 50,000 pages that one may name. Raises FetchFailed.
    """
    try:
        found = read_sitemap(body)
    except SitemapDamaged as exc:
        raise FetchFailed(f"its sitemap {address} is damaged: {exc}") from exc
    if found is None and promised:
        raise FetchFailed(f"its sitemap {address} is something else")
    found = found or Sitemap()
    further = filter(None, (site.address(each, address) for each in found.sitemaps))
    return Sitemap(tuple(_of_site(site, found.pages, address)), tuple(further))


async def _from_llms_txt(site: Site, fetcher: Fetcher) -> list[str]:
    for address in _beside(site, "llms.txt"):
        reply = await _optional(fetcher, address)
        if reply:
            text = reply.body.decode("utf-8", "replace")
            return list(dict.fromkeys(_of_site(site, read_llms_txt(text), address)))
    return []


def _beside(site: Site, name: str) -> list[str]:
    """In the folder of the site, then in that of its host."""
    return list(dict.fromkeys([site.folder + name, site.root + name]))


def _of_site(site: Site, found: Iterable[str], base: str) -> Iterable[str]:
    addresses = (site.address(each, base) for each in found)
    return (address for address in addresses if address is not None and site.holds(address))


async def _optional(fetcher: Fetcher, address: str, *, promised: bool = False) -> Reply | None:
    """None where it is not there, or not for us, unless it was `promised`. Raises FetchFailed."""
    try:
        reply = await fetcher.get(address, max_bytes=MAX_BYTES)
    except FetchFailed as exc:
        raise FetchFailed(f"{address}: {exc}", exc.hint) from exc
    if reply.status == HTTPStatus.OK:
        return reply
    if promised and not reply.gone:
        raise FetchFailed(f"its sitemap {address} answered with status {reply.status}")
    return None
