"""What a heading's inline Markdown says: its words, and the anchor that its author set."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

_MAX_CHARACTERS = 1_000
_ATTRIBUTES = re.compile(r"[ \t]*\{[:/*]*[ \t]*([^{}]+?)[ \t]*\*?/?\}$")
_INLINE_SIGNS = re.compile(r"[\n\\`*_~&<\[]")
_PERMALINK_TEXTS = frozenset({"", "#", "¶", "§", "🔗"})


@dataclass(frozen=True, slots=True)
class Heading:
    """`text` is for people; `slug_source` is what an anchor is derived from.

    `attributes` are what the author wrote in braces, as written.
    """

    text: str
    slug_source: str
    explicit_anchor: str | None = None
    attributes: str = ""


def read_heading(source: str) -> Heading:
    """Reads the Markdown between a heading's markers.

    Understands `{ #anchor .class }` as MkDocs and Docusaurus do, and leaves out permalinks
    (links to an anchor of the page with no words).
    """
    source = source[:_MAX_CHARACTERS].strip()
    title, anchor = _split_attributes(source)
    if not _INLINE_SIGNS.search(title):  # it is all words
        return Heading(" ".join(title.split()), title, anchor, source[len(title) :])
    tokens = _inline_tokens(title)
    kept = _without_permalinks(tokens)
    words = _plain(kept)
    text = words.strip() or " ".join(token.content for token in kept if token.type == "image")
    # An image's space counts in an anchor ("## ![] Title" is "-title"), a permalink's does not.
    slug_source = words if len(kept) == len(tokens) else words.strip()
    return Heading(" ".join(text.split()), slug_source, anchor, source[len(title) :])


def _split_attributes(source: str) -> tuple[str, str | None]:
    match = _ATTRIBUTES.search(source)
    attributes = match[1].split() if match else []
    if match is None or not any(a[0] in "#." for a in attributes):
        return source, None
    if not all(a[0] in "#." or "=" in a for a in attributes):
        return source, None
    anchor = next((a[1:] for a in attributes if a[0] == "#" and len(a) > 1), None)
    return source[: match.start()].rstrip(), anchor


@cache
def _inline_parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable("strikethrough")


def _inline_tokens(source: str) -> Sequence[Token]:
    (inline,) = _inline_parser().parseInline(source)
    return inline.children or []


def _without_permalinks(tokens: Sequence[Token]) -> list[Token]:
    kept: list[Token] = []
    for token in tokens:
        kept.append(token)
        if token.type == "link_close":
            start = max(i for i, t in enumerate(kept) if t.type == "link_open")
            if _is_permalink(kept[start:]):
                del kept[start:]
    return kept


def _is_permalink(link: Sequence[Token]) -> bool:
    to_page = str(link[0].attrs.get("href", "")).startswith("#")
    return to_page and _plain(link).strip() in _PERMALINK_TEXTS


def _plain(tokens: Iterable[Token]) -> str:
    return "".join(map(_token_text, tokens))


def _token_text(token: Token) -> str:
    if token.type in {"softbreak", "hardbreak"}:
        return " "
    return token.content if token.type in {"text", "code_inline", "text_special"} else ""
