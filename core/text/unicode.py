"""Text that every encoder accepts."""

from __future__ import annotations


def well_formed(text: str) -> str:
    """The text with `?` for halves of surrogate pairs, which JSON and file names can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
