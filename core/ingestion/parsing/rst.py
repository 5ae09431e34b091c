"""reStructuredText to sections, by docutils, which neither reads files nor passes raw text on."""

from __future__ import annotations

from collections.abc import Iterator

from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.parsers.rst import Parser
from docutils.utils import new_document

from core.errors import DocumentUnreadable
from core.ingestion.parsing.decoding import clean
from core.ingestion.parsing.front_matter import FrontMatter, known_fields
from core.ingestion.parsing.outline import nest
from core.ingestion.parsing.rst_writer import RstWriter
from core.model import Section

_MAX_CHARACTERS = 1_000_000  # docutils reads some 50,000 a second
_SETTINGS = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "report_level": 5,  # above the highest: nothing is written to stderr
    "halt_level": 5,  # and no mistake in a document ends its reading
    "warning_stream": False,
    "syntax_highlight": "none",
    "auto_id_prefix": "id",  # as Sphinx numbers headings that share a name
}


def rst_sections(path: str, text: str) -> tuple[FrontMatter, tuple[Section, ...]]:
    """What the leading field list says, and the tree of sections with Markdown for text.

    Anchors are those of docutils, and so of Sphinx and of GitHub's rendering. Directives and
    roles of Sphinx are read for their text; `toctree` and the like are left out. Raises
    DocumentUnreadable.
    """
    if len(text) > _MAX_CHARACTERS:
        reason = f"it is longer than {_MAX_CHARACTERS:,} characters, the limit for this format"
        raise DocumentUnreadable(path, reason)
    try:
        document = parse_rst(text)
        return _metadata(document), nest(tuple(_sections(document)))
    except RecursionError as exc:
        raise DocumentUnreadable(path, "it is nested too deeply") from exc
    except Exception as exc:  # docutils fails on malformed text in no set of ways
        raise DocumentUnreadable(path, "it cannot be read as reStructuredText") from exc


def parse_rst(text: str) -> nodes.document:
    """The document tree as parsed: nothing is resolved or transformed."""
    settings = get_default_settings(Parser)
    for name, value in _SETTINGS.items():
        setattr(settings, name, value)
    document = new_document("", settings)
    Parser().parse(text, document)
    return document


def _metadata(document: nodes.document) -> FrontMatter:
    fields = _field_list(document)
    if fields is None:
        return FrontMatter()
    pairs = (field.children for field in fields)
    return known_fields({name.astext().lower(): body.astext() for name, body in pairs})


def _field_list(document: nodes.document) -> nodes.field_list | None:
    """The one that the document begins with, before its title or right after it."""
    first = next(_content(document), None)
    if isinstance(first, nodes.section):
        first = next(_content(first), None)
    return first if isinstance(first, nodes.field_list) else None


def _content(node: nodes.Element) -> Iterator[nodes.Node]:
    silent = nodes.title | nodes.comment | nodes.system_message | nodes.target
    return (child for child in node.children if not isinstance(child, silent))


def _sections(document: nodes.document) -> Iterator[Section]:
    writer = RstWriter(document, parse_rst, omit=_field_list(document))
    preface = clean(writer.text_of(document))
    if preface:
        yield Section("", "", 0, preface)
    for section in document.findall(nodes.section):
        heading = " ".join(clean(section[0].astext()).split())
        level = 1 + sum(isinstance(node, nodes.section) for node in _ancestors(section))
        yield Section(heading, section["ids"][0], level, clean(writer.text_of(section)))


def _ancestors(node: nodes.Node) -> Iterator[nodes.Node]:
    while node.parent is not None:
        node = node.parent
        yield node
