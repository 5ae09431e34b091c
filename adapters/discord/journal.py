"""Direct conversations in which something may be left to be taken, on disk.

Discord lists them to no bot. So a process that is killed before it could store somebody's first
words leaves their channel to the next one in the same data folder.
"""

from __future__ import annotations

import logging
from pathlib import Path

log = logging.getLogger(__name__)


class Journal:
    """An empty file a channel, in a folder that several processes may share.

    Without a folder, and where none can be written, nothing outlives the process.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._noted: set[str] = set()

    def load(self) -> list[str]:
        """The channels that were left; to be called once, at the start."""
        try:
            found = [] if self._folder is None else [each.name for each in self._folder.iterdir()]
        except OSError:
            found = []
        self._noted = {name for name in found if name.isdecimal()}
        return sorted(self._noted)

    def note(self, channel: str) -> None:
        """Something of it may be left to be taken. Raises nothing."""
        if self._folder is None or channel in self._noted:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / channel).touch()
        except OSError as exc:
            log.warning("Unstored direct messages are kept in memory alone. %s", exc)
            self._folder = None
        self._noted.add(channel)

    def strike(self, channel: str) -> None:
        """All of it was taken. Raises nothing."""
        if channel not in self._noted:
            return
        self._noted.discard(channel)
        try:
            if self._folder is not None:
                (self._folder / channel).unlink(missing_ok=True)
        except OSError as exc:
            log.warning("A direct conversation is read again at the next start. %s", exc)
