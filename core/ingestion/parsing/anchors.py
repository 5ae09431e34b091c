"""Anchors of headings, by the rules of GitHub and of the `github-slugger` package."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

_WORD_CATEGORIES = frozenset({"Nd", "Nl", "Pc"})
_CIRCLED_LETTERS = (
    range(0x24B6, 0x24EA),
    range(0x1F130, 0x1F14A),
    range(0x1F150, 0x1F16A),
    range(0x1F170, 0x1F18A),
)
_UNNAMED = "section"


def slugify(heading: str) -> str:
    """The anchor of a heading's plain text, before duplicates are told apart."""
    return "".join(map(_slug_character, heading.lower()))


def _slug_character(char: str) -> str:
    if char.isascii():
        return char if char.isalnum() or char in "-_" else "-" if char == " " else ""
    category = unicodedata.category(char)
    if category[0] in "LM" or category in _WORD_CATEGORIES:
        return char
    return char if any(ord(char) in letters for letters in _CIRCLED_LETTERS) else ""


class Anchors:
    """Hands out the anchors of one document, each once.

    `explicit` are the anchors that the author set: no derived one takes their name.
    """

    def __init__(self, explicit: Iterable[str] = ()) -> None:
        self._reserved = set(explicit)
        self._taken: set[str] = set()
        self._repeats: dict[str, int] = {}

    def derive(self, heading: str) -> str:
        """The anchor of the next heading; never empty, since a link needs one."""
        return self._unique(slugify(heading) or _UNNAMED)

    def claim(self, anchor: str) -> str:
        """An anchor that the author set; numbered like any other where it was set before."""
        self._reserved.discard(anchor)
        return self._unique(anchor)

    def _unique(self, anchor: str) -> str:
        unique = anchor
        while unique in self._taken or unique in self._reserved:
            self._repeats[anchor] = self._repeats.get(anchor, 0) + 1
            unique = f"{anchor}-{self._repeats[anchor]}"
        self._taken.add(unique)
        return unique
