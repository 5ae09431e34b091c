"""How a source's documents are addressed and rated: what its configuration says of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.ingestion.addresses import AddressRule
from core.model import digest

RECIPE = "1"
"""To be raised when parsing or chunking makes other chunks or records of the same bytes."""


@dataclass(frozen=True, slots=True)
class SourceProfile:
    """The settings of one source, beside those of where it is read from.

    `address` makes the links. `peer_reviewed` holds for documents that do not say. Of two
    equally relevant passages, the one of higher `priority` goes first. A `private` source
    answers only where it is named.
    """

    name: str
    address: AddressRule = field(default_factory=AddressRule)
    peer_reviewed: bool = False
    priority: int = 0
    private: bool = False

    def fingerprint(self, content: str) -> str:
        """Of a document with this content hash: equal when its record and chunks would be."""
        address = (self.address.base_url or "", self.address.slugs.value)
        return digest(RECIPE, *address, str(self.peer_reviewed), content)
