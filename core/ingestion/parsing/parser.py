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


def parse(path: str, data: bytes, rule: SlugRule = SlugRule.PLAIN) -> Document:
    """Reads a document by its suffix; `path` is relative to the source, with forward slashes.

    `rule` is what its site makes addresses by; in reStructuredText anchors are always docutils'.
    The title is the front matter's, else the first top heading, else made from the file's name.
    Raises DocumentUnreadable, and nothing else, whatever the bytes are.
    """
    reader = _READERS.get(PurePosixPath(path).suffix.lower())
    if reader is None:
        known = ", ".join(_READERS)
        raise DocumentUnreadable(path, f"its format is not one that can be read ({known})")
    return reader(path, decode(path, data), rule)


def _read_markdown(path: str, text: str, rule: SlugRule) -> Document:
    front_matter, body = split_front_matter(text)
    return _document(path, front_matter, markdown_sections(to_plain_markdown(body), rule))


def _read_mdx(path: str, text: str, rule: SlugRule) -> Document:
    front_matter, body = split_front_matter(text)
    markdown = to_plain_markdown(to_markdown(body))
    return _document(path, front_matter, markdown_sections(markdown, rule))


def _read_rst(path: str, text: str, _rule: SlugRule) -> Document:
    from core.ingestion.parsing.rst import rst_sections  # noqa: PLC0415 - docutils takes 0.2 s

    return _document(path, *rst_sections(path, text))


def _read_text(path: str, text: str, _rule: SlugRule) -> Document:
    body = text.strip("\n").rstrip()
    return _document(path, FrontMatter(), (Section("", "", 0, body),) if body else ())


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


_READERS: dict[str, Callable[[str, str, SlugRule], Document]] = {
    ".md": _read_markdown,
    ".markdown": _read_markdown,
    ".mdx": _read_mdx,
    ".rst": _read_rst,
    ".txt": _read_text,
}
SUFFIXES = tuple(_READERS)
"""The suffixes that `parse` knows, in lower case."""
