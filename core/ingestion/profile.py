"""How a source's documents are addressed and rated: what its configuration says of them."""

from __future__ import annotations

from dataclasses import dataclass

from core.ingestion.addresses import SlugRule
from core.model import digest

RECIPE = "1"
"""To be raised when parsing or chunking makes other chunks or records of the same bytes."""


@dataclass(frozen=True, slots=True)
class SourceProfile:
    """The settings of one source, beside those of where it is read from.

    `base_url` and `slug_rule` make the links. `peer_reviewed` holds for documents that do not
    say. Of two equally relevant passages, the one of higher `priority` goes first. A `private`
    source answers only where it is named.
    """

    name: str
    base_url: str = ""
    slug_rule: SlugRule = SlugRule.PLAIN
    peer_reviewed: bool = False
    priority: int = 0
    private: bool = False

    def fingerprint(self, content: str) -> str:
        """Of a document with this content hash: equal when its record and chunks would be."""
        settings = (self.base_url, self.slug_rule.value, str(self.peer_reviewed))
        return digest(RECIPE, *settings, content)
