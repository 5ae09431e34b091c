"""A source whose documents are a dictionary, and which can fail in the ways that sources do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from core.errors import DocumentUnreadable, SourceUnavailable
from core.ports import Content, Entry, ListingProgress


@dataclass
class MemorySource:
    """`files` by path. `broken` fails the listing, `unreadable` are paths that fail to be read.

    So many are `fetched` while they are listed. `reads` are the paths that were read; with
    `tells_fingerprints` the listing has them.
    """

    name: str = "docs"
    files: dict[str, str] = field(default_factory=dict)
    broken: bool = False
    unreadable: set[str] = field(default_factory=set)
    versions: dict[str, str] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)
    tells_fingerprints: bool = False
    reads: list[str] = field(default_factory=list)
    origin: str = "memory"
    selection: str = ""
    fetched: int = 0
    before_read: Callable[[], Awaitable[None]] | None = None

    async def entries(self, progress: ListingProgress | None = None) -> Sequence[Entry]:
        if self.broken:
            raise SourceUnavailable(f"{self.name} could not be listed.")
        for done in range(self.fetched):
            if progress:
                progress(done + 1, self.fetched)
        return [
            Entry(
                path,
                fingerprint=text if self.tells_fingerprints else None,
                version=self.versions.get(path),
                date=self.dates.get(path),
            )
            for path, text in self.files.items()
        ]

    async def read(self, entry: Entry) -> Content:
        if self.before_read is not None:
            await self.before_read()
        self.reads.append(entry.path)
        if entry.path in self.unreadable:
            raise DocumentUnreadable(entry.path, "it is damaged")
        text = self.files[entry.path]
        return Content(text.encode(), text)
