"""One entrance for all formats."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath

from core.errors import DocumentUnreadable
from core.ingestion.addresses import SlugRule
from core.ingestion.parsing.decoding import decode
from core.ingestion.parsing.dialects import to_plain_markdown
from core.ingestion.parsing.front_matter import FrontMatter, split_front_matter
from core.ingestion.parsing.markdown import markdown_sections
from core.ingestion.parsing.mdx import to_markdown
from core.model import Document, Section

_WORD_BORDERS = re.compile(r"[-_\s]+")


def parse(
    path: str, data: bytes, rule: SlugRule = SlugRule.PLAIN, *, suffix: str | None = None
) -> Document:
    """Reads a document by its suffix: that of the path, unless another is given.

    `path` is relative to the source, with forward slashes.
    `rule` is what its site makes addresses by; in reStructuredText anchors are always docutils'.
    The title is the front matter's, else the first top heading, else made from the file's name.
    Raises DocumentUnreadable, and nothing else, whatever the bytes are.
    """
    reader = _READERS.get(PurePosixPath(path).suffix.lower() if suffix is None else suffix)
    if reader is None:
        known = ", ".join(_READERS)
        raise DocumentUnreadable(path, f"its format is not one that can be read ({known})")
    return reader(path, data, rule)


def _read_markdown(path: str, data: bytes, rule: SlugRule) -> Document:
    front_matter, body = split_front_matter(decode(path, data))
    return _document(path, front_matter, markdown_sections(to_plain_markdown(body), rule))


def _read_mdx(path: str, data: bytes, rule: SlugRule) -> Document:
    front_matter, body = split_front_matter(decode(path, data))
    markdown = to_plain_markdown(to_markdown(body))
    return _document(path, front_matter, markdown_sections(markdown, rule))


def _read_rst(path: str, data: bytes, _rule: SlugRule) -> Document:
    from core.ingestion.parsing.rst import rst_sections  # noqa: PLC0415 - docutils takes 0.2 s

    return _document(path, *rst_sections(path, decode(path, data)))


def _read_text(path: str, data: bytes, _rule: SlugRule) -> Document:
    body = decode(path, data).strip("\n").rstrip()
    return _document(path, FrontMatter(), (Section("", "", 0, body),) if body else ())


def _read_html(path: str, data: bytes, _rule: SlugRule) -> Document:
    from core.ingestion.parsing.html import html_sections  # noqa: PLC0415 - lxml takes 0.2 s

    return _document(path, *html_sections(path, data))


def _read_notebook(path: str, data: bytes, rule: SlugRule) -> Document:
    from core.ingestion.parsing.notebook import notebook_markdown  # noqa: PLC0415 - takes 0.3 s

    markdown = notebook_markdown(path, decode(path, data))
    return _document(path, FrontMatter(), markdown_sections(to_plain_markdown(markdown), rule))


def _read_pdf(path: str, data: bytes, _rule: SlugRule) -> Document:
    from core.ingestion.parsing.pdf import pdf_sections  # noqa: PLC0415 - pypdf takes 0.2 s

    return _document(path, *pdf_sections(path, data))


def _read_docx(path: str, data: bytes, rule: SlugRule) -> Document:
    from core.ingestion.parsing.docx import docx_markdown  # noqa: PLC0415 - mammoth takes 0.1 s

    return _document(path, FrontMatter(), markdown_sections(docx_markdown(path, data), rule))


def _document(path: str, front_matter: FrontMatter, sections: tuple[Section, ...]) -> Document:
    return Document(
        path=path,
        title=front_matter.title or _top_heading(sections) or _title_from(path),
        sections=sections,
        slug=front_matter.slug,
        url=front_matter.url,
        date=front_matter.date,
        authors=front_matter.authors,
        peer_reviewed=front_matter.peer_reviewed,
    )


def _top_heading(sections: Iterable[Section]) -> str:
    return next((s.heading for s in sections if s.level == 1), "")


def _title_from(path: str) -> str:
    """`guides/first-steps.md` is "First steps"; an index is named after its folder."""
    file = PurePosixPath(path)
    is_index = file.stem.lower() in {"index", "readme"}
    name = (file.parent.name if is_index else "") or file.stem
    words = _WORD_BORDERS.sub(" ", name).strip()
    return words[:1].upper() + words[1:]


_READERS: dict[str, Callable[[str, bytes, SlugRule], Document]] = {
    ".md": _read_markdown,
    ".markdown": _read_markdown,
    ".mdx": _read_mdx,
    ".rst": _read_rst,
    ".txt": _read_text,
    ".html": _read_html,
    ".htm": _read_html,
    ".ipynb": _read_notebook,
    ".pdf": _read_pdf,
    ".docx": _read_docx,
}
SUFFIXES = tuple(_READERS)
"""The suffixes that `parse` knows, in lower case."""
