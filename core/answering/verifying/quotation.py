"""Long runs taken over verbatim from a passage, put in quotation marks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import groupby
from typing import NamedTuple, TypeAlias

from core.answering.verifying.marks import cited, without_ending

LONGEST_UNQUOTED = 24
"""Words that may be taken over without saying so."""

_WORD = re.compile(r"[^\W_]+")
_MARK = re.compile(r"\[\d+\]")
_QUOTED = re.compile(r"\s*(?:>|```|~~~|\|)")
_HEADING = re.compile(r"\s*#{1,6}\s")
_QUOTATION = re.compile(r"“[^“”]*”")
_SIGN = re.compile(r"\s*(?:(?:[-*+]|\d{1,3}[.)])[ \t]+)?")
_PAIRS = ("**", "`", "~~")
_SHORTEST_PART = 4
_ROW = 4
_SAMPLE = 8


class _Word(NamedTuple):
    """Where it stands: in which claim, and from where to where in that."""

    text: str
    start: int
    end: int
    claim: int = 0


_Run: TypeAlias = Sequence[_Word]


def in_quotation_marks(claim: str, passages: Iterable[tuple[int, str]]) -> str:
    """The claim with its longest run of 25 or more words of one passage in quotation marks.

    `passages` are texts by their number; the run gets the mark of its passage if the claim has it
    not. Quotes, code and tables stay as they are.
    """
    if len(_WORD.findall(claim)) <= LONGEST_UNQUOTED or _QUOTED.match(claim):
        return claim
    words = list(_words(claim))
    texts = [word.text for word in words]
    rows = _rows(texts)
    runs = [
        (run, n)
        for n, spoken in _likely(texts, passages)
        if (run := _longest_run(words, rows, spoken))
    ]
    if not runs:
        return claim
    run, number = max(runs, key=lambda found: len(found[0]))
    return _quoted(claim, run, number)


def in_quotation_marks_throughout(
    claims: Sequence[str], passages: Iterable[tuple[int, str]]
) -> list[str]:
    """The claims of a text with every such run in quotation marks, also over several of them.

    What each claim has of a run is quoted by itself, but for a few words at its ends. Headings,
    quotes, code and tables end a run.
    """
    quoted = list(claims)
    numbered = list(passages)
    for words in _stretches(claims):
        for run, number in reversed(_apart(words, numbered)):
            for part in reversed(_parts(run)):
                n = part[0].claim
                quoted[n] = _quoted(quoted[n], part, number, "".join(quoted[:n]))
    return quoted


def _stretches(claims: Sequence[str]) -> Iterator[list[_Word]]:
    """The words of consecutive claims."""
    words: list[_Word] = []
    for n, claim in enumerate(claims):
        if _QUOTED.match(claim) or _HEADING.match(claim):
            yield words
            words = []
        else:
            words += _words(claim, n)
    yield words


def _apart(words: _Run, passages: Iterable[tuple[int, str]]) -> list[tuple[_Run, int]]:
    """The runs with their passages in the order of the text; of two that overlap, the longer."""
    texts = [word.text for word in words]
    likely = list(_likely(texts, passages))
    if not likely:
        return []
    rows = _rows(texts)
    found = [(run, n) for n, spoken in likely for run in _runs(words, rows, spoken)]
    kept: list[tuple[_Run, int]] = []
    for run, n in sorted(found, key=lambda each: -len(each[0])):
        if all(_place(run[-1]) < _place(k[0]) or _place(k[-1]) < _place(run[0]) for k, _ in kept):
            kept.append((run, n))
    return sorted(kept, key=lambda each: _place(each[0][0]))


def _likely(
    words: Sequence[str], passages: Iterable[tuple[int, str]]
) -> Iterator[tuple[int, _Spoken]]:
    """The passages that may hold a run, each as its words.

    A run that may not go unquoted, wherever it begins, has one of the samples whole. To look for
    the words of those, the longest first, tells of nearly all passages that they have none.
    """
    starts = range(0, len(words) - _SAMPLE + 1, LONGEST_UNQUOTED + 2 - _SAMPLE)
    samples = [sorted(words[at : at + _SAMPLE], key=len, reverse=True) for at in starts]
    for n, text in passages:
        holds = text.lower().__contains__
        if any(all(map(holds, sample)) for sample in samples):
            yield n, _spoken(text)


def _place(word: _Word) -> tuple[int, int]:
    return word.claim, word.start


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


def _words(claim: str, n: int = 0) -> Iterator[_Word]:
    hidden = _MARK.sub(lambda mark: " " * len(mark.group()), claim)
    for found in _WORD.finditer(hidden):
        yield _Word(found.group().lower(), found.start(), found.end(), n)


def _longest_run(words: _Run, rows: Sequence[int], spoken: _Spoken) -> _Run:
    """The longest run that the text has as well; empty for one that may go unquoted."""
    return max(_runs(words, rows, spoken), key=len, default=())


def _runs(words: _Run, rows: Sequence[int], spoken: _Spoken) -> Iterator[_Run]:
    """The runs that the text has as well and that may not go unquoted, each as long as it is.

    Nearly all of an answer is told by its rows alone: only where enough of them follow each other
    is the text looked through.
    """
    at = 0
    for known, group in groupby(map(spoken.rows.__contains__, rows)):
        length = sum(1 for _ in group)
        if known and length + _ROW - 1 > LONGEST_UNQUOTED:
            yield from _runs_within(words[at : at + length + _ROW - 1], spoken)
        at += length


def _runs_within(words: _Run, spoken: _Spoken) -> Iterator[_Run]:
    run: _Run = ()
    start = 0
    for end in range(LONGEST_UNQUOTED + 1, len(words) + 1):
        while end - start > LONGEST_UNQUOTED and not spoken.says(words[start:end]):
            start += 1
        if run and (end - start <= LONGEST_UNQUOTED or words[start] is not run[0]):
            yield run
        run = words[start:end] if end - start > LONGEST_UNQUOTED else ()
    if run:
        yield run


class _Spoken:
    """The words of a text, in one line."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = f" {' '.join(words)} "

    @cached_property
    def rows(self) -> frozenset[int]:
        """What each few of the words in a row are hashed to."""
        return frozenset(_rows(self.words.split()))

    def says(self, words: _Run) -> bool:
        return f" {' '.join(word.text for word in words)} " in self.words


@lru_cache(maxsize=512)
def _spoken(text: str) -> _Spoken:
    return _Spoken(_WORD.findall(text.lower()))


def _rows(words: Sequence[str]) -> list[int]:
    """What each few words in a row are hashed to, in their order."""
    return list(map(hash, zip(*(words[n:] for n in range(_ROW)), strict=False)))


def _within_quotes(before: str) -> bool:
    return before.count('"') % 2 == 1 or before.count("“") > before.count("”")


def _balanced(text: str) -> bool:
    brackets = all(text.count(one) == text.count(other) for one, other in ("[]", "()"))
    return brackets and all(text.count(sign) % 2 == 0 for sign in _PAIRS)


def _whole(claim: str) -> tuple[int, int]:
    """Where the sentence stands in the claim, without its list sign, marks and end."""
    sign = _SIGN.match(claim)
    return (sign.end() if sign else 0), len(without_ending(claim))
