"""The documents that answers come from, as the API names and reads them."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode

from core.ingestion.listing import ListedDocument, Listing
from core.ports import Catalog, ChunkReader
from core.retrieval.sections import DocumentSection, sections


class Library:
    """Reads what is served. Each method may raise ServiceError."""

    def __init__(self, listing: Listing, chunks: ChunkReader, catalog: Catalog) -> None:
        self._listing = listing
        self._chunks = chunks
        self._catalog = catalog

    async def page(
        self, *, limit: int, source: str | None, after: str | None
    ) -> list[ListedDocument]:
        """The documents after the one of that id."""
        return await self._listing.page(
            limit=limit, source=source, after=place_of(after) if after else None
        )

    async def find(self, document_id: str) -> ListedDocument | None:
        """The document of that id, if it is served."""
        place = place_of(document_id)
        found = place and await self._listing.find(*place)
        return found.listed if found else None

    async def read(self, document_id: str) -> tuple[ListedDocument, list[DocumentSection]] | None:
        """The same with its sections."""
        place = place_of(document_id)
        found = place and await self._listing.find(*place)
        if not found:
            return None
        records = await self._catalog.at(found.corpus.generation)
        chunks = await self._chunks.chunks(found.corpus.collection, found.points)
        return found.listed, sections(chunks, records)


def document_id(source: str, path: str) -> str:
    """What a document is known by, in a form that an address can hold."""
    return urlsafe_b64encode(f"{source}/{path}".encode()).decode().rstrip("=")


def place_of(document_id: str) -> tuple[str, str] | None:
    """Its source and path; None for what is no id."""
    padded = document_id + "=" * (-len(document_id) % 4)
    try:
        source, slash, path = urlsafe_b64decode(padded).decode().partition("/")
    except (binascii.Error, UnicodeError, ValueError):
        return None
    return (source, path) if slash and "\0" not in source + path else None
