"""Word documents."""

from __future__ import annotations

from io import BytesIO

import mammoth
from bs4 import BeautifulSoup

from core.errors import DocumentUnreadable
from core.ingestion.parsing.archives import unpacked_size
from core.ingestion.parsing.decoding import check_size, clean
from core.ingestion.parsing.html_markdown import to_markdown

_MAX_UNPACKED = 100 * 1024 * 1024
"""Bytes; a small file may unpack to any size."""


def docx_markdown(path: str, data: bytes) -> str:
    """The text with headings, lists, tables and links; pictures left out.

    Raises DocumentUnreadable.
    """
    check_size(path, data)
    try:
        fits = unpacked_size(data) <= _MAX_UNPACKED
        html = mammoth.convert_to_html(BytesIO(data), convert_image=_no_image).value if fits else ""
        markdown = clean(to_markdown(BeautifulSoup(html, "lxml")))
    except Exception as exc:  # mammoth lets pass whatever a damaged file makes it meet
        raise DocumentUnreadable(path, "it is not a Word document, or is damaged") from exc
    if not fits:
        raise DocumentUnreadable(path, "it unpacks to more than 100 MB")
    return markdown


def _no_image(_image: object) -> list[object]:
    return []
