"""Slack's sizes, refused as Slack refuses them (docs.slack.dev/reference/block-kit/blocks)."""

from __future__ import annotations

from collections.abc import Sequence

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block

from tests.support.slack_state import Json, Refused

MARKDOWN_CHARACTERS = 12_000
TEXT_CHARACTERS = 40_000
UPDATED_TEXT_CHARACTERS = 4_000
BLOCKS = 50
VIEW_BLOCKS = 100
TABLE_ROWS, TABLE_COLUMNS = 100, 20


def check_blocks(blocks: Sequence[Json], most: int = BLOCKS) -> None:
    """Refuses with `invalid_blocks` or `msg_too_long`, and says which block and why."""
    if len(blocks) > most:
        raise _invalid(f"no more than {most} items allowed [json-pointer:/blocks]")
    if sum(len(b["text"]) for b in blocks if b.get("type") == "markdown") > MARKDOWN_CHARACTERS:
        raise Refused("msg_too_long")
    for position, block in enumerate(blocks):
        _check_block(block, f"[json-pointer:/blocks/{position}]")
    _check_names([b["block_id"] for b in blocks if "block_id" in b], "block_id")


def _check_block(block: Json, where: str) -> None:
    if block.get("type") == "table":
        _check_table(block, where)
    try:
        parsed = Block.parse(block)
        if parsed is None:
            raise _invalid(f"unsupported block type {where}")
        parsed.to_dict()
    except (SlackObjectFormationError, TypeError, KeyError) as error:
        raise _invalid(f"{error} {where}") from error
    elements = [e for e in block.get("elements", []) if isinstance(e, dict)]
    _check_names([e["action_id"] for e in elements if "action_id" in e], "action_id")


def _check_table(block: Json, where: str) -> None:
    rows = block["rows"]
    if len(rows) > TABLE_ROWS or any(len(row) > TABLE_COLUMNS for row in rows):
        raise _invalid(f"a table has at most 100 rows of 20 cells {where}")
    if len({len(row) for row in rows}) > 1:
        raise _invalid(f"the rows of a table have the same number of cells {where}")


def _check_names(names: Sequence[str], what: str) -> None:
    if len(set(names)) < len(names):
        raise _invalid(f"{what} is used more than once")


def _invalid(why: str) -> Refused:
    return Refused("invalid_blocks", response_metadata={"messages": [f"[ERROR] {why}"]})
