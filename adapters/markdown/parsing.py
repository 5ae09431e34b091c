"""Markdown as the chat platforms read it: CommonMark with tables and ~~strikes~~, no HTML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal, TypeAlias

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

_REMEMBERED = 64

References: TypeAlias = Mapping[str, Any]
NO_REFERENCES: References = {}
Kind: TypeAlias = Literal["text", "code", "link"]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a paragraph, as it stands in the source.

    A "link" has the source of its `label` and its `url`; an image is a link, `<https://…>` too.
    """

    kind: Kind
    source: str
    label: str = ""
    url: str = ""


def _dialect() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


@cache
def _parser() -> MarkdownIt:
    return _dialect()


@cache
def _block_parser() -> MarkdownIt:
    return _dialect().disable("inline")


def normalised(text: str) -> str:
    """The text with the line ends and characters that the parser's line numbers count on."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")


@lru_cache(_REMEMBERED)
def parse(text: str) -> tuple[Sequence[Token], References]:
    """The blocks of a normalised text, whose paragraphs are left to `inline` and `spans`.

    The second is the addresses that reference links name. Neither is to be changed: one rendering
    asks several times for the same.
    """
    env: dict[str, Any] = {}
    return _block_parser().parse(text, env), env


def inline(text: str, references: References = NO_REFERENCES) -> list[Token]:
    """What one paragraph is made of."""
    return _parser().parseInline(text, dict(references))[0].children or []


def spans(text: str, references: References = NO_REFERENCES) -> Sequence[Span]:
    """The paragraph's source, cut where a link or code begins and ends; nothing is left out."""
    return tuple(_spans(text, references)) if references else _spans_alone(text)


@lru_cache(_REMEMBERED)
def _spans_alone(text: str) -> Sequence[Span]:
    """The spans of a paragraph that no reference names anything in: as it grows, or is ended."""
    return tuple(_spans(text, NO_REFERENCES))


def _spans(text: str, references: References) -> Iterator[Span]:
    prose = ""
    for source in _units(text, references):
        span = _span(source, references)
        if span.kind == "text":
            prose += source
            continue
        if prose:
            yield Span("text", prose)
            prose = ""
        yield span
    if prose:
        yield Span("text", prose)


def _units(text: str, references: References) -> Iterator[str]:
    """The pieces that the parser's own rules take in one go."""
    parser = _parser()
    state = StateInline(text, parser, dict(references), [])
    while state.pos < state.posMax:
        start = state.pos
        parser.inline.skipToken(state)
        yield text[start : state.pos]


def _span(source: str, references: References) -> Span:
    if len(source) > 1 and source[0] in "[!<":
        return _link(source, references)
    if source[0] == "`" and source.strip("`"):
        return Span("code", source)
    return Span("text", source)


def _link(source: str, references: References) -> Span:
    tokens = inline(source, references)
    first, last = tokens[0], tokens[-1]
    if first.type == "image" and first is last:
        return Span("link", source, first.content, str(first.attrs["src"]))
    if first.type != "link_open" or last.type != "link_close":
        return Span("text", source)
    url = str(first.attrs["href"])
    if first.markup == "autolink":
        return Span("link", source, source[1:-1], url)
    state = StateInline(source, _parser(), dict(references), [])
    return Span("link", source, source[1 : _parser().helpers.parseLinkLabel(state, 0)], url)
