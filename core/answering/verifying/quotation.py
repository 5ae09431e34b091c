"""Long runs taken over verbatim from a passage, put in quotation marks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.answering.verifying.marks import cited, without_ending

LONGEST_UNQUOTED = 24
"""Words that may be taken over without saying so."""

_WORD = re.compile(r"[^\W_]+")
_MARK = re.compile(r"\[\d+\]")
_QUOTED = re.compile(r"\s*(?:>|```|~~~|\|)")
_SIGN = re.compile(r"\s*(?:(?:[-*+]|\d{1,3}[.)])[ \t]+)?")
_PAIRS = ("**", "`", "~~")


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    start: int
    end: int


def in_quotation_marks(claim: str, passages: Iterable[tuple[int, str]]) -> str:
    """The claim with its longest run of 25 or more words of one passage in quotation marks.

    `passages` are texts by their number; the run gets the mark of its passage if the claim has it
    not. Quotes, code and tables stay as they are.
    """
    words = list(_words(claim))
    if len(words) <= LONGEST_UNQUOTED or _QUOTED.match(claim):
        return claim
    runs = [(run, n) for n, text in passages if (run := _longest_run(words, _spoken(text)))]
    if not runs:
        return claim
    run, number = max(runs, key=lambda found: len(found[0]))
    return _quoted(claim, run[0].start, run[-1].end, number)


def _quoted(claim: str, start: int, end: int, number: int) -> str:
    if _within_quotes(claim[:start]):
        return claim
    if not _balanced(claim[start:end]):
        start, end = _whole(claim)
    mark = "" if number in cited(claim) else f" [{number}]"
    return f"{claim[:start]}“{claim[start:end]}”{mark}{claim[end:]}"


def _words(claim: str) -> Iterator[_Word]:
    hidden = _MARK.sub(lambda mark: " " * len(mark.group()), claim)
    for found in _WORD.finditer(hidden):
        yield _Word(found.group().lower(), found.start(), found.end())


def _longest_run(words: Sequence[_Word], spoken: str) -> Sequence[_Word]:
    """The longest run that the text has as well; empty for one that may go unquoted."""
    longest: Sequence[_Word] = ()
    start = 0
    for end in range(LONGEST_UNQUOTED + 1, len(words) + 1):
        while end - start > LONGEST_UNQUOTED and not _says(spoken, words[start:end]):
            start += 1
        if end - start > max(LONGEST_UNQUOTED, len(longest)):
            longest = words[start:end]
    return longest


def _says(spoken: str, words: Sequence[_Word]) -> bool:
    return f" {' '.join(word.text for word in words)} " in spoken


@lru_cache(maxsize=512)
def _spoken(text: str) -> str:
    return f" {' '.join(_WORD.findall(text.lower()))} "


def _within_quotes(before: str) -> bool:
    return before.count('"') % 2 == 1 or before.count("“") > before.count("”")


def _balanced(text: str) -> bool:
    brackets = all(text.count(one) == text.count(other) for one, other in ("[]", "()"))
    return brackets and all(text.count(sign) % 2 == 0 for sign in _PAIRS)


def _whole(claim: str) -> tuple[int, int]:
    """Where the sentence stands in the claim, without its list sign, marks and end."""
    sign = _SIGN.match(claim)
    return (sign.end() if sign else 0), len(without_ending(claim))
