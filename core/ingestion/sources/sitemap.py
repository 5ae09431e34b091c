"""Sitemaps (sitemaps.org): the pages and further sitemaps that they name (pure)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from core.ingestion.sources.compression import GZIP_MAGIC, Damaged, TooLarge, gunzip

MAX_BYTES = 50 * 1024 * 1024
"""Of a sitemap, unpacked; the protocol's own limit."""

_ROOTS = frozenset({"urlset", "sitemapindex"})


class SitemapDamaged(Exception):
    """It is a sitemap, but not all of it can be read."""


@dataclass(frozen=True, slots=True)
class Sitemap:
    """The addresses of pages, and of other sitemaps, as written."""

    pages: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()


def read_sitemap(data: bytes, *, max_bytes: int = MAX_BYTES) -> Sitemap | None:
    """Reads XML, or a text with an address a line; either may be gzipped.

    None for what is no sitemap, as the page that some sites show for every address. Raises
    SitemapDamaged. Entities and document types mean nothing here.
    """
    if data.startswith(GZIP_MAGIC):
        try:
            data = gunzip(data, max_bytes)
        except TooLarge as exc:
            raise SitemapDamaged("unpacked it is too large") from exc
        except Damaged as exc:
            raise SitemapDamaged("it cannot be unpacked") from exc
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    return _from_xml(start) if start.startswith(b"<") else _from_text(data)


def _from_xml(data: bytes) -> Sitemap | None:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as exc:
        if any(b"<" + name.encode() in data[:4096] for name in _ROOTS):
            raise SitemapDamaged("it is not well-formed XML") from exc
        return None
    name = etree.QName(root).localname
    if name not in _ROOTS:
        return None
    found = tuple(_locations(root))
    return Sitemap(pages=found) if name == "urlset" else Sitemap(sitemaps=found)


def _locations(root: etree._Element) -> Iterator[str]:
    for entry in root:
        for element in entry:
            named = isinstance(element.tag, str) and etree.QName(element).localname == "loc"
            if named and element.text and element.text.strip():
                yield element.text.strip()


def _from_text(data: bytes) -> Sitemap | None:
    try:
        lines = data.decode("utf-8-sig").split()
    except UnicodeDecodeError:
        return None
    are_addresses = lines and all(line.startswith(("https://", "http://")) for line in lines)
    return Sitemap(pages=tuple(lines)) if are_addresses else None
