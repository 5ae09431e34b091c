"""Documents in a Git repository."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from core.errors import DocumentUnreadable, SourceUnavailable
from core.ingestion.parsing import MAX_BYTES
from core.ingestion.parsing.decoding import too_large
from core.ingestion.sources.git_fetching import fetch
from core.ingestion.sources.git_mirror import GitFailed, Mirror, Tip
from core.ingestion.sources.patterns import Patterns
from core.ports import Content, Entry, ListingProgress


class GitSource:
    """The documents in a folder of a branch that `patterns` select; "" is the whole repository.

    An entry's fingerprint is Git's own hash of the content, its version the newest commit and its
    date that commit's. Symbolic links and submodules are passed over. `shown` is the repository's
    address as errors may tell it. A fetch that takes longer than `within` seconds has failed.
    """

    def __init__(
        self,
        name: str,
        mirror: Mirror,
        *,
        shown: str,
        branch: str | None = None,
        folder: str = "",
        patterns: Patterns | None = None,
        max_bytes: int = MAX_BYTES,
        within: float = 600.0,
    ) -> None:
        self._name = name
        self._mirror = mirror
        self._shown = shown
        self._branch = branch
        self._folder = folder.strip("/")
        self._patterns = patterns or Patterns()
        self._max_bytes = max_bytes
        self._within = within

    @property
    def name(self) -> str:
        """Unique among the sources."""
        return self._name

    @property
    def origin(self) -> str:
        """The repository's address with its branch and folder."""
        return f"{self._shown}#{self._branch or ''}:{self._folder}"

    @property
    def selection(self) -> str:
        """The patterns, as JSON."""
        return self._patterns.as_json

    async def entries(self, progress: ListingProgress | None = None) -> Sequence[Entry]:  # noqa: ARG002 - all come at once
        """All documents of the newest commit, which is fetched. Raises SourceUnavailable."""
        try:
            tip = await fetch(self._mirror, self._branch, within=self._within)
            return await asyncio.to_thread(self._entries, tip)
        except GitFailed as exc:
            raise SourceUnavailable(
                f"The repository {self._shown} of source {self._name!r} cannot be read: {exc}.",
                hint=exc.hint,
                source=self._name,
            ) from exc

    async def read(self, entry: Entry) -> Content:
        """The file as it was listed. Raises DocumentUnreadable."""
        sha = entry.fingerprint or ""
        data = await asyncio.to_thread(self._mirror.blob, sha)
        if data is None:
            raise DocumentUnreadable(entry.path, "it is not in the repository any more")
        if len(data) > self._max_bytes:
            raise DocumentUnreadable(entry.path, too_large(self._max_bytes))
        return Content(data, sha)

    def _entries(self, tip: Tip) -> list[Entry]:
        return sorted(
            (
                Entry(path, sha, tip.commit, tip.date)
                for path, sha in self._mirror.files(tip, self._folder)
                if self._patterns.select(path)
            ),
            key=lambda entry: entry.path,
        )
