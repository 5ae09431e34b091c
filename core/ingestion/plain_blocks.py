"""A rule for markdown-it that takes plain paragraphs and lists at once.

Its own rules look at each line in up to fourteen ways. Most of what people write is plain: lines
that can be nothing but words, and lists of such lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, fence, heading
from markdown_it.token import Token

_WORDS = (
    r"(?:[^\W\d_]|[^\x00-\x7f]|[\"'(!.\\]|\*\*[^\W\d_]|`(?!`)|\d++(?![.)])|\[[^\]\\\n]*+\](?!:))"
    r"[^\n]*+"
)
"""A line that is words wherever it stands, unless the next one makes a title or table of it."""

_END = r"(?=\n[ \t]*(?:\n|\Z)|\Z)"
_PARAGRAPH = re.compile(rf"{_WORDS}(?:\n{_WORDS})*+{_END}")
_IN_ITEM = r"(?: {2,}+|\t[ \t]*+)(?:[*+-] )?"
"""Whatever words stand so far to the right belong to the item, as text or as a list in it."""

_LIST = re.compile(
    rf"([*+-]) {_WORDS}(?:(?:\n[ \t]*+(?=\n))*+\n(?:\1 |{_IN_ITEM}){_WORDS})*+{_END}"
)
_BULLETS = frozenset("*+-")
_MAY_GO_ON = re.compile(r"[ \t]|[*+-](?:\s|\Z)")
"""How a line begins that may belong to a list before the blank line."""


def plain_blocks(parser: MarkdownIt) -> None:
    """A plugin for parsers of blocks, of whose tokens only types, lines and levels are read.

    What it takes has tokens for the opening of blocks alone, and none for what a list's items hold
    but for a paragraph with a `<`.
    """
    parser.block.ruler.before("table", "plain", _plain)


def _plain(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's
    if state.level or state.tShift[start]:
        return False
    first = state.src[state.bMarks[start]]
    if first == "#":
        return heading(state, start, end, silent)
    if first == "`" and fence(state, start, end, silent):
        return True
    return (first in _BULLETS and _list(state, start, end)) or _paragraph(state, start)


def _paragraph(state: StateBlock, start: int) -> bool:
    found = _PARAGRAPH.match(state.src, state.bMarks[start])
    if found is None:
        return False
    state.line = start + found[0].count("\n") + 1
    state.tokens.append(_token("paragraph_open", "p", start, state.line))
    return True


def _list(state: StateBlock, start: int, end: int) -> bool:
    """One whose next line of text is clearly none of it."""
    found = _LIST.match(state.src, state.bMarks[start])
    if found is None:
        return False
    lines = found[0].split("\n")
    after = state.skipEmptyLines(start + len(lines))
    if after < end and _MAY_GO_ON.match(state.src, state.bMarks[after]):
        return False
    items = [number for number, line in enumerate(lines) if line[0:1] == found[1]]
    if len(items) < len(lines) and "<" in found[0]:
        return False
    state.tokens.append(_token("bullet_list_open", "ul", start, after))
    for first, next_ in pairwise([*items, after - start]):
        state.tokens.extend(_item(lines[first], start + first, start + next_))
    state.line = after
    return True


def _item(line: str, start: int, end: int) -> Iterator[Token]:
    yield _token("list_item_open", "li", start, end, 1)
    if "<" in line:
        yield _token("paragraph_open", "p", start, start + 1, 2)


def _token(kind: str, tag: str, start: int, end: int, level: int = 0) -> Token:
    return Token(kind, tag, 1, map=[start, end], level=level, block=True)
