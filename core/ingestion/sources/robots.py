"""What robots.txt asks of Docent. The only file that knows protego."""

from __future__ import annotations

from protego import Protego

AGENT = "Docent"
"""The name to which robots.txt may speak."""

_MAX_CHARACTERS = 500 * 1024  # RFC 9309, 2.5: a parser need not read further


class Robots:
    """The rules of a site; without a text all is allowed."""

    def __init__(self, text: str = "") -> None:
        self._rules = Protego.parse(text[:_MAX_CHARACTERS])

    def allows(self, url: str) -> bool:
        """Whether a page may be read."""
        return bool(self._rules.can_fetch(url, AGENT))

    @property
    def delay(self) -> float:
        """Seconds to leave between two requests."""
        rate = self._rules.request_rate(AGENT)
        between = rate.seconds / rate.requests if rate and rate.requests else 0.0
        return max(self._rules.crawl_delay(AGENT) or 0.0, between)

    @property
    def sitemaps(self) -> tuple[str, ...]:
        """The addresses of the sitemaps that it names, as written."""
        return tuple(self._rules.sitemaps)
