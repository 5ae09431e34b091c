"""The documents that are served, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from core.model import Corpus, Scope, point_id
from core.ports import Database, Row


@dataclass(frozen=True, slots=True)
class ListedDocument:
    """A document that is served, in so many chunks."""

    source: str
    path: str
    title: str
    url: str
    peer_reviewed: bool
    date: str | None
    version: str | None
    authors: tuple[str, ...]
    chunks: int


@dataclass(frozen=True, slots=True)
class FoundDocument:
    """A document, the corpus that serves it, and the points of its chunks in their order."""

    listed: ListedDocument
    corpus: Corpus
    points: tuple[UUID, ...]


class Listing:
    """Reads what the scope admits of the served generation, one query a call."""

    def __init__(self, database: Database, scope: Scope) -> None:
        self._database = database
        self._sources = None if scope.sources is None else sorted(scope.sources)

    async def page(
        self, *, limit: int, source: str | None = None, after: tuple[str, str] | None = None
    ) -> list[ListedDocument]:
        """Those of one source or of all after a (source, path), in that order."""
        rows = await self._database.fetch(
            _SELECT
            + """
            WHERE ($1::TEXT[] IS NULL OR d.source = ANY ($1))
                AND ($2::TEXT IS NULL OR d.source = $2)
                AND ($3::TEXT IS NULL OR (d.source, d.path) > ($3, $4))
            ORDER BY d.source, d.path
            LIMIT $5
            """,
            self._sources,
            source,
            *(after or (None, None)),
            limit,
        )
        return [_listed(row) for row in rows]

    async def find(self, source: str, path: str) -> FoundDocument | None:
        """The document, if it is served."""
        rows = await self._database.fetch(
            _SELECT
            + """
            WHERE ($1::TEXT[] IS NULL OR d.source = ANY ($1)) AND (d.source, d.path) = ($2, $3)
            """,
            self._sources,
            source,
            path,
        )
        for row in rows:
            chunks = zip(row["chunk_keys"], row["chunk_sinces"], strict=True)
            points = tuple(point_id(key, since) for key, since in chunks)
            corpus = Corpus(row["collection"], row["generation"])
            return FoundDocument(_listed(row), corpus, points)
        return None


_SELECT = """
    SELECT d.source, d.path, d.title, d.url, d.peer_reviewed, d.date, d.version, d.authors,
        d.chunk_keys, d.chunk_sinces, c.collection, c.generation
    FROM corpus AS c JOIN documents AS d
        ON d.since <= c.generation AND (d.until IS NULL OR d.until > c.generation)
"""


def _listed(row: Row) -> ListedDocument:
    return ListedDocument(
        source=row["source"],
        path=row["path"],
        title=row["title"],
        url=row["url"],
        peer_reviewed=row["peer_reviewed"],
        date=row["date"],
        version=row["version"],
        authors=tuple(row["authors"]),
        chunks=len(row["chunk_keys"]),
    )
