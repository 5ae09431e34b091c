"""Jupyter notebooks: their text, and their code without what it printed."""

from __future__ import annotations

from typing import Any

import nbformat

from core.errors import DocumentUnreadable
from core.ingestion.parsing.decoding import clean

_VERSION = 4


def notebook_markdown(path: str, text: str) -> str:
    """The cells as Markdown, code in fences of the notebook's language. Raises DocumentUnreadable.

    Notebooks of older versions of the format are read too.
    """
    try:
        notebook: Any = nbformat.reads(text, as_version=_VERSION)  # type: ignore[no-untyped-call]
        language = _language(notebook)
        cells = [_cell(cell, language) for cell in notebook.cells]
    except Exception as exc:  # nothing tells beforehand all that can be wrong
        raise DocumentUnreadable(path, "it is not a Jupyter notebook") from exc
    return clean("\n\n".join(filter(None, cells)))


def _language(notebook: Any) -> str:
    metadata = notebook.metadata
    told = metadata.get("language_info", {}).get("name")
    return str(told or metadata.get("kernelspec", {}).get("language") or "python")


def _cell(cell: Any, language: str) -> str:
    source = str(cell.source).strip("\n")
    if not source.strip():
        return ""
    if cell.cell_type == "markdown":
        return source
    if cell.cell_type == "code":
        fence = "````" if "```" in source else "```"
        return f"{fence}{language}\n{source}\n{fence}"
    return ""
