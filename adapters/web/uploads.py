"""Documents that come by upload: files in a folder that is a source like any other."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Awaitable, Callable
from pathlib import Path, PurePosixPath
from uuid import uuid4

from adapters.web.library import Library, document_id
from adapters.web.problems import Problem
from core.ingestion.listing import ListedDocument
from core.ingestion.report import SyncReport

SOURCE = "uploads"
KINDS = (".md", ".markdown", ".html", ".htm", ".pdf", ".docx")

_LONGEST_STEM = 200
"""Bytes: a name may have 255 of them, suffix and all, on the file systems in use."""

_UNSAFE = re.compile(r"[^\w. -]+|\s+")


class Uploads:
    """`bring_in` syncs the source, and with it what was added or removed. One change at a time."""

    def __init__(
        self, folder: Path, bring_in: Callable[[], Awaitable[SyncReport]], library: Library
    ) -> None:
        self._folder = folder
        self._bring_in = bring_in
        self._library = library
        self._changing = asyncio.Lock()

    async def add(self, name: str, data: bytes) -> ListedDocument:
        """Keeps the file under a name from `safe_name`, and has it answered from.

        Raises DocentError, and Problem for one without text or that cannot be read; then what was
        there stays.
        """
        async with self._changing:
            file = self._folder / name
            before = await asyncio.to_thread(_read, file)
            await self._keep(file, data)
            report = await self._bring_in()
            if reason := report.failed.get(f"{SOURCE}/{name}"):
                await asyncio.to_thread(_restore, file, before)
                raise Problem(422, "Not readable", f"{name}: {reason}")
            added = await self._library.find(document_id(SOURCE, name))
            if added is None or not added.chunks:
                await asyncio.to_thread(_restore, file, before)
                await self._bring_in()
                raise Problem(422, "Nothing to answer from", f"{name} has no text.")
            return added

    async def _keep(self, file: Path, data: bytes) -> None:
        try:
            await asyncio.to_thread(_write, file, data)
        except OSError as exc:
            reason = exc.strerror or type(exc).__name__
            raise Problem(507, "Not kept", f"{file.name} cannot be written: {reason}.") from exc

    async def remove(self, name: str) -> SyncReport:
        """Deletes the file, and has it answered from no more. Raises DocentError."""
        async with self._changing:
            await asyncio.to_thread((self._folder / name).unlink, missing_ok=True)
            return await self._bring_in()


def safe_name(name: str) -> str:
    """A file's name as it is kept: of no folder, and of a kind that can be read.

    Raises Problem.
    """
    plain = unicodedata.normalize("NFC", PurePosixPath(name.replace("\\", "/")).name)
    path = PurePosixPath(_UNSAFE.sub("-", plain).strip("-. "))
    if path.suffix.lower() not in KINDS:
        raise Problem(
            415, "Unsupported media type", f"A document is one of {', '.join(KINDS)}, by its name."
        )
    stem = path.stem.encode()[:_LONGEST_STEM].decode(errors="ignore")
    return stem.strip("-. ") + path.suffix.lower()


def _read(file: Path) -> bytes | None:
    return file.read_bytes() if file.exists() else None


def _write(file: Path, data: bytes) -> None:
    """All of it or nothing. A sync reads no file whose name has no kind."""
    part = file.with_name(f".{uuid4().hex}")
    try:
        part.write_bytes(data)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _restore(file: Path, before: bytes | None) -> None:
    if before is None:
        file.unlink(missing_ok=True)
    else:
        _write(file, before)
