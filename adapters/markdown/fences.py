"""Code blocks that are closed, and stay so when they are cut."""

from __future__ import annotations

import re
from dataclasses import dataclass

from adapters.markdown.parsing import parse

_LONGEST_INFO = 40


@dataclass(frozen=True, slots=True)
class Fence:
    """What stands around the lines of a code block."""

    markup: str
    info: str

    @property
    def room(self) -> int:
        """The characters that it takes, line breaks included."""
        return 2 * len(self.markup) + len(self.info) + 2

    def around(self, code: str) -> str:
        """The code as a block."""
        return f"{self.markup}{self.info}\n{code}\n{self.markup}"


def fenced(code: str, info: str) -> tuple[Fence, str]:
    """A fence that nothing in the code can close, and the code that goes into it.

    An `info` that is too long to be a language becomes the code's first line.
    """
    if len(info) > _LONGEST_INFO or "`" in info:
        code, info = f"{info}\n{code}", ""
    longest = max((len(run) for run in re.findall("`+", code)), default=0)
    return Fence("`" * max(3, longest + 1), info), code


def closed(text: str) -> str:
    """A normalised text with each code block closed that ends with its list, quote or text."""
    if not any(fence in text for fence in ("```", "~~~")):
        return text
    lines = text.split("\n")
    for token in reversed(parse(text)[0]):
        if token.type == "fence" and token.map:
            first, end = token.map
            quotes = margin_of(lines[first], token.markup).count(">")
            if not _closes(lines[end - 1], quotes, token.markup) or end - 1 == first:
                lines.insert(_last(lines, first, end), _closing(lines[first], token.markup))
    return "\n".join(lines)


def backticked(text: str) -> str:
    """A normalised text whose fences are all of backticks: not everyone knows the other kind."""
    if "~~~" not in text:
        return text
    lines = closed(text).split("\n")
    for token in parse("\n".join(lines))[0]:
        if token.type == "fence" and token.map and token.markup.startswith("~"):
            first, end = token.map
            ticks = fenced(token.content, "")[0].markup
            margin = margin_of(lines[first], token.markup)
            lines[first] = margin + ticks + token.info.replace("`", "")
            lines[end - 1] = lines[end - 1].rstrip().rstrip("~") + ticks
    return "\n".join(lines)


def margin_of(line: str, markup: str) -> str:
    """What stands before the fence: quotes, an indent, the marker of a list."""
    return line[: line.index(markup)]


def _closing(opening: str, markup: str) -> str:
    margin = margin_of(opening, markup)
    return "".join(c if c in " \t>" else " " for c in margin) + markup


def _closes(line: str, quotes: int, markup: str) -> bool:
    for _ in range(quotes):
        line = line.lstrip().removeprefix(">")
    line = line.strip()
    return len(line) >= len(markup) and not line.strip(markup[0])


def _last(lines: list[str], first: int, end: int) -> int:
    """The line after the block's last one that is not empty."""
    while end - 1 > first and not lines[end - 1].strip(" \t>"):
        end -= 1
    return end
