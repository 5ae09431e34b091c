"""How much a word tells: little where most texts have it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files


def rarities(stems: Iterable[str]) -> dict[str, float]:
    """Of each stem: from 0.15 for a word of every text to 1 for all that is not common.

    The common ones stand in `common_words.json`, as `scripts/count_common_words.py` counted them.
    """
    rarity = _common().get
    return {stem: rarity(stem, 1.0) for stem in stems}


@lru_cache(maxsize=1)
def _common() -> dict[str, float]:
    text = files(__package__).joinpath("common_words.json").read_text("utf-8")
    groups: dict[str, str] = json.loads(text)["stems"]
    return {stem: float(tells) for tells, stems in groups.items() for stem in stems.split()}
