"""One parser and splitter of Markdown for all chat platforms."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What one message of a platform holds. `blocks` is None where only characters count."""

    characters: int
    blocks: int | None = None


SLACK_MESSAGE = Limits(characters=12_000, blocks=40)
DISCORD_MESSAGE = Limits(characters=2_000)


def split(text: str, limit: int) -> list[str]:
    """The text in pieces of at most `limit` characters."""
    return [text[start : start + limit] for start in range(0, len(text), limit)]


def without_mentions(text: str) -> str:
    """The text with nothing in it that could notify anybody."""
    return re.sub(r"<(?=[@#!])", "<\u200b", text)
