"""A text as the blocks of as few messages as hold it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from adapters.chat.links import Links
from adapters.markdown import SLACK_MESSAGE, Table, as_text, block_count, split, with_tables
from adapters.slack.prose import safe_markdown
from adapters.slack.tables import Block, cell_characters, fits_block, table_block


@dataclass(frozen=True, slots=True)
class Page:
    """The blocks of one message, and what they count toward its limits."""

    blocks: list[Block] = field(default_factory=list)
    characters: int = 0
    count: int = 0

    def takes(self, characters: int, count: int = 1) -> bool:
        """Whether there is room for so many more."""
        return self.characters + characters <= SLACK_MESSAGE.characters and self.count + count <= (
            SLACK_MESSAGE.blocks or 0
        )

    @property
    def has_table(self) -> bool:
        """Whether it has one: Slack refuses a message with two."""
        return any(block["type"] == "table" for block in self.blocks)

    def with_block(self, block: Block, characters: int, count: int = 1) -> Page:
        """The page with the block at its end."""
        blocks = [*self.blocks, block]
        return replace(
            self, blocks=blocks, characters=self.characters + characters, count=self.count + count
        )


def compose(text: str, links: Links) -> list[Page]:
    """The text in markdown blocks, its first table of a message as Slack's own, others as text."""
    pages = [Page()]
    for part in with_tables(text):
        if isinstance(part, Table) and fits_block(part):
            _add_table(pages, part, links)
        else:
            _add_text(pages, as_text(part) if isinstance(part, Table) else part, links)
    return [page for page in pages if page.blocks]


def compose_plainly(text: str, links: Links) -> list[str]:
    """The Markdown of each message, tables left in it, so that it can be streamed."""
    return split(safe_markdown(text, links), SLACK_MESSAGE.characters, blocks=SLACK_MESSAGE.blocks)


def _add_table(pages: list[Page], table: Table, links: Links) -> None:
    if pages[-1].has_table:
        _add_text(pages, as_text(table), links)
        return
    size = cell_characters(table)
    _add(pages, table_block(table, links), size)


def _add_text(pages: list[Page], text: str, links: Links) -> None:
    for piece in compose_plainly(text, links):
        _add(pages, {"type": "markdown", "text": piece}, len(piece), block_count(piece))


def _add(pages: list[Page], block: Block, characters: int, count: int = 1) -> None:
    page = pages[-1] if pages[-1].takes(characters, count) else Page()
    page = page.with_block(block, characters, count)
    if pages[-1].takes(characters, count):
        pages[-1] = page
    else:
        pages.append(page)
