"""Long runs taken over verbatim from a passage, put in quotation marks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import groupby
from typing import NamedTuple, TypeAlias

from core.answering.verifying.marks import cited, without_ending
from core.text.words import words

LONGEST_UNQUOTED = 24
"""Words that may be taken over without saying so."""

_WORD = re.compile(r"[^\W_]+")
_MARK = re.compile(r"\[\d+\]")
_QUOTED = re.compile(r"\s*(?:>|```|~~~|\|)")
_APART = re.compile(r"\s*(?:>|```|~~~|\||#{1,6}\s)")
_QUOTATION = re.compile(r"“[^“”]*”")
_SIGN = re.compile(r"\s*(?:(?:[-*+]|\d{1,3}[.)])[ \t]+)?")
_PAIRS = ("**", "`", "~~")
_SHORTEST_PART = 4
_SAMPLE = 8
_ROW = 6
_EVERY = 5
_FEWEST_ROWS = (LONGEST_UNQUOTED + 2 - _ROW) // _EVERY
"""How many of every fifth row lie within a run that may not go unquoted.

Each overlaps the next, so that no gap between two runs goes unseen.
"""


class _Word(NamedTuple):
    """Where it stands: in which claim, and from where to where in that."""

    start: int
    end: int
    claim: int


_Run: TypeAlias = Sequence[_Word]
_Found: TypeAlias = tuple[range, int]
"""Which of the words a run is, and the number of its passage."""


def in_quotation_marks(claim: str, passages: Iterable[tuple[int, str]]) -> str:
    """The claim with its longest run of 25 or more words of one passage in quotation marks.

    `passages` are texts by their number; the run gets the mark of its passage if the claim has it
    not. Quotes, code and tables stay as they are.
    """
    if len(words(claim)) <= LONGEST_UNQUOTED or _QUOTED.match(claim):
        return claim
    runs = _taken_over(_said(claim), passages)
    if not runs:
        return claim
    run, number = max(runs, key=_length)
    return _quoted(claim, _places(claim)[run.start : run.stop], number)


def in_quotation_marks_throughout(
    claims: Sequence[str], passages: Iterable[tuple[int, str]]
) -> list[str]:
    """The claims of a text with every such run in quotation marks, also over several of them.

    What each claim has of a run is quoted by itself, but for a few words at its ends. Headings,
    quotes, code and tables end a run.
    """
    quoted = list(claims)
    numbered = list(passages)
    for stretch in _stretches(claims):
        said = [word for n in stretch for word in _said(claims[n])]
        if runs := _apart(_taken_over(said, numbered)):
            places = [place for n in stretch for place in _places(claims[n], n)]
            for run, number in reversed(runs):
                for part in reversed(_parts(places[run.start : run.stop])):
                    n = part[0].claim
                    quoted[n] = _quoted(quoted[n], part, number, "".join(quoted[:n]))
    return quoted


def _stretches(claims: Sequence[str]) -> Iterator[range]:
    """Which claims stand together, with none between them that ends a run."""
    start = 0
    for n, claim in enumerate(claims):
        if _APART.match(claim):
            yield range(start, n)
            start = n + 1
    yield range(start, len(claims))


def _said(claim: str) -> list[str]:
    """The words of the claim, but for its marks."""
    unmarked = _MARK.sub(" ", claim) if "[" in claim else claim
    if unmarked.isascii():
        return words(unmarked)
    return [word.lower() for word in _WORD.findall(unmarked)]


def _places(claim: str, n: int = 0) -> list[_Word]:
    """Where each of those words stands."""
    unmarked = _MARK.sub(lambda mark: " " * len(mark.group()), claim)
    return [_Word(*word.span(), n) for word in _WORD.finditer(unmarked)]


def _apart(found: Iterable[_Found]) -> list[_Found]:
    """The runs in the order of the text; of two that overlap, the longer."""
    kept: list[_Found] = []
    for run, n in sorted(found, key=_length, reverse=True):
        if all(run.stop <= k.start or k.stop <= run.start for k, _ in kept):
            kept.append((run, n))
    return sorted(kept, key=lambda each: each[0].start)


def _length(found: _Found) -> int:
    return len(found[0])


def _taken_over(said: Sequence[str], passages: Iterable[tuple[int, str]]) -> list[_Found]:
    """The runs that a passage has as well and that may not go unquoted."""
    likely = _likely(said, passages)
    rows = _rows(said, _EVERY) if likely else []
    return [(run, n) for n, spoken in likely for run in _runs(said, rows, spoken)]


def _likely(said: Sequence[str], passages: Iterable[tuple[int, str]]) -> list[tuple[int, _Spoken]]:
    """The passages that may hold a run.

    A run that may not go unquoted, wherever it begins, has one of the samples whole. To look for
    the words of those tells of nearly all passages that they have none.
    """
    if len(said) <= LONGEST_UNQUOTED:
        return []
    starts = range(0, len(said) - _SAMPLE + 1, LONGEST_UNQUOTED + 2 - _SAMPLE)
    samples = [said[at : at + _SAMPLE] for at in starts]
    spoken = [(n, _spoken(text)) for n, text in passages]
    return [(n, each) for n, each in spoken if any(map(each.vocabulary.issuperset, samples))]


def _parts(run: _Run) -> list[_Run]:
    """What each claim has of the run, without the few words that it may have at the ends."""
    parts: list[_Run] = [list(part) for _, part in groupby(run, key=lambda word: word.claim)]
    ends = (0, len(parts) - 1)
    return [p for n, p in enumerate(parts) if n not in ends or len(p) >= _SHORTEST_PART]


def _quoted(claim: str, run: _Run, number: int, before: str = "") -> str:
    """The claim with that in quotation marks, unless it is or the most of it is."""
    start, end = run[0].start, run[-1].end
    if _within_quotes((before + claim[:start]).rpartition("\n\n")[2]) or _has_long_quotation(
        claim[start:end]
    ):
        return claim
    if not _balanced(claim[start:end]):
        start, end = _whole(claim)
    mark = "" if number in cited(claim) else f" [{number}]"
    return f"{claim[:start]}“{claim[start:end]}”{mark}{claim[end:]}"


def _has_long_quotation(text: str) -> bool:
    found = _QUOTATION.findall(text)
    return any(len(_WORD.findall(quotation)) > LONGEST_UNQUOTED for quotation in found)


def _runs(said: Sequence[str], rows: Sequence[int], spoken: _Spoken) -> Iterator[range]:
    """The runs that the text has as well and that may not go unquoted, each as long as it is.

    Nearly all of an answer is told by every fifth row alone: only where enough of them follow each
    other is the text looked through, from behind the last that it has not to before the next.
    """
    at = 0
    for known, group in groupby(map(spoken.rows.__contains__, rows)):
        count = sum(1 for _ in group)
        if known and count >= _FEWEST_ROWS:
            start, stop = (at - 1) * _EVERY + 1, (at + count) * _EVERY - 1 + _ROW
            yield from _runs_within(said, range(max(0, start), min(stop, len(said))), spoken)
        at += count


def _runs_within(said: Sequence[str], part: range, spoken: _Spoken) -> Iterator[range]:
    run = range(0)
    start = part.start
    for end in range(start + LONGEST_UNQUOTED + 1, part.stop + 1):
        while end - start > LONGEST_UNQUOTED and not spoken.says(said[start:end]):
            start += 1
        if run and (end - start <= LONGEST_UNQUOTED or start != run.start):
            yield run
        run = range(start, end) if end - start > LONGEST_UNQUOTED else range(0)
    if run:
        yield run


class _Spoken:
    """A text as its words, read as far as it is asked for."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """The words, each once."""
        return frozenset(words(self._text))

    @cached_property
    def rows(self) -> frozenset[int]:
        """What each few of the words in a row are hashed to."""
        return frozenset(_rows(words(self._text)))

    @cached_property
    def line(self) -> str:
        """The words, in one line."""
        return f" {' '.join(words(self._text))} "

    def says(self, said: Sequence[str]) -> bool:
        return f" {' '.join(said)} " in self.line


@lru_cache(maxsize=512)
def _spoken(text: str) -> _Spoken:
    """A passage serves many questions."""
    return _Spoken(text)


def _rows(words: Sequence[str], every: int = 1) -> list[int]:
    """What each few words in a row, of every so many, are hashed to, in their order."""
    return list(map(hash, zip(*[words[n::every] for n in range(_ROW)], strict=False)))


def _within_quotes(before: str) -> bool:
    return before.count('"') % 2 == 1 or before.count("“") > before.count("”")


def _balanced(text: str) -> bool:
    brackets = all(text.count(one) == text.count(other) for one, other in ("[]", "()"))
    return brackets and all(text.count(sign) % 2 == 0 for sign in _PAIRS)


def _whole(claim: str) -> tuple[int, int]:
    """Where the sentence stands in the claim, without its list sign, marks and end."""
    sign = _SIGN.match(claim)
    return (sign.end() if sign else 0), len(without_ending(claim))
