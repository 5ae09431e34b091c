"""What the doctor looks at on this machine: its disk, its address, and what is shared."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Final, NamedTuple

from bot.address import listening
from bot.settings import Settings
from bot.sources import uploads_folder
from core.errors import ConfigurationError

_SCANT: Final = 500 * 2**20
_TOO_LITTLE: Final = 64 * 2**20
"""Bytes below which the embedded index writes nothing."""

_GIGABYTE: Final = 2**30


class Seen(NamedTuple):
    """What a check found, and what to do about it, if anything."""

    found: str
    advice: str = ""


async def check_data_folder(settings: Settings) -> Seen:
    """Whether it can be written, and how much room it has. Raises ConfigurationError."""
    folder = settings.docent.data_dir
    return told_of_room(folder, shutil.disk_usage(_writable(folder, "DOCENT_DATA_DIR")).free)


def empty_uploads(settings: Settings) -> Path | None:
    """The folder for uploads while there are none; later it is a source like any other."""
    folder = uploads_folder(settings)
    return None if folder is None or (folder.is_dir() and any(folder.iterdir())) else folder


async def check_uploads(settings: Settings) -> str:
    """Whether there is a place for them, where there are none yet. Raises ConfigurationError."""
    if folder := empty_uploads(settings):
        _writable(folder, "WEB_UPLOADS")
    return f"none yet; they are kept in {folder}."


def _writable(folder: Path, setting: str) -> Path:
    """The folder, or the one that it can be made in. Raises ConfigurationError."""
    above = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        raise ConfigurationError(
            f"The folder {folder} cannot be written.",
            hint=f"Name one in {setting} that you may write to, or change its permissions.",
        )
    return above


def told_of_room(folder: Path, free: int) -> Seen:
    """By the bytes that are free. Raises ConfigurationError where nothing can be written."""
    advice = f"Make room on the disk that holds {folder}."
    if free < _TOO_LITTLE:
        left = f"{free / 2**20:.0f} MB left, too little for the index to be written"
        raise ConfigurationError(f"The disk of {folder} has {left}.", hint=advice)
    found = f"{folder}, with {free / _GIGABYTE:.1f} GB of room."
    return Seen(found, advice if free < _SCANT else "")


async def check_instances(settings: Settings) -> Seen:
    """Whether what several instances share can be shared."""
    missing = [
        name
        for name, url in (
            ("DATABASE_URL", settings.database.url),
            ("QDRANT_URL", settings.qdrant.url),
        )
        if url is None
    ]
    if missing:
        return Seen(
            "what they would share is in the data folder, which admits one process at a time.",
            f"Set {' and '.join(missing)}, or remove DATABASE_SHARED.",
        )
    return Seen("several may share the work.")


async def check_address(settings: Settings, *, running: bool | None) -> Seen:
    """Whether it can be listened on. `running` says whether a bot is, None that nobody knows."""
    host, port = settings.server.host, settings.server.port
    try:
        listening(host, port).close()
    except ConfigurationError as error:
        taken = getattr(error.__cause__, "errno", None) == errno.EADDRINUSE
        if not taken or running is False:
            raise
        if running:
            return Seen(f"{host}:{port}, where the bot listens.")
        return Seen(
            f"{host}:{port} is in use.",
            "If it is by the bot, all is well; if not, set SERVER_PORT to a port that is free.",
        )
    return Seen(f"{host}:{port}, which is free.")
