"""Cutting a paragraph where it hurts least, with its emphasis closed and opened again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import accumulate, islice

from adapters.markdown.parsing import inline, parse, spans

_PROBE = "\u205f"
_NOTHING = "\u200b"
_ENDS = re.compile(
    r"\n|[.!?…](?:\[\d+\]|[\"'”’)\]*_])*\s"
    r"|[。！？；]"  # noqa: RUF001 - other scripts' ends
)
_SPACES = re.compile(r"\s+")
_MARKS = {"strong_open", "em_open", "s_open"}
_CLOSING = {"strong_close", "em_close", "s_close"}
_MOST_TRIES = 24
_LOOK_AHEAD = 500


def cut(text: str, fits: Callable[[str], bool]) -> tuple[str, str]:
    """The paragraph's beginning, as long as it `fits`, and the rest."""
    longest = _longest(text, fits)
    for place in _places(text, longest):
        head, rest = _cut_at(text, place, longest)
        if head and len(rest) < len(text) and fits(head) and _prose(head, rest):
            return head, rest
    return _torn(text, longest, fits)


def _longest(text: str, fits: Callable[[str], bool]) -> int:
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(text[:middle]) else (low, middle - 1)
    return low


def _places(text: str, longest: int) -> Iterator[int]:
    """Where to cut, best first: after a sentence, unless that is early; a word; a link or code."""
    window = text[: longest + 1]
    ends = [found.end() for found in _ENDS.finditer(window, longest // 2)]
    spaces = [found.end() for found in _SPACES.finditer(window)]
    yield from islice((at for at in reversed(ends) if at <= longest), _MOST_TRIES)
    yield from islice((at for at in reversed(spaces) if at <= longest), _MOST_TRIES)
    yield from islice(
        (at for at in reversed(_borders(text, longest)) if at <= longest), _MOST_TRIES
    )
    yield from range(longest, max(longest - _MOST_TRIES, 0), -1)


def _borders(text: str, longest: int) -> list[int]:
    sizes = (len(span.source) for span in spans(text[: longest + _LOOK_AHEAD]))
    return list(accumulate(sizes))


def _cut_at(text: str, place: int, longest: int) -> tuple[str, str]:
    """The two parts, or empty ones where the place is inside a link or code."""
    marks = _open_marks(text[:place], text[place : longest + _LOOK_AHEAD])
    if marks is None:
        return "", ""
    head = text[:place].rstrip() + "".join(reversed(marks))
    return head, "".join(marks) + text[place:].lstrip()


def _open_marks(before: str, after: str) -> list[str] | None:
    """The emphasis that is open between the two, outermost first; None inside a link or code."""
    marks: list[str] = []
    in_link = False
    space = before[-1:].isspace()
    for token in inline(f"{before[:-1] if space else before}{_PROBE}{after}"):
        if token.type in _MARKS:
            marks.append(token.markup)
        elif token.type in _CLOSING:
            marks.pop()
        elif token.type in ("link_open", "link_close"):
            in_link = token.type == "link_open"
        elif _PROBE in token.content:
            return None if in_link or token.type != "text" else marks
    return None


def _prose(head: str, rest: str) -> bool:
    """Whether both are read as prose: a number or a dash can begin a list by accident."""
    return _is_paragraph(head) and _is_paragraph(rest[:_LOOK_AHEAD])


def _is_paragraph(text: str) -> bool:
    return [t.type for t in parse(text)[0] if t.level == 0] == ["paragraph_open", "paragraph_close"]


def _torn(text: str, longest: int, fits: Callable[[str], bool]) -> tuple[str, str]:
    """What is one link or one code span all through is cut wherever it is full."""
    head = _as_paragraph(text[:longest])
    while not fits(head):
        longest -= 1
        head = _as_paragraph(text[:longest])
    return head, _as_paragraph(text[longest:].lstrip())


def _as_paragraph(text: str) -> str:
    return text if _is_paragraph(text[:_LOOK_AHEAD]) else _NOTHING + text
