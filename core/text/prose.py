"""Markdown's prose, told from its code."""

from __future__ import annotations

import re
from collections.abc import Callable

_FENCE = re.compile(r"(?P<margin>[ \t>]*)(?P<fence>`{3,}(?=[^`]*$)|~{3,})(?P<info>.*)")
_LINES = re.compile(r"[^\n]*\n|[^\n]+")
_SPAN = re.compile(
    r"\\.|(?P<span>(?P<ticks>`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)(?P=ticks)(?!`))|`+", re.DOTALL
)
_MASKED = re.compile(r"\0(\d+)\0")
_MOST_PASSES = 10


def map_prose(
    text: str, change: Callable[[str], str], in_code: Callable[[str], str] = lambda code: code
) -> str:
    """The text with `change` applied to what is neither in a fence nor in a code span.

    Where a span stands, `change` sees a number between NULs. `in_code` is applied to the rest,
    the fences and ticks included.
    """
    # What neither a fence nor a span is without, and what is taken for a masked one.
    if "`" not in text and "~~~" not in text and "\0" not in text:
        return change(text)
    return "".join(
        in_code(part) if code else _outside_spans(part, change, in_code)
        for code, part in _fences(text)[0]
    )


def without_code(text: str) -> str:
    """The prose alone: where code stood, there is a tick."""
    return map_prose(text, lambda prose: prose, lambda _: "`")


def closing_fence(text: str) -> str:
    """What closes the code block that the text leaves open; empty where it leaves none."""
    if "```" not in text and "~~~" not in text:
        return ""
    opening = _fences(text)[1]
    return f"\n{opening}" if opening and not text.endswith("\n") else opening


def settled(text: str, change: Callable[[str], str]) -> str:
    """The text once `change` finds nothing more to do.

    What stood around a removed piece may be one itself now. Empty for a text that was made to go
    on like that for long.
    """
    for _ in range(_MOST_PASSES):
        if (changed := change(text)) == text:
            return text
        text = changed
    return ""


def _fences(text: str) -> tuple[list[tuple[bool, str]], str]:
    """Stretches of whole lines, in fenced code with its fences or not; and the fence left open."""
    parts: list[tuple[bool, str]] = []
    margin = fence = ""
    for line in _LINES.findall(text):
        found = _FENCE.match(line.rstrip("\r\n"))
        opens = bool(found) and not fence
        inside = bool(fence) or opens
        if parts and parts[-1][0] == inside and not opens:
            parts[-1] = (inside, parts[-1][1] + line)
        else:
            parts.append((inside, line))
        if found and opens:
            margin, fence = found["margin"], found["fence"]
        elif found and found["fence"].startswith(fence) and not found["info"].strip():
            margin = fence = ""
    return parts, margin + fence


def _outside_spans(text: str, change: Callable[[str], str], in_code: Callable[[str], str]) -> str:
    """A link or a bold phrase may hold code, so spans are masked rather than cut out."""
    spans: list[str] = []

    def mask(found: re.Match[str]) -> str:
        if not found["span"]:
            return found.group()
        spans.append(in_code(found.group()))
        return f"\0{len(spans) - 1}\0"

    changed = change(_SPAN.sub(mask, text.replace("\0", "")))
    return _MASKED.sub(lambda found: spans[int(found[1])], changed)
