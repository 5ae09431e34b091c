"""From the pages that were visited to the documents of a website (pure)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

from core.ingestion.sources.page_cache import Snapshot
from core.ingestion.sources.pages import Failure, Gone, Visit, last_seen
from core.ingestion.sources.web_addresses import Site
from core.ports import Entry


@dataclass(frozen=True, slots=True)
class Listing:
    """The documents by path, and by the same where each was asked for and why some failed."""

    entries: list[Entry] = field(default_factory=list)
    asked: dict[str, str] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)


def make_listing(
    visits: Mapping[str, Visit], site: Site, selects: Callable[[str], bool]
) -> Listing:
    """Each page once, at its own address, if it wants to be indexed and is selected."""
    listing = Listing()
    for url in _canonical(visits, site):
        visit = visits[url]
        page = last_seen(visit)
        address = page.url if page else url
        path = site.path(address)
        if (page and not page.indexed) or path in listing.asked or not selects(address):
            continue
        listing.asked[path] = url
        if isinstance(visit, Failure):
            listing.unreadable[path] = visit.reason
            listing.entries.append(Entry(path, url=address))
        elif page:
            listing.entries.append(_entry(path, page))
    listing.entries.sort(key=lambda entry: entry.path)
    return listing


def _canonical(visits: Mapping[str, Visit], site: Site) -> list[str]:
    """The addresses that were found, without those for which another one stands that was read."""
    read = {
        visit.url: visit
        for visit in visits.values()
        if isinstance(visit, Snapshot) and visit.indexed
    }
    left_out: set[str] = set()
    kept = []
    for url, visit in visits.items():
        page = last_seen(visit)
        stands = _standing_for(page, read, site) if page else None
        if page and stands and stands not in left_out:
            left_out.add(page.url)
        elif not isinstance(visit, Gone):
            kept.append(url)
    return kept


def _standing_for(page: Snapshot, read: Mapping[str, Snapshot], site: Site) -> str | None:
    """The address that the page names, or the shorter way to write its own."""
    named = site.address(page.canonical) if page.canonical else None
    if named in read and named != page.url:
        return named
    shorter = page.url.removesuffix("index.html")
    twin = read.get(shorter if shorter != page.url else page.url + "/")
    return twin.url if twin and twin.fingerprint == page.fingerprint else None


def _entry(path: str, page: Snapshot) -> Entry:
    return Entry(path, page.fingerprint, date=_day(page.modified), url=page.url, format=page.format)


def _day(modified: str | None) -> str | None:
    try:
        return parsedate_to_datetime(modified).date().isoformat() if modified else None
    except ValueError:
        return None
