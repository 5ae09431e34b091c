"""Cuts Markdown into pieces of a size, each of which is valid Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from math import ceil

from markdown_it import MarkdownIt

from core.ingestion.token_estimate import estimate_tokens

_MAX_DEPTH = 6
_FENCE = re.compile(r"[ \t]*(?P<marker>`{3,}|~{3,})")
_FENCE_LINE = re.compile(r"^([ \t>]*)(?=```|~~~)", re.MULTILINE)
_BLOCK_START = re.compile(
    r"\A(?:\d{1,9}(?=[.)](?:\s|\Z))|(?=[-*+](?:\s|\Z)|#{1,6}(?:\s|\Z)|>|<[A-Za-z/!?]|```|~~~))"
)
_QUOTE_MARK = re.compile(r"^ {0,3}> ?", re.MULTILINE)
_LIST_MARK = re.compile(r"(?P<mark> {0,3}(?:[-*+]|\d{1,9}[.)]))(?P<space>[ \t]{1,4}(?!\s)|[ \t]|$)")
_SENTENCES = re.compile(r".+?(?:[.!?…][\"')\]*_]*\s+|[。！？]|\n|\Z)", re.DOTALL)  # noqa: RUF001 - full stops of CJK
_WORDS = re.compile(r"\S+\s*|\s+")


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """What goes around lines of a fence or table, in every piece that has some of them."""

    opening: str
    closing: str
    tokens: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """A text, its estimated size, and what stands between it and the piece before it.

    Neighbours with the same frame stand in it together.
    """

    text: str
    tokens: int
    gap: str = "\n\n"
    frame: _Frame | None = None


def split(markdown: str, limit: int) -> list[str]:
    """Pieces of at most `limit` estimated tokens, in order, which together hold all the text.

    Cut between blocks where possible, else between list items, lines of a fence or table (whose
    frame is repeated), sentences, words and, in a word that is too long, characters.
    """
    return _pack(_pieces(markdown, limit, 0), limit)


def _pack(pieces: Sequence[_Piece], limit: int) -> list[str]:
    """Joins neighbours into texts of about one size, none over the limit."""
    target = _even_size(pieces, limit)
    groups: list[list[_Piece]] = [[]]
    size = 0
    for piece in pieces:
        cost = _cost(piece, groups[-1][-1] if groups[-1] else None)
        if size + cost <= limit and size + cost / 2 <= target:
            groups[-1].append(piece)
            size += cost
        else:
            groups.append([*_introduction(groups[-1], piece, limit), piece])
            size = sum(map(_cost, groups[-1], [None, *groups[-1]]))
    return [text for text in map(_join, groups) if text.strip()]


def _even_size(pieces: Sequence[_Piece], limit: int) -> float:
    """The size at which the fewest texts are alike, when each may have to repeat a frame."""
    frame = max((piece.frame.tokens for piece in pieces if piece.frame), default=0)
    total = sum(map(_cost, pieces, [None, *pieces])) - frame
    return total / max(1, ceil(total / (limit - frame))) + frame


def _cost(piece: _Piece, previous: _Piece | None) -> int:
    """The tokens that a piece adds to a group which ends with `previous`."""
    if piece.frame is None or (previous is not None and previous.frame is piece.frame):
        return piece.tokens
    return piece.tokens + piece.frame.tokens


def _introduction(group: list[_Piece], piece: _Piece, limit: int) -> list[_Piece]:
    """Takes "For example:" out of a group, when it introduces the piece that follows."""
    if not group or not group[-1].text.endswith(":"):
        return []
    fits = _cost(group[-1], None) + _cost(piece, group[-1]) <= limit
    return [group.pop()] if fits else []


def _join(pieces: Sequence[_Piece]) -> str:
    """One text; what has the same frame is framed once."""
    joined = ""
    for frame, run in groupby(pieces, lambda piece: piece.frame):
        first, *others = run
        text = first.text + "".join(piece.gap + piece.text for piece in others)
        if frame:
            text = "\n".join(filter(None, [frame.opening, text.strip("\n"), frame.closing]))
        gap = "\n\n" if frame else first.gap
        joined += gap + text if joined else text
    return joined.strip("\n")


def _piece(text: str, gap: str = "\n\n") -> _Piece:
    return _Piece(text, estimate_tokens(text), gap)


@cache
def _block_parser() -> MarkdownIt:
    """Reference definitions are paragraphs here: they have to stand in some piece, too."""
    parser = MarkdownIt("commonmark", {"maxNesting": 60}).enable("table")
    parser.disable("reference")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


@dataclass(frozen=True, slots=True)
class _Block:
    """Some whole lines of a text, and what they are."""

    kind: str
    text: str
    gap: str


def _blocks(text: str, level: int = 0) -> Iterator[_Block]:
    """The blocks at a nesting level: 0 for the outermost, 1 for the items of a list."""
    lines = text.split("\n")
    previous_end = 0
    for token in _block_parser().parse(text):
        if token.level == level and token.map and token.nesting >= 0:
            start, end = token.map
            block = "\n".join(lines[start:end]).rstrip()
            blank_before = any(not line.strip() for line in lines[previous_end:start])
            yield _Block(token.type, block, "\n\n" if blank_before else "\n")
            previous_end = start + block.count("\n") + 1


def _pieces(markdown: str, limit: int, depth: int) -> list[_Piece]:
    markdown = _close_fence(markdown)
    if estimate_tokens(markdown) <= limit:
        return [_piece(markdown)]
    if depth == _MAX_DEPTH:
        return _split_prose(markdown, limit)
    return [p for block in _blocks(markdown) for p in _split_block(block, limit, depth)]


def _split_block(block: _Block, limit: int, depth: int) -> list[_Piece]:
    if estimate_tokens(block.text) <= limit:
        return [_piece(block.text, block.gap)]
    if block.kind == "list_item_open":
        return _split_item(block, limit, depth)
    if block.kind in {"bullet_list_open", "ordered_list_open"}:
        return _split_list(block.text, limit, depth)
    if block.kind == "blockquote_open":
        return _pieces(_QUOTE_MARK.sub("", block.text), limit, depth + 1)
    return _SPLITTERS.get(block.kind, _split_prose)(block.text, limit)


def _split_list(text: str, limit: int, depth: int) -> list[_Piece]:
    pieces: list[_Piece] = []
    after_split_item = False
    for item in _blocks(text, level=1):
        first, *others = _split_block(item, limit, depth)
        # The text before it stands on the margin now, and would take the item in.
        pieces += [replace(first, gap="\n\n") if after_split_item else first, *others]
        after_split_item = bool(others)
    return pieces


def _split_item(item: _Block, limit: int, depth: int) -> list[_Piece]:
    """The first piece keeps the item's mark; the others stand on the margin."""
    mark = _LIST_MARK.match(item.text)
    if mark is None:
        return _split_prose(item.text, limit)
    width = len(mark[0].expandtabs(4))
    first, *rest = item.text[mark.end() :].split("\n")
    body = "\n".join([first, *(_dedent(line, width) for line in rest)])
    room = limit - estimate_tokens(mark[0])
    pieces = _pieces(body.lstrip("\n"), room, depth + 1)
    if pieces[0].frame:
        return pieces
    marked = mark["mark"].ljust(width) + pieces[0].text.replace("\n", "\n" + " " * width)
    return [_piece(marked, item.gap), *pieces[1:]]


def _dedent(line: str, width: int) -> str:
    text = line.lstrip(" \t")
    return line[: len(line) - len(text)].expandtabs(4)[width:] + text


def _split_fence(text: str, limit: int) -> list[_Piece]:
    """Lines, to be framed as fences of the language of the whole."""
    opening, *lines = text.split("\n")
    marker = _marker(opening)
    if lines and _closes(lines[-1], marker):
        lines.pop()
    safe_marker = _longer_than_any(marker, "\n".join(lines))
    opening = opening.replace(marker, safe_marker, 1)
    return _framed(text, lines, opening, safe_marker, limit)


def _framed(
    text: str, lines: Sequence[str], opening: str, closing: str, limit: int
) -> list[_Piece]:
    """The lines of a block, each with the frame; prose, if the frame fills half of a piece."""
    frame = _Frame(opening, closing, estimate_tokens(f"{opening}\n{closing}"))
    if 2 * frame.tokens > limit:
        return _split_prose(text, limit)
    return [replace(part, frame=frame) for part in _split_lines(lines, limit - frame.tokens)]


def _marker(line: str) -> str:
    fence = _FENCE.match(line)
    return str(fence["marker"]) if fence else ""


def _closes(line: str, marker: str) -> bool:
    return re.fullmatch(rf" {{0,3}}{marker}{marker[0]}*[ \t]*", line) is not None


def _longer_than_any(marker: str, body: str) -> str:
    """A marker that no line of the body closes, even where a long line is cut."""
    runs: list[str] = re.findall(re.escape(marker) + re.escape(marker[0]) + "*", body)
    return max([marker, *(run + marker[0] for run in runs)], key=len)


def _close_fence(text: str) -> str:
    """The text with an end to its last fence, which Markdown lets stay open."""
    if "```" not in text and "~~~" not in text:
        return text
    block = list(_blocks(text))[-1]
    opening, *lines = block.text.split("\n")
    marker = _marker(opening) if block.kind == "fence" else ""
    if not marker or (lines and _closes(lines[-1], marker)):
        return text
    return f"{text}\n{marker}"


def _split_table(text: str, limit: int) -> list[_Piece]:
    """Rows, to be framed with the header of the whole."""
    head, delimiters, *rows = text.split("\n")
    return _framed(text, rows, f"{head}\n{delimiters}", "", limit)


def _split_lines(lines: Sequence[str], limit: int) -> list[_Piece]:
    """Whole lines; one over the limit is cut into several."""
    pieces: list[_Piece] = []
    for line in lines:
        first, *others = _slices(line, limit)
        pieces += [replace(first, gap="\n"), *others]
    return pieces


def _split_code(text: str, limit: int) -> list[_Piece]:
    first, *others = _split_lines(text.split("\n"), limit)
    return [replace(first, gap="\n\n"), *others]


def _split_prose(text: str, limit: int) -> list[_Piece]:
    """Cuts at sentences. What the cut makes look like the start of another block is escaped."""
    escaped = _FENCE_LINE.sub(r"\1\\", text)
    sentences = [part for s in _SENTENCES.findall(escaped) for part in _slices(s, limit - 1)]
    first, *others = (group.strip() for group in _pack(sentences, limit - 1))
    return [_piece(first), *(_piece(_BLOCK_START.sub(r"\g<0>\\", other)) for other in others)]


def _slices(text: str, limit: int) -> Iterator[_Piece]:
    """The text, in parts that fit: itself, or its words, or their characters."""
    whole = _piece(text, gap="")
    if whole.tokens <= limit:
        yield whole
        return
    for word in _WORDS.findall(text):
        for start in range(0, len(word), limit):
            yield _piece(word[start : start + limit], gap="")


_SPLITTERS: dict[str, Callable[[str, int], list[_Piece]]] = {
    "fence": _split_fence,
    "table_open": _split_table,
    "code_block": _split_code,
}
