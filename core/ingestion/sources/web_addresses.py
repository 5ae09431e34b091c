"""Which addresses are pages of a website, and what they are called there (pure)."""

from __future__ import annotations

import posixpath
import re
from mimetypes import MimeTypes
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

from core.errors import ConfigurationError
from core.ingestion.parsing import SUFFIXES
from core.text.links import is_web_url

_SAFE = "/-._~!$&*+,;=:@%"  # not `()`, which end a Markdown link
_PORTS = {"http": 80, "https": 443}
_LEADING_SLASHES = re.compile(r"\A/+")
_KNOWN_TYPES = MimeTypes()
_READ_TYPES = frozenset({"text/html", "application/xhtml+xml", "text/plain", "application/pdf"})


class Site:
    """The pages of one host at `start` and below it.

    `start` is a page in its folder if it ends in a known suffix, else a folder itself. Raises
    ConfigurationError for one that is no web address.
    """

    def __init__(self, start: str) -> None:
        if not is_web_url(start):
            raise ConfigurationError(
                f"The website {start!r} is not a web address.",
                hint="Give one that begins with https:// or http://.",
            )
        parts = urlsplit(start)
        self._scheme = parts.scheme
        self._host = _host(parts.hostname, parts.port, parts.scheme)
        self.root = urlunsplit((self._scheme, self._host, "/", "", ""))
        """The host's own address."""
        self.start = self.address(start) or self.root
        """The start address, as all others are written."""
        path = urlsplit(self.start).path
        self._folder = posixpath.dirname(path) if _is_page(path) else path.rstrip("/")
        self._folder = self._folder.rstrip("/")
        self.folder = urljoin(self.root, self._folder + "/")
        """The address that all pages begin with."""

    def address(self, url: str, base: str | None = None) -> str | None:
        """An absolute address on this host, without an anchor, in one spelling; else None.

        `url` may be relative to `base`. What is http where the site is https, or the other way
        round, is the same place.
        """
        try:
            parts = urlsplit(urljoin(base or self.root, url.strip()))
            host = _host(parts.hostname, parts.port, parts.scheme)
            path = quote(_LEADING_SLASHES.sub("/", parts.path) or "/", safe=_SAFE)
            query = quote(parts.query, safe=_SAFE + "?")
        except ValueError:
            return None
        if parts.scheme not in _PORTS or "@" in parts.netloc or host != self._host:
            return None
        resolved = urljoin(self.root, path)
        return f"{resolved}?{query}" if query else resolved

    def holds(self, address: str) -> bool:
        """Whether an address of this host is at or below the start."""
        path = urlsplit(address).path
        return path == self._folder or path.startswith(self._folder + "/")

    def path(self, address: str) -> str:
        """What a page is called among the documents: its path on the host; "/" for the first."""
        parts = urlsplit(address)
        path = unquote(parts.path).lstrip("/") or "/"
        return f"{path}?{parts.query}" if parts.query else path


def may_be_a_page(address: str) -> bool:
    """Whether the suffix of an address does not tell that it is something else, as a picture."""
    kind, encoding = _KNOWN_TYPES.guess_type(urlsplit(address).path)
    return encoding is None and (kind is None or kind in _READ_TYPES)


def suffix(address: str) -> str:
    """The suffix of the path, in lower case."""
    return posixpath.splitext(urlsplit(address).path)[1].lower()


def _is_page(path: str) -> bool:
    return posixpath.splitext(path)[1].lower() in SUFFIXES


def _host(name: str | None, port: int | None, scheme: str) -> str:
    host = (name or "").rstrip(".")
    host = f"[{host}]" if ":" in host else host
    return host if port in {None, _PORTS.get(scheme)} else f"{host}:{port}"
