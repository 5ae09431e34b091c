"""Tables as Slack's table blocks (docs.slack.dev/reference/block-kit/blocks/table-block)."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from adapters.chat.links import Links, address_in_link, without_scheme
from adapters.markdown import SLACK_TABLE, Table, inline, without_mention_tokens

Block: TypeAlias = dict[str, Any]

_MARK = re.compile(r"\[(\d{1,4})\]")
_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]*://|www\.)\S+", re.IGNORECASE)
_STYLES = {"strong": "bold", "em": "italic", "s": "strike"}


def fits_block(table: Table) -> bool:
    """Whether Slack takes a table of this size."""
    return (
        len(table.rows) <= SLACK_TABLE.rows
        and len(table.alignments) <= SLACK_TABLE.columns
        and cell_characters(table) <= SLACK_TABLE.characters
    )


def cell_characters(table: Table) -> int:
    """What the table counts toward the characters of its message."""
    return sum(max(1, len(cell)) for row in table.rows for cell in row)


def table_block(table: Table, links: Links) -> Block:
    """The table with its formatting and links. Slack allows one in a message."""
    return {
        "type": "table",
        "rows": [[_cell(cell, links) for cell in row] for row in table.rows],
        "column_settings": [{"align": align, "is_wrapped": True} for align in table.alignments],
    }


def _cell(source: str, links: Links) -> Block:
    elements = _elements(source, links)
    if not elements:
        return {"type": "raw_text", "text": " "}
    section = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "elements": [section]}


def _elements(source: str, links: Links) -> list[Block]:
    elements: list[Block] = []
    styles: list[str] = []
    url = ""
    for token in inline(source):
        kind, _, end = token.type.rpartition("_")
        if kind in _STYLES:
            styles = [*styles, _STYLES[kind]] if end == "open" else styles[:-1]
        elif kind == "link":
            url = str(token.attrs.get("href", ""))
        elif token.type == "code_inline":
            elements += _pieces(token.content, [*styles, "code"], url, links)
        elif token.content:
            elements += _pieces(token.content, styles, url, links)
    return elements


def _pieces(text: str, styles: list[str], url: str, links: Links) -> list[Block]:
    if url and links.knows(url):
        return [_element(text, styles, url)]
    if "code" not in styles:
        text = _ADDRESS.sub(lambda found: _inert(found.group(), links), text)
    pieces = []
    for i, part in enumerate(_MARK.split(text)):
        mark = links.marks.get(int(part), "") if i % 2 else ""
        shown = f"[{part}]" if i % 2 else part
        pieces += [_element(shown, styles, mark)] if shown else []
    return pieces


def _inert(address: str, links: Links) -> str:
    return address if links.knows(address) else without_scheme(address)


def _element(text: str, styles: list[str], url: str) -> Block:
    element: Block = {"type": "link" if url else "text", "text": without_mention_tokens(text)}
    if url:
        element["url"] = address_in_link(url)
    if styles:
        element["style"] = dict.fromkeys(styles, True)
    return element
