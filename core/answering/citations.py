"""Marks in a model's text, resolved to the passages that they stand for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from core.model import Citation, Passage
from core.text.claims import split_claims
from core.text.prose import map_prose, settled
from core.text.relevance import best_sentence
from core.text.unicode import visible

_LONGEST_QUOTE = 300
_MARK = re.compile(
    r"(?<![ \t])[ \t]*+(?:"
    r"\\?\[(?P<twice>\[)?\^?(?P<numbers>\d[\d\s,;–-]*)\\?\](?(twice)\])"
    r"(?:\([^()\s]*(?:\s+[\"'][^()\n]*)?\))?"
    r"|[【［]\s*(?P<wide>\d[^】］\n]{0,60})[】］])"  # noqa: RUF001 - models write both
)
_BRACKET = re.compile(r"[\[【［]")  # noqa: RUF001 - as above
"""What no mark is without."""

_FINAL = re.compile(r"\[(\d+)\]")
_REPEATED = re.compile(r"(\[\d+\])(?:\s*\1)+")
_RANGE = re.compile(r"(\d+)(?:\s*[–-]\s*(\d+))?")
_NO_SENTENCE = re.compile(r"\s*(?:#{1,6}\s|```|~~~|\|)")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)")
_DECORATION = re.compile(r"^(?:\s*(?:[-*+>]|\d{1,3}[.)])\s+)+")
_MOST_DIGITS = 4


class Citations:
    """The marks of one answer, numbered in the order of their first use.

    A mark gets its number with the first claim that uses it, and keeps it.
    """

    def __init__(self, passages: Sequence[Passage], question: str) -> None:
        self._passages = passages
        self._question = question
        self._claims: dict[int, str] = {}

    def resolved(self, claim: str) -> str:
        """The claim with every mark as `[n]` for `passages[n - 1]`; the others are removed."""
        if not _BRACKET.search(claim):
            return claim
        return settled(claim, lambda text: map_prose(text, self._resolve))

    def numbered(self, claim: str) -> str:
        """A resolved claim with its final marks, which count as used from here on."""
        return map_prose(claim, lambda prose: _FINAL.sub(lambda m: self._use(m, claim), prose))

    @property
    def empty(self) -> bool:
        """Whether no mark was used so far."""
        return not self._claims

    def used(self) -> tuple[Citation, ...]:
        """The sources of the claims so far, in the order of their numbers."""
        return tuple(
            self._citation(n, passage, claim)
            for n, (passage, claim) in enumerate(self._claims.items(), 1)
        )

    def _resolve(self, prose: str) -> str:
        return _REPEATED.sub(r"\1", _MARK.sub(self._marks, prose))

    def _marks(self, found: re.Match[str]) -> str:
        numbers = found["numbers"] or found["wide"].partition("†")[0]
        known = dict.fromkeys(_numbers(numbers, len(self._passages)))
        space = found.group()[: len(found.group()) - len(found.group().lstrip())]
        return (space if known else "") + "".join(f"[{n}]" for n in known)

    def _use(self, mark: re.Match[str], claim: str) -> str:
        n = int(mark[1])
        self._claims.setdefault(n, claim)
        return f"[{list(self._claims).index(n) + 1}]"

    def _citation(self, n: int, number: int, claim: str) -> Citation:
        passage = self._passages[number - 1]
        return Citation(
            n=n,
            title=passage.title,
            heading_path=passage.heading_path,
            url=passage.url,
            quote=quoted(f"{self._question} {without_marks(claim)}", passage.text),
            source=passage.source,
            peer_reviewed=passage.peer_reviewed,
        )


# An earlier answer is read twice, by whoever completes the question and by the prompt.
@lru_cache(maxsize=256)
def without_marks(text: str) -> str:
    """The text with no marks in it; code is left alone."""
    return map_prose(text, lambda prose: _MARK.sub("", prose)) if _BRACKET.search(text) else text


def quoted(claim: str, text: str) -> str:
    """The sentence of `text` that says best what `claim` says, on one line and without links."""
    sentences = _sentences(text)
    best = sentences[best_sentence(claim, sentences)]
    line = " ".join(_LINK.sub(r"\1", _DECORATION.sub("", best)).split())
    return line if len(line) <= _LONGEST_QUOTE else line[: _LONGEST_QUOTE - 1].rstrip() + "…"


@lru_cache(maxsize=512)
def _sentences(text: str) -> Sequence[str]:
    """Those of a passage, at least one; headings, code and tables only where there is no other."""
    claims = [c for c in split_claims(visible(text)) if c.strip()]
    return [c for c in claims if not _NO_SENTENCE.match(c)] or claims or [""]


def _numbers(text: str, most: int) -> list[int]:
    """The passages that `1`, `1, 2` or `1-3` names, of those that exist."""
    numbers: list[int] = []
    for first, last in _RANGE.findall(text):
        if max(len(first), len(last)) <= _MOST_DIGITS:
            numbers += range(max(1, int(first)), min(most, int(last or first)) + 1)
    return numbers
