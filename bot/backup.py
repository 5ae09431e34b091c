"""The embedded data as one file, and back.

The database is dumped, which a running bot does not notice, and what was uploaded is copied. So is
the vector index while no bot has it open; otherwise it is left out, because it can be written anew
from the sources.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Final

from bot.app import dump_database, hold_index, load_database, open_database
from bot.settings import Settings
from core.conversation.restored import forget_unanswered
from core.errors import ConfigurationError, DataFolderLocked
from core.migrations.runner import migrate

_LABEL: Final = "docent-backup.json"
_DUMP: Final = "database.dump"
_INDEX: Final = "qdrant"
_UPLOADS: Final = "uploads"
_DATABASE: Final = "postgres"
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Backup:
    """What a file holds."""

    made_at: datetime
    index: bool


async def back_up(settings: Settings, file: Path) -> Backup:
    """Writes a new file that only its owner may read.

    Raises ConfigurationError where there is nothing embedded, or the file is there already.
    """
    folder = _embedded(settings)
    if not (folder / _DATABASE).exists():
        raise ConfigurationError(
            f"There is nothing to back up in {folder}.",
            hint="Name the data folder of your bot in DOCENT_DATA_DIR.",
        )
    with ExitStack() as stack:
        index = _held_index(stack, folder / _INDEX)
        made = Backup(datetime.now(UTC), index is not None)
        with _written(file) as unfinished, TemporaryDirectory(dir=folder) as scratch:
            dumped = Path(scratch) / _DUMP
            await dump_database(settings, dumped)
            folders = {_INDEX: index, _UPLOADS: folder / _UPLOADS}
            await asyncio.to_thread(_pack, unfinished, made, dumped, folders)
    return made


async def restore(settings: Settings, file: Path, *, answered_since: bool) -> Backup:
    """Fills an empty data folder from a file; one that fails leaves it empty.

    `answered_since` says that a bot ran on after the backup, so that what it has answered is not
    answered again. Raises ConfigurationError for a folder that is not empty and for what is no
    backup.
    """
    folder = _embedded(settings)
    _require_empty(folder)
    _make_writable(folder)
    with TemporaryDirectory(dir=folder) as scratch:
        made = await asyncio.to_thread(_unpack, file, Path(scratch))
        try:
            await load_database(folder / _DATABASE, Path(scratch) / _DUMP)
            async with open_database(settings) as database:
                await migrate(database)
                if answered_since:
                    await forget_unanswered(database)
        except BaseException:
            shutil.rmtree(folder / _DATABASE, ignore_errors=True)
            raise
        for name in (_INDEX, _UPLOADS):
            if (Path(scratch) / name).exists():
                (Path(scratch) / name).rename(folder / name)
    return made


def _embedded(settings: Settings) -> Path:
    if settings.database.url is not None:
        raise ConfigurationError(
            "The database is a server of its own (DATABASE_URL), not in the data folder.",
            hint="Back it up with pg_dump, or by your provider's means; docs/operations.md has it.",
        )
    return settings.docent.data_dir


def _held_index(stack: ExitStack, folder: Path) -> Path | None:
    """None where a bot has it open, and where there is none."""
    if not folder.exists():
        return None
    try:
        stack.enter_context(hold_index(folder))
    except DataFolderLocked:
        return None
    return folder


@contextmanager
def _written(file: Path) -> Iterator[Path]:
    """A place beside it, which takes its name once it is whole."""
    if file.exists():
        raise ConfigurationError(f"{file} is there already.", hint="Name a file that is not.")
    unfinished = file.with_name(f"{file.name}.unfinished")
    try:
        yield unfinished
        unfinished.rename(file)
    except OSError as exc:
        raise ConfigurationError(
            f"{file} cannot be written ({exc.strerror}).",
            hint="Name a file in a folder that you may write to, on a disk with room.",
        ) from exc
    finally:
        unfinished.unlink(missing_ok=True)


def _pack(file: Path, made: Backup, dumped: Path, folders: Mapping[str, Path | None]) -> None:
    label = {
        "format": _FORMAT,
        "docent": version("docent"),
        "made_at": made.made_at.isoformat(),
        "index": made.index,
    }
    written = json.dumps(label).encode()
    # Before anything is in it: it holds what people asked.
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as opened, tarfile.open(fileobj=opened, mode="w") as archive:
        described = tarfile.TarInfo(_LABEL)
        described.size = len(written)
        archive.addfile(described, io.BytesIO(written))
        archive.add(dumped, _DUMP)
        for name, folder in folders.items():
            if folder is not None and folder.exists():
                archive.add(folder, name)


def _unpack(file: Path, folder: Path) -> Backup:
    try:
        with tarfile.open(file) as archive:
            for member in archive:
                _extract(archive, member, folder)
        label = json.loads((folder / _LABEL).read_bytes())
        if label["format"] != _FORMAT:
            raise ConfigurationError(
                f"{file} was written by a newer version of Docent.", hint="Update Docent."
            )
        made = Backup(datetime.fromisoformat(label["made_at"]), bool(label["index"]))
    except FileNotFoundError:
        raise ConfigurationError(
            f"There is no file {file}.", hint="Name one that `docent backup` wrote."
        ) from None
    except (OSError, tarfile.TarError, ValueError, KeyError, TypeError) as exc:
        raise ConfigurationError(
            f"{file} is no backup that can be read ({type(exc).__name__}).",
            hint="Name a file that `docent backup` wrote, whole, on a disk with room to unpack it.",
        ) from exc
    return made


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Plain files and folders, and only below the folder: anybody may have written the archive."""
    parts = PurePosixPath(member.name).parts
    if parts[:1] not in {(_LABEL,), (_DUMP,), (_INDEX,), (_UPLOADS,)} or ".." in parts:
        raise ValueError(member.name)
    target = folder.joinpath(*parts)
    if member.isdir():
        target.mkdir()
        return
    if (content := archive.extractfile(member)) is None or not member.isfile():
        raise ValueError(member.name)
    with target.open("xb") as written:
        shutil.copyfileobj(content, written)


def _require_empty(folder: Path) -> None:
    held = [name for name in (_DATABASE, _INDEX, _UPLOADS) if (folder / name).exists()]
    if held:
        raise ConfigurationError(
            f"The data folder {folder} holds data already: {' and '.join(held)}.",
            hint="Stop the bot and move them away, or name a new folder in DOCENT_DATA_DIR.",
        )


def _make_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder):
            pass
    except OSError as exc:
        raise ConfigurationError(
            f"The data folder {folder} cannot be written ({exc.strerror}).",
            hint="Name one in DOCENT_DATA_DIR that you may write to.",
        ) from exc
