"""Links of a document's text, as they work elsewhere (pure)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from urllib.parse import quote, unquote, urljoin, urlsplit

from core.model import DocumentRecord
from core.text.links import INLINE_LINK, is_web_url
from core.text.prose import map_prose

SAFE_IN_FRAGMENT = "/-._~!$&*+,;="  # not `()`, which end a Markdown link

_LINK = re.compile(INLINE_LINK)
_SAFE_IN_URL = SAFE_IN_FRAGMENT + ":@%?"
_PAGES = frozenset({"", ".html", ".htm"})

Records = Mapping[tuple[str, str], DocumentRecord]


def with_published_links(text: str, record: DocumentRecord, records: Records) -> str:
    """The Markdown of a document with its relative links as addresses of the web.

    A link to a document leads to where that one is published, and a link to a page to where a
    browser would follow it. What has no such address becomes its text: a link to any other file,
    a relative image, and all of them where the source is not published.
    """
    return map_prose(text, _Publisher(record, records).published) if "](" in text else text


class _Publisher:
    """Rewrites the links of one document."""

    def __init__(self, record: DocumentRecord, records: Records) -> None:
        self._record = record
        self._records = records

    def published(self, prose: str) -> str:
        return _LINK.sub(self._link, prose)

    def _link(self, link: re.Match[str]) -> str:
        text = self.published(link["text"])
        if not _is_relative(link["target"]):
            return link.group().replace(link["text"], text, 1)
        address = "" if link["image"] else self._address(link["target"])
        return f"[{text}]({address})" if address else text

    def _address(self, target: str) -> str:
        """Empty for what is published nowhere."""
        path, _, fragment = target.partition("#")
        page = self._page(path.partition("?")[0], path) if path else self._record.url
        if not is_web_url(page):
            return ""
        return f"{page}#{quote(fragment, safe=SAFE_IN_FRAGMENT + '%')}" if fragment else page

    def _page(self, path: str, address: str) -> str:
        place = posixpath.join(posixpath.dirname(self._record.path), unquote(path)).lstrip("/")
        document = self._records.get((self._record.source, posixpath.normpath(place)))
        if document is not None:
            return document.url
        is_page = posixpath.splitext(path)[1].lower() in _PAGES
        return urljoin(self._record.url, quote(address, safe=_SAFE_IN_URL)) if is_page else ""


def _is_relative(target: str) -> bool:
    try:
        parts = urlsplit(target)
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc
