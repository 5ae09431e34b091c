"""The same text for a platform that knows fewer forms: short fences, few levels of headings."""

from __future__ import annotations

import re
from itertools import pairwise

from markdown_it.token import Token

from adapters.markdown.fences import closed, margin_of
from adapters.markdown.parsing import parse

_NOTHING = "\u200b"
_LANGUAGE = re.compile(r"[\w+.#-]+", re.ASCII)


def with_short_fences(text: str) -> str:
    """A normalised text whose fences are three backticks, with no more than a language after them.

    Three backticks in the code look the same, but have a zero-width space in them.
    """
    lines = closed(text).split("\n")
    for token in parse("\n".join(lines))[0]:
        if token.type == "fence" and token.map:
            _shorten(lines, token, *token.map)
    return "\n".join(lines)


def with_few_headings(text: str, levels: int) -> str:
    """A normalised text with headings of so many levels, marked by `#`; lower ones are bold."""
    lines = text.split("\n")
    tokens = parse(text)[0]
    for token, inline in pairwise(tokens):
        if token.type == "heading_open" and token.map:
            _restyle(lines, token, inline.content, levels)
    return "\n".join(lines)


def _shorten(lines: list[str], token: Token, first: int, end: int) -> None:
    margin = margin_of(lines[first], token.markup)
    language = _LANGUAGE.match(token.info.strip())
    lines[first] = f"{margin}```{language.group() if language else ''}"
    lines[end - 1] = lines[end - 1].rstrip().rstrip(token.markup[0]) + "```"
    for n in range(first + 1, end - 1):
        lines[n] = lines[n].replace("```", f"``{_NOTHING}`")


def _restyle(lines: list[str], token: Token, content: str, levels: int) -> None:
    first, end = token.map or (0, 0)
    level = int(token.tag.removeprefix("h"))
    if not token.markup.startswith("#"):
        # Underlined, and it may have several lines.
        margin = lines[first][: lines[first].rindex(content.partition("\n")[0])]
        title = " ".join(content.split("\n"))
        lines[first:end] = [f"{margin}{'#' * level} {title}", *[""] * (end - first - 1)]
    elif level > levels:
        margin = margin_of(lines[first], token.markup)
        lines[first] = f"{margin}**{content}**" if content else margin
