"""Markdown to sections: the original text, cut at its headings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from core.ingestion.addresses import SlugRule
from core.ingestion.parsing.anchors import anchors
from core.ingestion.parsing.headings import Heading, read_heading
from core.ingestion.parsing.markup import strip_markup
from core.ingestion.parsing.outline import nest
from core.ingestion.plain_blocks import plain_blocks
from core.model import Section

_LEADING_BLANK_LINES = re.compile(r"\A(?:[ \t]*\n)++")
_PREFORMATTED = re.compile(r"\s*<pre\b", re.IGNORECASE)
_TICKS = re.compile(r"`+")
_PROSE = re.compile(
    r"^[ \t]*+[^\W\d_a-z](?:[^\W\d_A-Z]|['’])*+[,;]?(?:(?: |\n[ \t]*+)\S++){4,40}?(?<=[.!?])",
    re.MULTILINE,
)
"""A sentence that begins a line: copied text is indented, too, and no code."""


def markdown_sections(markdown: str, rule: SlugRule = SlugRule.PLAIN) -> tuple[Section, ...]:
    """The tree of sections. A heading inside a fence, HTML, quote or list item cuts nothing.

    Comments, HTML tags and thematic breaks are taken out of the text; code stays as it is, and that
    which is only indented, beside no list or quote, gets a fence.
    `rule` is what the site makes its addresses by.
    """
    lines: list[str | None] = [*markdown.split("\n")]
    tokens = block_parser().parse(markdown)
    cuts = _anchored(tuple(_headings(tokens)), rule)
    for start, end, text in _edits(tokens, markdown.split("\n")):
        lines[start:end] = [text or None, *[None] * (end - start - 1)]
    return nest(tuple(_sections(lines, cuts)))


@cache
def block_parser() -> MarkdownIt:
    """CommonMark with tables, blocks only: tokens carry line numbers, inline text is left alone."""
    parser = MarkdownIt("commonmark", {"maxNesting": 60}).enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser.use(plain_blocks)


@dataclass(frozen=True, slots=True)
class _Cut:
    """A heading's lines, and what they say."""

    start: int
    end: int
    level: int
    nested: bool
    heading: Heading
    anchor: str = ""
    fragment: str = ""


def _headings(tokens: Sequence[Token]) -> Iterator[_Cut]:
    for token, inline in pairwise(tokens):
        if token.type == "heading_open" and token.map:
            start, end = token.map
            heading = read_heading(inline.content)
            yield _Cut(start, end, int(token.tag[1:]), token.level > 0, heading)


def _anchored(cuts: Sequence[_Cut], rule: SlugRule) -> list[_Cut]:
    """The cuts with their anchors; nested headings take one, as on the page, and are left out."""
    headings = [cut.heading for cut in cuts]
    own = anchors(headings, SlugRule.PLAIN)
    shown = own if rule is SlugRule.PLAIN else anchors(headings, rule)
    return [
        _Cut(cut.start, cut.end, cut.level, cut.nested, cut.heading, anchor, fragment)
        for cut, anchor, fragment in zip(cuts, own, shown, strict=True)
        if not cut.nested
    ]


def _edits(tokens: Sequence[Token], lines: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """(first line, end, new text) of each block that has something to take out."""
    for token in tokens:
        if not token.map:
            continue
        start, end = token.map
        if token.type == "hr" and token.level == 0:
            yield start, end, ""
        elif token.type == "html_block":
            yield start, end, _html_text("\n".join(lines[start:end]))
        elif token.type == "code_block" and token.level == 0 and not _PROSE.search(token.content):
            yield start, end, _fenced(token.content)
        elif token.type in {"paragraph_open", "tr_open"}:
            text = "\n".join(lines[start:end])
            if "<" in text:
                yield start, end, strip_markup(text)


def _fenced(code: str) -> str:
    if not code.strip():
        return ""
    marker = "`" * max([3, *(len(ticks) + 1 for ticks in _TICKS.findall(code))])
    return f"{marker}\n{code.rstrip()}\n{marker}"


def _html_text(html: str) -> str:
    if _PREFORMATTED.match(html):
        return html
    lines = (line.strip() for line in strip_markup(html).split("\n"))
    return "\n".join(line for line in lines if line)


def _sections(lines: Sequence[str | None], cuts: Sequence[_Cut]) -> Iterator[Section]:
    starts = [*(cut.start for cut in cuts), len(lines)]
    preface = _text(lines[: starts[0]])
    if preface:
        yield Section("", "", 0, preface)
    for cut, end in zip(cuts, starts[1:], strict=True):
        text = _text(lines[cut.end : end])
        fragment = cut.fragment if cut.fragment != cut.anchor else None
        yield Section(cut.heading.text, cut.anchor, cut.level, text, (), fragment)


def _text(lines: Sequence[str | None]) -> str:
    text = "\n".join(line for line in lines if line is not None)
    return _LEADING_BLANK_LINES.sub("", text).rstrip()
