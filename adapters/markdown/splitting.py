"""Cutting a text to what a message holds, and leaving whole what belongs together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from markdown_it.tree import SyntaxTreeNode

from adapters.markdown.cutting import cut
from adapters.markdown.fences import closed, fenced
from adapters.markdown.parsing import normalised, parse
from adapters.markdown.rewriting import inlined

SMALLEST_LIMIT = 200
_MOST_SPACES = 4
_BLOCKS_IN_LISTS = frozenset({"fence", "code_block", "blockquote", "table", "heading"})


@dataclass(frozen=True, slots=True)
class _Room:
    """What a piece may hold, when `margin` characters are put before each of its lines."""

    characters: int
    blocks: int | None
    margin: int = 0

    def holds(self, text: str, blocks: int = 1) -> bool:
        size = len(text) + self.margin * (text.count("\n") + 1)
        return size <= self.characters and (self.blocks is None or blocks <= self.blocks)

    def within(self, margin: int) -> _Room:
        """What is left in a block that puts so many characters before each line."""
        blocks = self.blocks and max(1, self.blocks - 1)
        return _Room(self.characters, blocks, self.margin + margin)


@dataclass(frozen=True, slots=True)
class _Unit:
    """A stretch that goes into one piece, and what stands between it and the one before.

    `leads` says that it belongs with what follows: a heading.
    """

    text: str
    gap: str = "\n\n"
    blocks: int = 1
    leads: bool = False


def split(text: str, limit: int, *, blocks: int | None = None) -> list[str]:
    """The text in pieces of at most `limit` characters and `blocks` blocks, each to stand alone.

    A cut falls between blocks, list items, a table's rows or a code block's lines if it can, else
    between sentences, words or, last of all, characters. Fences are closed and opened again, a
    table's header is repeated, emphasis goes on. A piece that is split again stays as it is. A
    `limit` below 200 leaves no room for that.
    """
    if limit < SMALLEST_LIMIT:
        raise ValueError(f"A limit of {limit} characters is below {SMALLEST_LIMIT}.")
    return _split(closed(normalised(text)), _Room(limit, blocks))


def block_count(text: str) -> int:
    """How many blocks a platform that knows such makes of the text, at most."""
    return sum(map(_blocks, SyntaxTreeNode(parse(normalised(text))[0]).children))


def _split(text: str, room: _Room) -> list[str]:
    root = SyntaxTreeNode(parse(text)[0])
    if room.holds(text, sum(map(_blocks, root.children))):
        return [text] if text.strip() else []
    if (whole := inlined(text)) != text:
        return _split(whole, room)
    return _packed(list(_units(text.split("\n"), root, room)), room)


def _packed(units: list[_Unit], room: _Room) -> list[str]:
    """As many units in each piece as it holds; a heading goes with what it leads."""
    pieces: list[list[_Unit]] = [[]]
    for unit in units:
        if pieces[-1] and not _fits([*pieces[-1], unit], room):
            kept = _without_last_heading(pieces[-1])
            moved = pieces[-1][len(kept) :]
            pieces[-1] = kept
            pieces.append(moved if _fits([*moved, unit], room) else [])
            if moved and not pieces[-1]:
                pieces[-2] = [*kept, *moved]
        pieces[-1].append(unit)
    return [_joined(piece) for piece in pieces if piece]


def _fits(units: list[_Unit], room: _Room) -> bool:
    return room.holds(_joined(units), sum(unit.blocks for unit in units))


def _joined(units: list[_Unit]) -> str:
    return units[0].text + "".join(unit.gap + unit.text for unit in units[1:])


def _without_last_heading(units: list[_Unit]) -> list[_Unit]:
    end = len(units)
    while end > 1 and units[end - 1].leads:
        end -= 1
    return units[:end]


def _blocks(node: SyntaxTreeNode) -> int:
    return 1 + sum(each.type in _BLOCKS_IN_LISTS for each in node.walk(include_self=False))


def _units(lines: list[str], root: SyntaxTreeNode, room: _Room) -> Iterator[_Unit]:
    """The blocks under `root`, in their order; one that is too large in parts."""
    end = 0
    for node in root.children:
        first, after = node.map or (0, 0)
        gap = "\n" * max(1, first - end + 1) if end else ""
        text = "\n".join(lines[first:after]).rstrip()
        end = first + text.count("\n") + 1
        if room.holds(text, _blocks(node)):
            yield _Unit(text, gap, _blocks(node), leads=node.type == "heading")
        else:
            yield from _parts(lines[first:after], node, gap, room)


def _parts(block: list[str], node: SyntaxTreeNode, gap: str, room: _Room) -> Iterator[_Unit]:
    match node.type:
        case "bullet_list" | "ordered_list":
            parts = _items(block, node, room)
        case "blockquote":
            parts = _quote(block, room)
        case "fence" | "code_block":
            parts = map(_Unit, _code(node.content.removesuffix("\n"), node.info.strip(), room))
        case "table":
            parts = map(_Unit, _rows(block, room))
        case _:
            parts = map(_Unit, _lines("\n".join(block), room))
    for part in parts:
        yield replace(part, gap=gap or part.gap, blocks=block_count(part.text))
        gap = ""


def _items(block: list[str], node: SyntaxTreeNode, room: _Room) -> Iterator[_Unit]:
    start = node.map[0] if node.map else 0
    end = 0
    for item in node.children:
        first, after = (line - start for line in item.map or (0, 0))
        lines = block[first:after]
        text = "\n".join(lines).rstrip()
        gap = "\n" * (first - end + 1)
        end = first + text.count("\n") + 1
        blocks = _blocks(item)
        if room.holds(text, blocks):
            yield _Unit(text, gap, blocks)
        else:
            yield from _item(lines, item, room)
            end = after - 1


def _item(lines: list[str], item: SyntaxTreeNode, room: _Room) -> Iterator[_Unit]:
    """An item in parts, of which only the first has the marker."""
    indent = _indent(lines[0], item.info + item.markup)
    inner = [lines[0][indent:], *(_dedented(line, indent) for line in lines[1:])]
    first, *rest = _split("\n".join(inner), room.within(indent)) or [""]
    head, *tail = first.split("\n")
    yield _Unit("\n".join([lines[0][:indent] + head, *((" " * indent + t).rstrip() for t in tail)]))
    yield from map(_Unit, rest)


def _indent(line: str, marker: str) -> int:
    """Where an item's text begins: after one to four spaces, or one if what follows is code."""
    width = line.index(marker) + len(marker)
    spaces = len(line) - width - len(line[width:].lstrip())
    return width + (spaces if 1 <= spaces <= _MOST_SPACES else 1)


def _dedented(line: str, indent: int) -> str:
    blank = len(line) - len(line.lstrip(" "))
    if blank < indent and line[blank : blank + 1] == "\t":
        line = line[:blank].expandtabs(4) + line[blank:].expandtabs(4)
        blank = len(line) - len(line.lstrip(" "))
    return line[min(blank, indent) :]


def _quote(block: list[str], room: _Room) -> Iterator[_Unit]:
    inner = [_unquoted(line) for line in block]
    for piece in _split("\n".join(inner), room.within(2)):
        yield _Unit("\n".join(f"> {line}".rstrip() for line in piece.split("\n")))


def _unquoted(line: str) -> str:
    body = line.lstrip()
    return body[1:].removeprefix(" ") if body.startswith(">") else line


def _code(code: str, info: str, room: _Room) -> Iterator[str]:
    fence, code = fenced(code, info)
    space = replace(room, characters=room.characters - fence.room - 2 * room.margin, blocks=None)
    for piece in _filled(code.split("\n"), space):
        yield fence.around(piece)


def _rows(block: list[str], room: _Room) -> Iterator[str]:
    head = "\n".join(line.strip() for line in block[:2])
    rows = [line.strip() for line in block[2:] if line.strip()]
    space = replace(room, characters=room.characters - len(head) - 1 - 2 * room.margin)
    if not rows or not all(space.holds(row) for row in rows):
        yield from _lines("\n".join(block), room)
        return
    for piece in _filled(rows, space):
        yield f"{head}\n{piece}"


def _filled(lines: list[str], room: _Room) -> Iterator[str]:
    """The lines, as many together as fit; one that does not fit alone is cut."""
    piece: str | None = None
    for line in lines:
        joined = line if piece is None else f"{piece}\n{line}"
        if piece is not None and not room.holds(joined):
            yield piece
            joined = line
        while not room.holds(joined):
            most = room.characters - room.margin
            yield joined[:most]
            joined = joined[most:]
        piece = joined
    if piece is not None:
        yield piece


def _lines(text: str, room: _Room) -> Iterator[str]:
    """A paragraph, or what can only be treated as one."""
    text = "\n".join(line.lstrip() for line in text.strip().split("\n"))
    while not room.holds(text):
        piece, text = cut(text, room.holds)
        yield piece
    yield text
