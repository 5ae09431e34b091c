"""Where a sentence ends in Markdown prose, told from a text that may still be growing."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TERMINATORS = ".!?…。！？"  # noqa: RUF001 - the full-width ones end Chinese and Japanese sentences
_WIDE = "。！？"  # noqa: RUF001 - no space follows these

_SIGN = rf"`\\{_TERMINATORS}\[(\])|*"
_TOKEN = re.compile(
    rf"""
    [^{_SIGN}]*+ (?:[\[(] [^{_SIGN}]*+ [\])] [^{_SIGN}]*+)*+
    (?:
      (?P<code>(?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`))
    | (?P<openticks>`+)
    | (?P<escaped>\\.)
    | (?P<end>(?P<stops>[{_TERMINATORS}]+)(?P<closers>[)\]*_"'”’»]*))
    | (?P<strong>\*\*)
    | (?P<open>[\[(])
    | (?P<close>[\])])
    | (?P<cell>\|)
    | [\\*]
    | \Z
    )
    """,
    re.VERBOSE | re.DOTALL,
)
"""The next token with all before it, also brackets that hold no token; or the rest, without one.

It matches wherever it is tried: a search for a token would try each kind at each character.
"""

_MARKS = re.compile(r"(?:\s*(?:\[\^?\d[\d,;\s–-]*\](?![(:])|【[^】\n]{1,40}】))*")
_MARK_BEGINS = re.compile(r"\[\^?(?:\d[\d,;\s–-]*\]?)?\Z|【[^】\n]{0,40}\Z")
_LONGEST_WORD = 40
_LAST_WORD = re.compile(r"[\w.]+\Z")

_WORDS = re.compile(r"\S+")
_ABBREVIATIONS = frozenset(
    _WORDS.findall(
        "e.g i.e etc vs cf al approx dr mr mrs ms prof st jr sr inc ltd co corp dept est resp incl "
        "excl jan feb mar apr jun jul aug sep sept oct nov dec viz ca"
    )
)
_BEFORE_NUMBERS = frozenset(
    _WORDS.findall("no nos fig figs eq eqs sec secs ch vol vols p pp ver v")
)
_INITIALS = re.compile(r"(?:\w\.)*\w\Z")


@dataclass(slots=True)
class _Nesting:
    """What stands open at a point of the text; a sentence does not end inside any of it."""

    brackets: int = 0
    strong: bool = False
    row: bool = False

    def read(self, token: re.Match[str]) -> None:
        match token.lastgroup:
            case "end":
                self._close(token["closers"])
            case "open":
                self.brackets += 1
            case "close":
                self._close(token["close"])
            case "strong":
                self.strong ^= True
            case "cell":
                self.row = True

    def _close(self, closers: str) -> None:
        if closers:
            self.brackets = max(0, self.brackets - closers.count(")") - closers.count("]"))
            self.strong ^= "**" in closers

    @property
    def none(self) -> bool:
        return not (self.brackets or self.strong or self.row)


def sentence_end(text: str, start: int, limit: int, *, whole: bool) -> int | None:
    """The offset just past the sentence that begins at `start`, its marks included.

    `text[:limit]` belongs to one paragraph. `whole` says that the paragraph ends at `limit`;
    otherwise more may follow, and None means that what follows may still change the answer.
    A sentence never ends inside code, brackets, strong emphasis or a table row; where
    an abbreviation leaves it open, two sentences stay together.
    """
    nesting = _Nesting()
    for token in _TOKEN.finditer(text, start, limit):
        kind = token.lastgroup
        if kind == "openticks" and not whole:
            return None
        nesting.read(token)
        if kind == "end" and nesting.none:
            end = _settle(text, token, limit, whole=whole)
            if end != token.start("end"):
                return end
    return limit if whole else None


def _settle(text: str, token: re.Match[str], limit: int, *, whole: bool) -> int | None:
    """The sentence's end if it ends at `token`, where its stops begin if not, None if undecided."""
    stop = token.end()
    end = _MARKS.match(text, stop, limit).end()  # type: ignore[union-attr]  # it matches anything
    following = end
    while following < limit and text[following].isspace():
        following += 1
    if following == limit or (
        text[following] in "[【" and _MARK_BEGINS.match(text, following, limit)
    ):
        return limit if whole and following == limit else (None if not whole else end)
    if text[stop - 1] in _WIDE:
        return end
    if following == end or not _starts_sentence(text, token, text[following]):
        return token.start("end")
    return end


def _starts_sentence(text: str, token: re.Match[str], following: str) -> bool:
    if following.islower():
        return False
    if token["stops"] != ".":
        return True
    end = token.start("end")
    begin = max(0, end - _LONGEST_WORD)
    word = _LAST_WORD.search(text, max(begin, text.rfind(" ", begin, end) + 1), end)
    if word is None:
        return True
    last = word.group().lower()
    if last in _ABBREVIATIONS or (_INITIALS.match(last) and not last.isdigit()):
        return False
    return not (following.isdigit() and last in _BEFORE_NUMBERS)
