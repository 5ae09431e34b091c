"""PDF: a section a page, under the chapters that the file's outline names."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any

from pypdf import PdfReader

from core.errors import DocumentUnreadable
from core.ingestion.parsing.decoding import check_size, clean
from core.ingestion.parsing.front_matter import FrontMatter
from core.model import Section

_MAX_PAGES = 5_000
_HYPHENATED = re.compile(r"(?<=[^\W\d_])-\n(?=[^\W\d_A-Z])")


def pdf_sections(path: str, data: bytes) -> tuple[FrontMatter, tuple[Section, ...]]:
    """Title, date and authors, and the pages. Their anchors, `page=N`, open in browsers.

    Raises DocumentUnreadable, also for a file of pictures alone.
    """
    check_size(path, data)
    # What it mends silently in a sloppy file it would tell the log, line after line.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(BytesIO(data))
        _check(path, reader)
        pages = [clean(page.extract_text()) for page in reader.pages]
        chapters = dict(_chapters(reader))
        front_matter = _front_matter(reader)
    except DocumentUnreadable:
        raise
    except Exception as exc:  # pypdf lets pass whatever a damaged file makes it meet
        raise DocumentUnreadable(path, "it is not a PDF, or is damaged") from exc
    sections = _sections(pages, chapters)
    if not sections:
        raise DocumentUnreadable(path, "it holds no text, only pictures; give a PDF with text")
    return front_matter, sections


def _check(path: str, reader: PdfReader) -> None:
    if reader.is_encrypted and not reader.decrypt(""):
        raise DocumentUnreadable(path, "it is locked with a password")
    if len(reader.pages) > _MAX_PAGES:
        raise DocumentUnreadable(path, f"it has more than {_MAX_PAGES:,} pages")


def _sections(pages: Sequence[str], chapters: dict[int, str]) -> tuple[Section, ...]:
    """The pages before the first chapter stand on top; none of them is the document's title."""
    sections: list[Section] = []
    chapter: tuple[str, int] | None = None
    held: list[Section] = []

    def close() -> None:
        if chapter is None:
            sections.extend(held)
        elif held:
            sections.append(Section(chapter[0], f"page={chapter[1]}", 2, "", tuple(held)))
        held.clear()

    for number, text in enumerate(pages, start=1):
        if number in chapters:
            close()
            chapter = chapters[number], number
        words = _HYPHENATED.sub("", text).strip()
        if words:
            held.append(Section(f"Page {number}", f"page={number}", 3, words))
    close()
    return tuple(sections)


def _chapters(reader: PdfReader) -> Iterator[tuple[int, str]]:
    """The outline's highest entries by the number of their page."""
    for entry in reader.outline:
        if isinstance(entry, list):
            continue
        number = reader.get_destination_page_number(entry)
        title = " ".join(clean(str(entry.title)).split())
        if number is not None and title:
            yield number + 1, title


def _front_matter(reader: PdfReader) -> FrontMatter:
    metadata: Any = reader.metadata
    if metadata is None:
        return FrontMatter()
    try:
        date = metadata.creation_date
    except ValueError:
        date = None
    title = " ".join(clean(metadata.title or "").split())
    authors = [clean(name).strip() for name in re.split(r"[,;]", metadata.author or "")]
    return FrontMatter(
        title=title or None,
        date=date.date().isoformat() if date else None,
        authors=tuple(filter(None, authors)),
    )
