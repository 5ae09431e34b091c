"""What the platforms hold, as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What one message holds. `blocks` is None where only characters count."""

    characters: int
    blocks: int | None = None


@dataclass(frozen=True, slots=True)
class TableLimits:
    """What one table holds; `characters` is the sum over its cells."""

    rows: int
    columns: int
    characters: int


# 12,000 characters of markdown blocks a message, which expand into some of its 50 blocks; a few
# are left for a table, the sources and the buttons (docs.slack.dev/reference/block-kit/blocks).
SLACK_MESSAGE = Limits(characters=12_000, blocks=40)
SLACK_TABLE = TableLimits(rows=100, columns=20, characters=10_000)
DISCORD_MESSAGE = Limits(characters=2_000)
