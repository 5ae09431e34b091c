"""Text that every encoder accepts, and that shows all that it holds."""

from __future__ import annotations

import re

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u180e\u200b\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)


def well_formed(text: str) -> str:
    """The text with `?` for halves of surrogate pairs, which JSON and file names can hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def storable(text: str) -> str:
    """Well-formed, and without NUL, for which PostgreSQL has no place."""
    return well_formed(text.replace("\0", "\N{REPLACEMENT CHARACTER}"))


def visible(text: str) -> str:
    """The text without control characters and those that hide or reorder what stands there.

    Tabs and line feeds stay, and the joiners and marks that scripts and emoji are written with.
    """
    if text.isascii() and text.isprintable():
        return text  # as most of what a model streams is
    return _HIDDEN.sub("", text)
