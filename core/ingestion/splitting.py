"""Cuts Markdown into pieces of a size, each of which is valid Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from core.ingestion.blocks import Block, blocks_of, fence_marker
from core.ingestion.packing import Frame, Piece, pack, piece_of
from core.ingestion.token_estimate import estimate_tokens

_MAX_DEPTH = 6
_CODE_INDENT = 4
_FENCE_LINE = re.compile(r"^([ \t>]*)(?=```|~~~)", re.MULTILINE)
_BLOCK_START = re.compile(
    r"\A(?:\d{1,9}(?=[.)](?:\s|\Z))|(?=[-*+](?:\s|\Z)|#{1,6}(?:\s|\Z)|>|<[A-Za-z/!?]|```|~~~))"
)
_QUOTE_MARK = re.compile(r"^ {0,3}> ?", re.MULTILINE)
_LIST_MARK = re.compile(r"\A(\s*(?:[-*+]|\d{1,9}[.)])(?:[ \t]{1,4}(?![ \t])|[ \t]?))")
_SENTENCES = re.compile(r".+?(?:[.!?…][\"')\]*_]*\s+|[。！？]|\n|\Z)", re.DOTALL)  # noqa: RUF001 - full stops of CJK
_WORDS = re.compile(r"\S+\s*|\s+")


def split(markdown: str, limit: int) -> list[str]:
    """Pieces of at most `limit` estimated tokens, in order, which together hold all the text.

    Cut between blocks where possible, else between list items, lines of a fence or table (whose
    frame is repeated), sentences, words and, in a word that is too long, characters.
    """
    return pack(_pieces(markdown, limit, 0), limit)


def _pieces(markdown: str, limit: int, depth: int) -> list[Piece]:
    whole = piece_of(markdown)
    may_be_open = "```" in markdown or "~~~" in markdown
    if whole.tokens <= limit and not may_be_open:
        return [whole]
    if depth == _MAX_DEPTH:
        return _split_prose(markdown, limit)
    blocks = blocks_of(markdown)
    return [piece for block in blocks for piece in _split_block(block, limit, depth)]


def _split_block(block: Block, limit: int, depth: int) -> list[Piece]:
    whole = piece_of(block.text, block.gap)
    if whole.tokens <= limit:
        return [whole]
    if block.items:
        return _split_list(block.items, limit, depth)
    if block.kind == "list_item_open":
        return _split_item(block, limit, depth)
    if block.kind == "blockquote_open":
        return _pieces(_QUOTE_MARK.sub("", block.text), limit, depth + 1)
    return _SPLITTERS.get(block.kind, _split_prose)(block.text, limit)


def _split_list(items: Sequence[Block], limit: int, depth: int) -> list[Piece]:
    pieces: list[Piece] = []
    after_split_item = False
    for item in items:
        first, *others = _split_block(item, limit, depth)
        # The text before it stands on the margin now, and would take the item in.
        pieces += [replace(first, gap="\n\n") if after_split_item else first, *others]
        after_split_item = bool(others)
    return pieces


def _split_item(item: Block, limit: int, depth: int) -> list[Piece]:
    """The first piece keeps the item's mark; the others stand on the margin."""
    _, mark, text = _LIST_MARK.split(item.text, maxsplit=1)
    first, *rest = text.split("\n")
    width = len(mark.expandtabs(4)) if first else len(mark.rstrip()) + 1
    body = "\n".join([first, *(_dedent(line, width) for line in rest)])
    pieces = _pieces(body.lstrip("\n"), limit - estimate_tokens(mark), depth + 1)
    if pieces[0].frame:
        return pieces
    marked = mark.rstrip().ljust(width) + pieces[0].text.replace("\n", "\n" + " " * width)
    return [piece_of(marked, item.gap), *pieces[1:]]


def _dedent(line: str, width: int) -> str:
    text = line.lstrip(" \t")
    return line[: len(line) - len(text)].expandtabs(4)[width:] + text


def _split_fence(text: str, limit: int) -> list[Piece]:
    """Lines, to be framed as fences of the language of the whole."""
    opening, *lines, _ = text.split("\n")
    return _fenced(text, lines, opening, fence_marker(opening), limit)


def _split_code(text: str, limit: int) -> list[Piece]:
    """Indented code becomes fences, in which a line can be cut."""
    lines = [_dedent(line, _CODE_INDENT) for line in text.split("\n")]
    return _fenced(text, lines, "```", "```", limit)


def _fenced(text: str, lines: Sequence[str], opening: str, marker: str, limit: int) -> list[Piece]:
    safe_marker = _longer_than_any(marker, "\n".join(lines))
    frame = _frame(opening.replace(marker, safe_marker, 1), safe_marker)
    if 2 * frame.tokens > limit:
        return _split_prose(text, limit)
    room = limit - frame.tokens
    parts = [part for line in lines for part in _line_parts(line, room)]
    return [replace(part, frame=frame) for part in parts]


def _frame(opening: str, closing: str) -> Frame:
    return Frame(opening, closing, estimate_tokens(f"{opening}\n{closing}"))


def _line_parts(line: str, limit: int) -> list[Piece]:
    """A line, in several parts if it is over the limit."""
    first, *others = _slices(line, limit)
    return [replace(first, gap="\n"), *others]


def _longer_than_any(marker: str, body: str) -> str:
    """A marker that no line of the body closes, even where a long line is cut."""
    runs: list[str] = re.findall(re.escape(marker) + re.escape(marker[0]) + "*", body)
    return max([marker, *(run + marker[0] for run in runs)], key=len)


def _split_table(text: str, limit: int) -> list[Piece]:
    """Rows, to be framed with the header of the whole; a row too long for that is prose."""
    head, delimiters, *rows = text.split("\n")
    frame = _frame(f"{head}\n{delimiters}", "")
    if 2 * frame.tokens > limit:
        return _split_prose(text, limit)
    pieces: list[Piece] = []
    for row in rows:
        whole = piece_of(row, "\n")
        fits = whole.tokens <= limit - frame.tokens
        pieces += [replace(whole, frame=frame)] if fits else _split_prose(row, limit)
    return pieces


def _split_prose(text: str, limit: int) -> list[Piece]:
    """Cuts at sentences. What the cut makes look like the start of another block is escaped."""
    escaped = _FENCE_LINE.sub(r"\1\\", text)
    sentences = [part for s in _SENTENCES.findall(escaped) for part in _slices(s, limit - 1)]
    first, *others = (group.strip(" \t\n") for group in pack(sentences, limit - 1))
    return [piece_of(first), *(piece_of(_BLOCK_START.sub(r"\g<0>\\", other)) for other in others)]


def _slices(text: str, limit: int) -> Iterator[Piece]:
    """The text, in parts that fit: itself, or its words, or their characters."""
    whole = piece_of(text, gap="")
    if whole.tokens <= limit:
        yield whole
        return
    for word in _WORDS.findall(text):
        for start in range(0, len(word), limit):
            yield piece_of(word[start : start + limit], gap="")


_SPLITTERS: dict[str, Callable[[str, int], list[Piece]]] = {
    "fence": _split_fence,
    "table_open": _split_table,
    "code_block": _split_code,
}
