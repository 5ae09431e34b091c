"""A rule for markdown-it that takes plain paragraphs and lists at once.

Its own rules look at each line in up to fourteen ways. Most of what people write is plain: lines
that can be nothing but words, and lists of one such line an item.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, fence, heading
from markdown_it.token import Token

_WORDS = (
    r"(?:[^\W\d_]|[^\x00-\x7f]|[\"'(!\\]|\*\*[^\W\d_]|`(?!`)|\d++(?![.)])|\[[^\]\\\n]*+\](?!:))"
    r"[^\n]*+"
)
"""A line that is words wherever it stands, unless the next one makes a title or table of it."""

_END = r"(?=\n[ \t]*(?:\n|\Z)|\Z)"
_PARAGRAPH = re.compile(rf"{_WORDS}(?:\n{_WORDS})*+{_END}")
_LIST = re.compile(rf"([*+-]) {_WORDS}(?:\n\1 {_WORDS})*+{_END}")
_BULLETS = frozenset("*+-")
_MAY_GO_ON = frozenset("*+- \t")
"""What the line begins with that may belong to a list before the blank line."""


def plain_blocks(parser: MarkdownIt) -> None:
    """A plugin for parsers of blocks, of whose tokens only types, lines and levels are read.

    What it takes has tokens for the opening of blocks alone, and none for a paragraph in a list
    that has no `<`.
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
    return _list(state, start, end) if first in _BULLETS else _paragraph(state, start)


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
    items = found[0].split("\n")
    after = state.skipEmptyLines(start + len(items))
    if after < end and state.src[state.bMarks[after]] in _MAY_GO_ON:
        return False
    state.tokens.append(_token("bullet_list_open", "ul", start, after))
    state.tokens.extend(_items(items, start, after))
    state.line = after
    return True


def _items(items: list[str], start: int, after: int) -> Iterator[Token]:
    last = start + len(items) - 1
    for line, item in enumerate(items, start):
        yield _token("list_item_open", "li", line, after if line == last else line + 1, 1)
        if "<" in item:
            yield _token("paragraph_open", "p", line, line + 1, 2)


def _token(kind: str, tag: str, start: int, end: int, level: int = 0) -> Token:
    return Token(kind, tag, 1, map=[start, end], level=level, block=True)
