"""What the `.gitignore` files of a folder leave out, as Git reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

_NAME = ".gitignore"
_MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class _Rules:
    """The patterns of one file, for paths that begin with `base`."""

    base: str
    patterns: tuple[GitIgnoreSpecPattern, ...]

    def verdict(self, path: str) -> bool | None:
        """Whether they leave a path out, by the last that names it; None where none does."""
        path = path.removeprefix(self.base)
        return next((p.include for p in reversed(self.patterns) if _names(p, path)), None)


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The rules for what stands directly in a folder, those of the innermost file last.

    Paths are absolute, with forward slashes; `ignores` is asked for a folder with one at the end.
    What is in a folder that is left out is not to be asked for: nothing can be let in again there.
    """

    rules: tuple[_Rules, ...] = ()

    def ignores(self, path: str) -> bool:
        """Whether a file or folder in the folder is left out."""
        verdicts = (rules.verdict(path) for rules in reversed(self.rules))
        return next((verdict for verdict in verdicts if verdict is not None), False)

    def inside(self, folder: str) -> IgnoreRules:
        """With those of the file in `folder`, for what stands there. Raises OSError."""
        return self._with(Path(folder) / _NAME, folder)

    def excluded_from(self, repository: str) -> IgnoreRules:
        """With those that are the repository's alone, and in no version of it."""
        return self._with(Path(repository) / ".git" / "info" / "exclude", repository)

    def _with(self, file: Path, folder: str) -> IgnoreRules:
        patterns = _read(file)
        if not patterns:
            return self
        return IgnoreRules((*self.rules, _Rules(folder.rstrip("/") + "/", patterns)))


def _names(pattern: GitIgnoreSpecPattern, path: str) -> bool:
    """Whether it is the path itself that the pattern names, and not a folder that it is in.

    pathspec takes both for a match, which in one file comes to the same, and over several does not.
    """
    if pattern.regex is None:
        return False
    return any(_is_whole(found, path) for found in pattern.regex.finditer(path))


def _is_whole(found: re.Match[str], path: str) -> bool:
    # The only group that there is stands for the slash after a folder that is named. Without it,
    # what ends with that of the path is the start of `folder/**`, which is all but the folder.
    ends = found.end() == len(path)
    return ends if found.lastindex else not (ends and path.endswith("/"))


def rules_around(root: str) -> IgnoreRules:
    """Those of the Git repository that `root` lies in, without those of `root` itself.

    None hold where they cannot be read, or would leave out `root`, which was chosen nevertheless,
    as one that is generated.
    """
    rules = IgnoreRules()
    with suppress(OSError):
        way = _way_from_repository(root)
        rules = rules.excluded_from(way[0]) if way else rules
        for folder, below in pairwise(way):
            rules = rules.inside(folder)
            if rules.ignores(f"{below}/"):
                return IgnoreRules()
        return rules
    return IgnoreRules()


def _way_from_repository(root: str) -> list[str]:
    """The folders from the repository's own down to `root`; empty where there is no repository."""
    around = [Path(root), *Path(root).parents]
    depth = next((n for n, folder in enumerate(around) if (folder / ".git").exists()), -1)
    return [folder.as_posix() for folder in reversed(around[: depth + 1])]


def _read(file: Path) -> tuple[GitIgnoreSpecPattern, ...]:
    """As Git, it passes over links, and over patterns that are none."""
    if file.is_symlink() or not file.is_file():
        return ()
    with file.open("rb") as stream:
        text = stream.read(_MAX_BYTES).decode("utf-8-sig", "surrogateescape")
    return tuple(pattern for line in text.splitlines() for pattern in _patterns(line))


def _patterns(line: str) -> Iterator[GitIgnoreSpecPattern]:
    with suppress(ValueError, re.error):
        yield from GitIgnoreSpec.from_lines([line]).patterns
