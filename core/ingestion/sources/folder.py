"""Documents in a folder of this machine, or a single one."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path

from core.errors import DocumentUnreadable, SourceUnavailable
from core.ingestion.parsing import MAX_BYTES
from core.ingestion.parsing.decoding import too_large
from core.ingestion.sources.ignore_rules import rules_around
from core.ingestion.sources.patterns import READABLE, Patterns
from core.ports import Content, Entry, ListingProgress

_AT_ONCE = 64
"""Documents that are read in one turn of a thread: few enough for a source to tell of progress."""

_log = logging.getLogger(__name__)


class FolderSource:
    """The documents under `root` that match `include` and not `exclude`; or `root`, if a file.

    Patterns are matched against the path below `root`. What Git ignores there is passed over, and
    so is a symbolic link that leads out of it.
    """

    def __init__(
        self,
        name: str,
        root: Path,
        *,
        include: Sequence[str] = READABLE,
        exclude: Sequence[str] = (),
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._name = name
        self._root = root
        self._patterns = Patterns(include, exclude)
        self._max_bytes = max_bytes

    @property
    def name(self) -> str:
        """Unique among the sources."""
        return self._name

    @property
    def origin(self) -> str:
        """The absolute path. Links are not resolved: one may come to lead to a newer release."""
        return os.path.normpath(self._root.absolute())

    @property
    def selection(self) -> str:
        """The patterns, as JSON."""
        return self._patterns.as_json

    def require(self) -> None:
        """Raises SourceUnavailable when nothing is there: a few microseconds, without a listing."""
        try:
            self._root.stat()
        except FileNotFoundError as exc:
            raise SourceUnavailable(
                f"The folder {self.origin} of source {self._name!r} does not exist.",
                hint="Correct DOCS_FOLDER, or the source's `folder` in docent.toml.",
                source=self._name,
            ) from exc
        except OSError as exc:
            raise self._unreadable(exc) from exc

    async def entries(self, progress: ListingProgress | None = None) -> Sequence[Entry]:
        """All documents, sorted by path, each read for its fingerprint.

        One that cannot be read is listed without. Raises SourceUnavailable if any folder is
        unreadable.
        """
        paths = await asyncio.to_thread(self._listed)
        found: list[Entry] = []
        for at in range(0, len(paths), _AT_ONCE):
            found += await asyncio.to_thread(self._entries, paths[at : at + _AT_ONCE])
            if progress:
                progress(len(found), len(paths))
        return found

    async def read(self, entry: Entry) -> Content:
        """The file as it stands. Raises DocumentUnreadable."""
        return await asyncio.to_thread(self._content, entry.path)

    def _listed(self) -> list[str]:
        self.require()
        if self._root.is_file():
            return [self._root.name]
        try:
            return sorted(self._paths())
        except OSError as exc:
            raise self._unreadable(exc) from exc

    def _entries(self, paths: Sequence[str]) -> list[Entry]:
        return [Entry(path, self._fingerprint(path)) for path in paths]

    def _fingerprint(self, path: str) -> str | None:
        try:
            return self._content(path).fingerprint
        except DocumentUnreadable:
            return None

    def _content(self, path: str) -> Content:
        data = self._read(path)
        return Content(data, blake2b(data, digest_size=16).hexdigest())

    def _unreadable(self, error: OSError) -> SourceUnavailable:
        return SourceUnavailable(
            f"The folder {error.filename} of source {self._name!r} cannot be read"
            f" ({error.strerror}).",
            hint="Give Docent the right to read it, or exclude it from the source.",
            source=self._name,
        )

    def _paths(self) -> Iterator[str]:
        root = Path(os.path.realpath(self._root)).as_posix()
        rules = {"": rules_around(root)}
        for folder, subfolders, files in os.walk(self._root, onerror=_raise):
            below = _below(self._root, folder)
            ignored = rules.pop(below).inside(root + below)
            # Pruned before they are opened; a linked folder is not entered, since what it holds
            # is listed where it stands, or is outside.
            subfolders[:] = [
                name
                for name in subfolders
                if self._patterns.enters(f"{below}/{name}"[1:])
                and not ignored.ignores(f"{root}{below}/{name}/")
            ]
            rules.update((f"{below}/{name}", ignored) for name in subfolders)
            for name in files:
                path = f"{below}/{name}"
                taken = self._patterns.takes(path[1:]) and not ignored.ignores(root + path)
                if taken and self._is_inside(path[1:]):
                    yield path[1:]

    def _is_inside(self, path: str) -> bool:
        file = self._root / path
        inside = not file.is_symlink() or self._resolves_inside(file)
        if not inside:
            _log.warning("%s of source %s is a link out of its folder", path, self._name)
        return inside

    def _resolves_inside(self, file: Path) -> bool:
        return Path(os.path.realpath(file)).is_relative_to(os.path.realpath(self._root))

    def _read(self, path: str) -> bytes:
        alone = path == self._root.name and self._root.is_file()
        file = self._root if alone else self._root / path
        try:
            if not self._resolves_inside(file):
                raise DocumentUnreadable(path, "it lies outside its source's folder")
            if not file.is_file():  # a pipe would block for ever
                raise DocumentUnreadable(path, "it is gone, or no regular file")
            with file.open("rb") as stream:
                data = stream.read(self._max_bytes + 1)
        except OSError as exc:
            raise DocumentUnreadable(path, f"it cannot be read ({exc.strerror})") from exc
        if len(data) > self._max_bytes:
            raise DocumentUnreadable(path, too_large(self._max_bytes))
        return data


def _below(root: Path, folder: str) -> str:
    """The way from `root`, with a slash before each folder; empty for `root` itself."""
    return "".join(f"/{part}" for part in Path(folder).relative_to(root).parts)


def _raise(error: OSError) -> None:
    raise error
