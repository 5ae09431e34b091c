"""Markdown's prose, told from its code."""

from __future__ import annotations

import re
from collections.abc import Callable

_FENCE = re.compile(r"[ \t>]*(`{3,}(?=[^`]*$)|~{3,})")
_LINES = re.compile(r"[^\n]*\n|[^\n]+")
_SPAN = re.compile(r"((?<!`)(`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)\2(?!`))", re.DOTALL)


def map_prose(text: str, change: Callable[[str], str]) -> str:
    """The text with `change` applied to what is neither in a fence nor in a code span."""
    return "".join(part if code else _outside_spans(part, change) for code, part in _fences(text))


def _fences(text: str) -> list[tuple[bool, str]]:
    """The text in stretches of whole lines: fenced code, with its fence, or not."""
    parts: list[tuple[bool, str]] = []
    fence = ""
    for line in _LINES.findall(text):
        found = _FENCE.match(line.rstrip("\r\n"))
        opens = bool(found) and not fence
        inside = bool(fence) or opens
        if parts and parts[-1][0] == inside and not opens:
            parts[-1] = (inside, parts[-1][1] + line)
        else:
            parts.append((inside, line))
        if found and (opens or found[1].startswith(fence)):
            fence = found[1] if opens else ""
    return parts


def _outside_spans(text: str, change: Callable[[str], str]) -> str:
    pieces, start = [], 0
    for span in _SPAN.finditer(text):
        pieces += [change(text[start : span.start()]), span.group()]
        start = span.end()
    return "".join([*pieces, change(text[start:])])
