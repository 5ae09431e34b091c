"""The marks of a claim, `[n]` for the n-th passage: read, exchanged, and put beside a note."""

from __future__ import annotations

import re
from collections.abc import Iterable

from core.text.prose import map_prose, without_code

_MARK = re.compile(r"\[(\d+)\]")
_STOPS = ".!?…:;"


def cited(claim: str) -> tuple[int, ...]:
    """The numbers of the passages that the claim cites, each once."""
    if "[" not in claim:
        return ()
    return tuple(dict.fromkeys(map(int, _MARK.findall(without_code(claim)))))


def unmarked(claim: str) -> str:
    """The claim without its marks."""
    return map_prose(claim, _unmarked) if "[" in claim else claim


def _unmarked(prose: str) -> str:
    *before_marks, rest = _MARK.split(prose)[::2]
    return "".join([*[text.rstrip(" \t") for text in before_marks], rest])


def recited(claim: str, numbers: Iterable[int]) -> str:
    """The claim with these marks at its end, and no others."""
    text = unmarked(claim)
    body = text.rstrip()
    sentence = body.rstrip(_STOPS)
    marks = "".join(f"[{n}]" for n in numbers)
    return f"{sentence} {marks}{text[len(sentence) :]}" if sentence else text


def noted(claim: str, note: str) -> str:
    """The claim with a word about it at its end."""
    body = claim.rstrip()
    return f"{body} *({note})*{claim[len(body) :]}"


def without_ending(claim: str) -> str:
    """The claim without the marks, stops and spaces at its end."""
    end = len(claim)
    while end:
        last = claim[end - 1]
        if last.isspace() or last in _STOPS:
            end -= 1
        elif last == "]" and _MARK.fullmatch(claim, start := max(0, claim.rfind("[", 0, end)), end):
            end = start
        else:
            break
    return claim[:end]
