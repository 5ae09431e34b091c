"""Anchors of headings, by the rules of the sites that show them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

from core.ingestion.addresses import SlugRule
from core.ingestion.parsing.headings import Heading

_WORD_CATEGORIES = frozenset({"Nd", "Nl", "Pc"})
_CIRCLED_LETTERS = (
    range(0x24B6, 0x24EA),
    range(0x1F130, 0x1F14A),
    range(0x1F150, 0x1F16A),
    range(0x1F170, 0x1F18A),
)
_UNNAMED = "section"
_NO_SLUG = re.compile(r"[^a-z0-9_ \-\x80-\U0010ffff]+")
_NO_TOC_CHARACTER = re.compile(r"[^\w\s-]", re.ASCII)
_TOC_GAP = re.compile(r"[-\s]+")
_TOC_NUMBER = re.compile(r"(.*)_([0-9]+)")


def anchors(headings: Sequence[Heading], rule: SlugRule) -> list[str]:
    """The anchors that a site gives the headings of one page, in order.

    `plain` gives each heading one of its own: the author's, or GitHub's for its words. The others
    do as their sites do. `docusaurus` and `mkdocs` take the author's as it is, even twice;
    `github` knows none, and reads what stands in braces as words. A heading without a letter has
    an empty one in `docusaurus` and `github`.
    """
    return _RULES[rule](headings)


def _plain(headings: Sequence[Heading]) -> list[str]:
    slugger = Slugger(h.explicit_anchor for h in headings if h.explicit_anchor)
    return [
        slugger.claim(h.explicit_anchor)
        if h.explicit_anchor
        else slugger.unique(slugify(h.slug_source) or _UNNAMED)
        for h in headings
    ]


def _github(headings: Sequence[Heading]) -> list[str]:
    slugger = Slugger()
    return [slugger.unique(slugify(h.slug_source + h.attributes)) for h in headings]


def _docusaurus(headings: Sequence[Heading]) -> list[str]:
    slugger = Slugger()
    return [h.explicit_anchor or slugger.unique(slugify(h.slug_source)) for h in headings]


def _mkdocs(headings: Sequence[Heading]) -> list[str]:
    toc = _Toc(h.explicit_anchor for h in headings if h.explicit_anchor)
    return [h.explicit_anchor or toc.unique(toc_slug(h.slug_source)) for h in headings]


def slugify(heading: str) -> str:
    """GitHub's anchor of a heading's plain text, before duplicates are told apart."""
    lower = heading.lower()
    if not lower.isascii():
        lower = "".join(map(_slug_character, lower))
    return _NO_SLUG.sub("", lower).replace(" ", "-")


def _slug_character(char: str) -> str:
    if char.isascii():
        return char
    category = unicodedata.category(char)
    if category[0] in "LM" or category in _WORD_CATEGORIES:
        return char
    return char if any(ord(char) in letters for letters in _CIRCLED_LETTERS) else ""


def toc_slug(heading: str) -> str:
    """Python-Markdown's, by its `toc` extension with the default `slugify`."""
    ascii_text = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode()
    return _TOC_GAP.sub("-", _NO_TOC_CHARACTER.sub("", ascii_text).strip().lower())


class Slugger:
    """Numbers what was there before, as the `github-slugger` package does.

    `reserved` are anchors that only `claim` gives out.
    """

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._reserved = set(reserved)
        self._taken: set[str] = set()
        self._repeats: dict[str, int] = {}

    def unique(self, anchor: str) -> str:
        """The anchor, or the first of `anchor-1`, `anchor-2`, … that is free."""
        unique = anchor
        while unique in self._taken or unique in self._reserved:
            self._repeats[anchor] = self._repeats.get(anchor, 0) + 1
            unique = f"{anchor}-{self._repeats[anchor]}"
        self._taken.add(unique)
        return unique

    def claim(self, anchor: str) -> str:
        """One that the author set; numbered like any other where it was set before."""
        self._reserved.discard(anchor)
        return self.unique(anchor)


class _Toc:
    """Numbers what was there before, or is empty, as Python-Markdown does."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)
        self._next: dict[str, int] = {}

    def unique(self, anchor: str) -> str:
        if anchor in self._taken or not anchor:
            counted = _TOC_NUMBER.fullmatch(anchor)
            base, count = (counted[1], int(counted[2])) if counted else (anchor, 0)
            anchor = f"{base}_{self._free(base, count + 1)}"
        self._taken.add(anchor)
        return anchor

    def _free(self, base: str, number: int) -> int:
        """The first number from this one on. What is passed is skipped from then on."""
        passed = []
        while (anchor := f"{base}_{number}") in self._taken:
            passed.append(anchor)
            number = self._next.get(anchor, number + 1)
        self._next.update(dict.fromkeys(passed, number))
        return number


_RULES: dict[SlugRule, Callable[[Sequence[Heading]], list[str]]] = {
    SlugRule.PLAIN: _plain,
    SlugRule.DOCUSAURUS: _docusaurus,
    SlugRule.MKDOCS: _mkdocs,
    SlugRule.GITHUB: _github,
}
