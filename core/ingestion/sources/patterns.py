"""Which files of a source are its documents (pure)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from core.ingestion.parsing import SUFFIXES

READABLE = tuple(f"**/*{suffix}" for suffix in SUFFIXES)
"""Every format that Docent reads."""

_IGNORED_FOLDERS = frozenset({"node_modules"})


class Patterns:
    """The paths that match `include` and not `exclude`, with forward slashes, below the root.

    They are matched in any case of letters: `*` and `?` stay within a name, `**/` is any number
    of folders. Hidden files and folders and `node_modules` are passed over.
    """

    def __init__(self, include: Sequence[str] = READABLE, exclude: Sequence[str] = ()) -> None:
        self._include = _any_of(include)
        self._exclude = _any_of(exclude)
        self.as_json = json.dumps([list(include), list(exclude)])
        """Equal for equal patterns."""

    def enters(self, folder: str) -> bool:
        """Whether documents may lie in a folder, whose parents are entered."""
        name = folder.rpartition("/")[2]
        hidden = name.startswith(".") or name in _IGNORED_FOLDERS
        return not hidden and not self._exclude.fullmatch(folder + "/")

    def takes(self, path: str) -> bool:
        """Whether a file is a document, in a folder that is entered."""
        hidden = path.rpartition("/")[2].startswith(".")
        included = self._include.fullmatch(path) and not self._exclude.fullmatch(path)
        return not hidden and bool(included)

    def select(self, path: str) -> bool:
        """Both: whether a file is a document, wherever it lies."""
        folders = PurePosixPath(path).parents
        entered = (self.enters(str(folder)) for folder in folders if folder.name)
        return self.takes(path) and all(entered)


def _any_of(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(_translate, patterns)) or r"(?!)", re.IGNORECASE)


def _translate(pattern: str) -> str:
    return "".join(_GLOB.get(part, re.escape(part)) for part in _GLOB_PARTS.split(pattern))


_GLOB_PARTS = re.compile(r"(\*\*/|\*\*|\*|\?)")
_GLOB = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
