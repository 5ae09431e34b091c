"""Questions to begin with."""

from __future__ import annotations

from itertools import chain, zip_longest

from core.ingestion.overview import Overview

_LONGEST_TITLE = 60


def suggestions(overview: Overview | None, most: int) -> list[str]:
    """Questions from the titles of the docs, a source after the other in turn."""
    if overview is None:
        return []
    turns = chain.from_iterable(zip_longest(*overview.titles.values(), fillvalue=""))
    usable = (title for title in map(_harmless, turns) if 0 < len(title) <= _LONGEST_TITLE)
    titles = list(dict.fromkeys(usable))[:most]
    return [f"What do the docs say about {title}?" for title in titles]


def _harmless(title: str) -> str:
    """Without the signs that mentions are made of: a suggestion is posted as its reader's."""
    return " ".join(title.translate(str.maketrans("<>@", "   ")).split())
