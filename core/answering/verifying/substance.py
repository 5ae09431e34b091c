"""Which claims say something that the docs have to say, too."""

from __future__ import annotations

import re

from core.answering.refusal import denies
from core.answering.verifying.reading import read_claim

_NO_PROSE = re.compile(r"\s*(?:#{1,6}[ \t]|```|~~~|\||(?:[-*_][ \t]*){3,}\Z)")
_DECORATION = re.compile(r"^[ \t]*(?:>[ \t]*|[-*+][ \t]+|\d{1,3}[.)][ \t]+)+", re.MULTILINE)
_ANNOUNCES = (":", "?")
_FEWEST_WORDS = 2
_FEWEST_WORDS_UNCITED = 4


def statement(claim: str, *, cites: bool) -> str:
    """What a claim, its marks removed, says that is to be found in a passage, in plain prose.

    Empty for headings, code and tables, for what says next to nothing and, if it cites nothing,
    for what announces what follows, asks, or says that the docs do not say something.
    """
    text = "" if _NO_PROSE.match(claim) else _plain(claim)
    return text if text and _says_something(text, cites=cites) else ""


def _says_something(text: str, *, cites: bool) -> bool:
    words = sum([len(sentence.tokens) for sentence in read_claim(text).sentences])
    if cites:
        return words >= _FEWEST_WORDS
    return words >= _FEWEST_WORDS_UNCITED and not text.endswith(_ANNOUNCES) and not denies(text)


def _plain(claim: str) -> str:
    lines = claim.strip("\n")
    if "\n" in lines:
        return _DECORATION.sub("", lines).strip()
    decoration = _DECORATION.match(lines)
    return lines[decoration.end() :].strip() if decoration else lines.strip()
