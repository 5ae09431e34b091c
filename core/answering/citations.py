"""Marks in a model's text, resolved to the passages that they stand for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from core.model import Citation, Passage
from core.text.claims import split_claims
from core.text.prose import map_prose, settled
from core.text.relevance import best_sentence
from core.text.unicode import visible

_LONGEST_QUOTE = 300
# From the bracket on, which is found fast; a backslash and blanks before it are looked for there.
_MARK = re.compile(
    r"\[(?P<twice>\[)?\^?(?P<numbers>\d[\d\s,;–-]*)\\?\](?(twice)\])"
    r"(?:\([^()\s]*(?:\s+[\"'][^()\n]*)?\))?"
)
_MARK_OR_WIDE = re.compile(
    _MARK.pattern + r"|[【［]\s*(?P<wide>\d[^】］\n]{0,60})[】］]"  # noqa: RUF001 - models write both
)
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
        if not _may_have_marks(claim) or self._is_resolved(claim):
            return claim
        return settled(claim, lambda text: map_prose(text, self._resolve))

    def numbered(self, claim: str) -> str:
        """A resolved claim with its final marks, which count as used from here on."""
        return map_prose(claim, lambda prose: self._number(prose, claim))

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

    def _is_resolved(self, claim: str) -> bool:
        """Whether all its brackets are those of different known marks, as most claims' are."""
        numbers = _FINAL.findall(claim)
        return (
            len(numbers) == claim.count("[") == len(set(numbers))
            and "](" not in claim
            and "\\" not in claim
            and _numerals(len(self._passages)).issuperset(numbers)
            and not _may_have_wide(claim)
        )

    def _resolve(self, prose: str) -> str:
        resolved = _with_marks(prose, self._final)
        return _REPEATED.sub(r"\1", resolved) if resolved.count("[") > 1 else resolved

    def _final(self, numbers: str) -> str:
        return _marks(numbers, len(self._passages))

    def _number(self, prose: str, claim: str) -> str:
        parts = _FINAL.split(prose)
        for at in range(1, len(parts), 2):
            parts[at] = self._use(int(parts[at]), claim)
        return "".join(parts)

    def _use(self, n: int, claim: str) -> str:
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
    if not _may_have_marks(text):
        return text
    return map_prose(text, lambda prose: _with_marks(prose, lambda _: ""))


def _may_have_marks(text: str) -> bool:
    return "[" in text or _may_have_wide(text)


def _may_have_wide(text: str) -> bool:
    return "【" in text or "［" in text  # noqa: RUF001 - as in the pattern


def _with_marks(prose: str, written: Callable[[str], str]) -> str:
    """The prose with every mark as its numbers are `written`; without the blanks before nothing."""
    parts: list[str] = []
    end = 0
    for found in (_MARK_OR_WIDE if _may_have_wide(prose) else _MARK).finditer(prose):
        before = prose[end : found.start()]
        if numbers := found["numbers"]:
            before = before.removesuffix("\\")
        else:
            numbers = found["wide"].partition("†")[0]
        mark = written(numbers)
        parts += (before if mark else before.rstrip(" \t"), mark)
        end = found.end()
    return "".join([*parts, prose[end:]])


def quoted(claim: str, text: str) -> str:
    """The sentence of `text` that says best what `claim` says, on one line and without links."""
    sentences = _sentences(text)
    best = sentences[best_sentence(claim, sentences)]
    plain = _DECORATION.sub("", best)
    if "](" in plain:
        plain = _LINK.sub(r"\1", plain)
    line = " ".join(plain.split())
    return line if len(line) <= _LONGEST_QUOTE else line[: _LONGEST_QUOTE - 1].rstrip() + "…"


@lru_cache(maxsize=512)
def _sentences(text: str) -> Sequence[str]:
    """Those of a passage, at least one; headings, code and tables only where there is no other."""
    claims = [c for c in split_claims(visible(text)) if c.strip()]
    return [c for c in claims if not _NO_SENTENCE.match(c)] or claims or [""]


# An answer cites the same few passages over and over.
@lru_cache(maxsize=256)
def _marks(numbers: str, most: int) -> str:
    """One `[n]` for each passage named that exists."""
    return "".join(f"[{n}]" for n in dict.fromkeys(_numbers(numbers, most)))


@lru_cache(maxsize=64)
def _numerals(most: int) -> frozenset[str]:
    return frozenset(map(str, range(1, most + 1)))


def _numbers(text: str, most: int) -> list[int]:
    """The passages that `1`, `1, 2` or `1-3` names, of those that exist."""
    numbers: list[int] = []
    for first, last in _RANGE.findall(text):
        if max(len(first), len(last)) <= _MOST_DIGITS:
            numbers += range(max(1, int(first)), min(most, int(last or first)) + 1)
    return numbers
