"""The pages of a website as they were last read, in a folder."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Collection
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from pathlib import Path

from core.ingestion.documents import RECIPE
from core.ingestion.sources.fetching import Validators

_SUFFIX = ".page"
_UNFINISHED = ".new"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a page said of itself: `url` is its own address, `format` the suffix to parse it by.

    `fingerprint` is equal when the content is. `links` are the absolute addresses it leads to,
    `canonical` the page that stands for it.
    """

    url: str
    format: str
    fingerprint: str
    etag: str | None = None
    modified: str | None = None
    links: tuple[str, ...] = ()
    canonical: str | None = None
    indexed: bool = True

    @property
    def validators(self) -> Validators:
        """For the next request."""
        return Validators(self.etag, self.modified)

    def at(self, url: str) -> Snapshot:
        """The same page at another address."""
        return replace(self, url=url)


class PageCache:
    """One file a page: a line of JSON, then the body. Blocking.

    What cannot be read, or was understood in another way than today's, counts as not there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, url: str) -> tuple[Snapshot, bytes] | None:
        """What was last read at an address."""
        try:
            head, _, body = self._file(url).read_bytes().partition(b"\n")
            kept = json.loads(head)
            if [kept.pop("asked"), kept.pop("body"), kept.pop("recipe")] != _seal(url, body):
                return None
            return Snapshot(**{**kept, "links": tuple(kept["links"])}), body
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def save(self, url: str, snapshot: Snapshot, body: bytes) -> None:
        """Replaces what was there, wholly or not at all. Raises OSError."""
        asked, digest, recipe = _seal(url, body)
        head = {"asked": asked, "body": digest, "recipe": recipe, **asdict(snapshot)}
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(_UNFINISHED, dir=self._folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(json.dumps(head).encode() + b"\n" + body)
            Path(name).replace(self._file(url))
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise

    def keep_only(self, urls: Collection[str]) -> None:
        """Drops all other pages, and what a process that died was writing."""
        kept = {self._file(url) for url in urls}
        for suffix in (_SUFFIX, _UNFINISHED):
            for file in set(self._folder.glob(f"*{suffix}")) - kept:
                with suppress(OSError):
                    file.unlink()

    def _file(self, url: str) -> Path:
        return self._folder / f"{blake2b(url.encode(), digest_size=16).hexdigest()}{_SUFFIX}"


def _seal(url: str, body: bytes) -> list[str]:
    return [url, blake2b(body, digest_size=16).hexdigest(), RECIPE]
