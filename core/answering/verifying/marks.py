"""The marks of a claim, `[n]` for the n-th passage: read, exchanged, and put beside a note."""

from __future__ import annotations

import re
from collections.abc import Iterable

from core.text.prose import map_prose

_MARK = re.compile(r"\[(\d+)\]")
_MARKS = re.compile(r"[ \t]*(?:\[\d+\])+")
_ENDING = re.compile(r"(?P<body>.*?)(?P<stop>[.!?…:;]*)(?P<space>\s*)\Z", re.DOTALL)


def cited(claim: str) -> tuple[int, ...]:
    """The numbers of the passages that the claim cites, each once."""
    found: list[str] = []

    def note(prose: str) -> str:
        found.extend(_MARK.findall(prose))
        return prose

    map_prose(claim, note)
    return tuple(dict.fromkeys(map(int, found)))


def unmarked(claim: str) -> str:
    """The claim without its marks."""
    return map_prose(claim, lambda prose: _MARKS.sub("", prose))


def recited(claim: str, numbers: Iterable[int]) -> str:
    """The claim with these marks at its end, and no others."""
    marks = "".join(f"[{n}]" for n in numbers)
    return _before_the_end(unmarked(claim), f" {marks}")


def noted(claim: str, note: str) -> str:
    """The claim with a word about it at its end."""
    body = claim.rstrip()
    return f"{body} *({note})*{claim[len(body) :]}"


def _before_the_end(claim: str, addition: str) -> str:
    end = _ENDING.match(claim)
    if end is None or not end["body"]:
        return claim
    return f"{end['body']}{addition}{end['stop']}{end['space']}"
