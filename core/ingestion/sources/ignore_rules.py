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
    spec: GitIgnoreSpec

    def verdict(self, path: str) -> bool | None:
        """Whether they leave a path out; None where they say nothing of it."""
        return self.spec.check_file(path.removeprefix(self.base)).include


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
        spec = _read(file)
        if spec is None:
            return self
        return IgnoreRules((*self.rules, _Rules(folder.rstrip("/") + "/", spec)))


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


def _read(file: Path) -> GitIgnoreSpec | None:
    """None without a pattern. As Git, it passes over links, and over patterns that are none."""
    if file.is_symlink() or not file.is_file():
        return None
    with file.open("rb") as stream:
        text = stream.read(_MAX_BYTES).decode("utf-8-sig", "surrogateescape")
    patterns = [pattern for line in text.splitlines() for pattern in _patterns(line)]
    return GitIgnoreSpec(patterns) if patterns else None


def _patterns(line: str) -> Iterator[GitIgnoreSpecPattern]:
    with suppress(ValueError, re.error):
        yield from GitIgnoreSpec.from_lines([line]).patterns
