"""The blocks of a Markdown text: paragraphs, lists with their items, fences, tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from markdown_it import MarkdownIt

from core.ingestion.plain_blocks import plain_blocks

_FENCE = re.compile(r"[ \t]*(?P<marker>`{3,}|~{3,})")


@dataclass(frozen=True, slots=True)
class Block:
    """Some whole lines of a text. `kind` is the type of markdown-it's token.

    `gap` is what stands before it; `items` are those of a list, blocks themselves.
    """

    kind: str
    text: str
    gap: str
    items: tuple[Block, ...] = ()


def blocks_of(text: str) -> list[Block]:
    """All of the text in blocks, in order. A fence that it leaves open is closed."""
    lines = text.split("\n")
    found: list[tuple[Block, list[Block]]] = []
    for token in _parser().parse(text):
        if token.map and token.level == 0:
            found.append((_block(token.type, token.map, lines), []))
        elif token.map and token.level == 1 and token.type == "list_item_open":
            found[-1][1].append(_block(token.type, token.map, lines))
    blocks = [replace(block, items=tuple(items)) for block, items in found]
    return [*blocks[:-1], _closed(blocks[-1])] if blocks else []


def fence_marker(line: str) -> str:
    """The backticks or tildes that a fence's first line begins with."""
    fence = _FENCE.match(line)
    return str(fence["marker"]) if fence else ""


@cache
def _parser() -> MarkdownIt:
    """Reference definitions are paragraphs here: they have to stand in some block, too."""
    parser = MarkdownIt("commonmark", {"maxNesting": 60}).enable("table")
    parser.disable("reference")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser.use(plain_blocks)


def _block(kind: str, span: Sequence[int], lines: Sequence[str]) -> Block:
    start, end = span
    blank_before = start > 0 and not lines[start - 1].strip()
    return Block(kind, "\n".join(lines[start:end]).rstrip(), "\n\n" if blank_before else "\n")


def _closed(block: Block) -> Block:
    opening, *lines = block.text.split("\n")
    marker = fence_marker(opening) if block.kind == "fence" else ""
    end = rf" {{0,3}}{marker}{marker[:1]}*[ \t]*"
    if not marker or (lines and re.fullmatch(end, lines[-1])):
        return block
    return replace(block, text=f"{block.text}\n{marker}")
