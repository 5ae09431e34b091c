"""llms.txt (llmstxt.org): the pages that a site names for language models (pure)."""

from __future__ import annotations

import re

from core.text.links import INLINE_LINK

_LINK = re.compile(INLINE_LINK)
_BEGINNING = re.compile(r"\A\ufeff?\s*(?:#|>|- |\* |\[)")
_WHOLE = ("llms.txt", "llms-full.txt")
"""Itself, and all pages at once, which would be there twice."""


def read_llms_txt(text: str) -> list[str]:
    """The addresses that it links, as written; none of what is no such file."""
    if not _BEGINNING.match(text):
        return []
    targets = (match["target"] for match in _LINK.finditer(text) if not match["image"])
    kept = (each for each in targets if each and not each.partition("#")[0].endswith(_WHOLE))
    return list(dict.fromkeys(kept))
