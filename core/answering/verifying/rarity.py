"""How much a word tells: little where most texts have it."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files


def rarity(stem: str) -> float:
    """From 0.15 for a word of every text to 1 for all that is not common."""
    return _common().get(stem, 1.0)


@lru_cache(maxsize=1)
def _common() -> dict[str, float]:
    found: dict[str, float] = json.loads(
        files(__package__).joinpath("common_words.json").read_text("utf-8")
    )
    return found
