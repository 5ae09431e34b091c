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


def plain(claim: str) -> str:
    """The claim without what makes it a list item or a quote."""
    return _DECORATION.sub("", claim).strip()


def needs_evidence(claim: str, *, cites: bool) -> bool:
    """Whether a claim, its marks removed, is to be found in a passage.

    Not so headings, code and tables, what says next to nothing and, if it cites nothing, what
    announces what follows, asks, or says that the docs do not say something.
    """
    text = plain(claim)
    if _NO_PROSE.match(claim) or not text:
        return False
    words = sum(len(sentence.tokens) for sentence in read_claim(text).sentences)
    if cites:
        return words >= _FEWEST_WORDS
    return words >= _FEWEST_WORDS_UNCITED and not text.endswith(_ANNOUNCES) and not denies(text)
