"""Tables as rows of cells, and as text where a platform shows none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from adapters.markdown.parsing import inline, normalised, parse
from adapters.markdown.rewriting import inlined

_WIDEST = 80


@dataclass(frozen=True, slots=True)
class Table:
    """A table's cells, each as Markdown, the header's first. All rows have the same length.

    `alignments` has "left", "center" or "right" for each column.
    """

    rows: tuple[tuple[str, ...], ...]
    alignments: tuple[str, ...]


def with_tables(text: str) -> list[str | Table]:
    """The text in its order, the tables taken out of it; those in lists and quotes stay."""
    text = inlined(normalised(text))
    lines = text.split("\n")
    parts: list[str | Table] = []
    begin = 0
    for tokens in _tables(parse(text)[0]):
        first, end = tokens[0].map or (0, 0)
        parts += ["\n".join(lines[begin:first]), _table(tokens)]
        begin = end
    parts.append("\n".join(lines[begin:]))
    return [part for part in parts if isinstance(part, Table) or part.strip()]


def as_text(table: Table) -> str:
    """The table as Markdown without tables: aligned in a code block, or, if wide, as a list."""
    rows = [[plain(cell) for cell in row] for row in table.rows]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    if sum(widths) + 2 * len(widths) > _WIDEST or any("```" in c for row in rows for c in row):
        return _as_list(table)
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join(["```", lines[0], rule, *lines[1:], "```"])


def plain(markdown: str) -> str:
    """A paragraph's text without its markup."""
    return "".join(_shown(token) for token in inline(markdown))


def _shown(token: Token) -> str:
    return "\n" if token.type in ("softbreak", "hardbreak") else token.content


def _tables(tokens: Sequence[Token]) -> list[list[Token]]:
    """The tokens of each table that is in no list or quote."""
    opened = [i for i, t in enumerate(tokens) if t.type == "table_open" and t.level == 0]
    closed = [i for i, t in enumerate(tokens) if t.type == "table_close" and t.level == 0]
    return [list(tokens[i : j + 1]) for i, j in zip(opened, closed, strict=True)]


def _table(tokens: list[Token]) -> Table:
    rows: list[list[str]] = []
    alignments: list[str] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "th_open":
            alignments.append(str(token.attrs.get("style", "")).removeprefix("text-align:"))
        elif token.type == "inline":
            rows[-1].append(token.content)
    return Table(tuple(map(tuple, rows)), tuple(a or "left" for a in alignments))


def _as_list(table: Table) -> str:
    header, *rows = table.rows
    items = [
        "; ".join(
            f"{name}: {cell}" if name else cell for name, cell in zip(header, row, strict=True)
        )
        for row in rows
    ]
    return "\n".join(f"- {item}" for item in items or ["; ".join(header)])


def plain_text(markdown: str) -> str:
    """A whole text without its markup, a line for each paragraph."""
    tokens = parse(inlined(normalised(markdown)))[0]
    lines = [plain(t.content) if t.type == "inline" else t.content for t in tokens]
    return "\n".join(line.strip("\n") for line in lines if line.strip())
