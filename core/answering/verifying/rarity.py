"""How much a word tells: little where most texts have it."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files


def rarity(stem: str) -> float:
    """From 0.15 for a word of every text to 1 for all that is not common.

    The common ones stand in `common_words.json`, as `scripts/count_common_words.py` counted them.
    """
    return _common().get(stem, 1.0)


@lru_cache(maxsize=1)
def _common() -> dict[str, float]:
    text = files(__package__).joinpath("common_words.json").read_text("utf-8")
    groups: dict[str, str] = json.loads(text)["stems"]
    return {stem: float(tells) for tells, stems in groups.items() for stem in stems.split()}
