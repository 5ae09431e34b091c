"""What a document says of itself before its text: YAML between `---`, or TOML between `+++`."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from core.ingestion.parsing.decoding import clean

_BLOCK = re.compile(
    r"\A(?P<fence>---|\+\+\+)[ \t]*\n(?P<source>.*?)^(?P=fence)[ \t]*(?:\n|\Z)",
    re.DOTALL | re.MULTILINE,
)
_SIMPLE_LINE = re.compile(r"^([A-Za-z][\w-]*)[ \t]*[:=][ \t]*(\S.*?)[ \t]*$", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n)+")
_FIELDS = re.compile(r"[ \t]*[\w.-]+[ \t]*[:=].*(?:\n(?:[ \t#\-\"'\]}]|[\w.-]+[ \t]*[:=]).*)*")
_MAX_CHARACTERS = 64 * 1024
_MAX_VALUE = 1_000
_MAX_AUTHORS = 100
_MAX_INTEGER_BITS = 256  # Python refuses to write out very long integers
_MERGE_KEY = "<<"  # a few nested merges of aliases grow without bound
_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The fields that Docent knows; None or empty where the document is silent."""

    title: str | None = None
    slug: str | None = None
    url: str | None = None
    date: str | None = None
    authors: tuple[str, ...] = ()
    peer_reviewed: bool | None = None


def split_front_matter(text: str) -> tuple[FrontMatter, str]:
    """The front matter, and the text after it.

    Where the block is malformed (mostly a colon that wants quotes), its simple `key: value`
    lines count, so that a slip costs a field and not the document. What only looks like front
    matter stays in the text, and so does a block that is never closed, even where a rule further
    down could be taken for its end.
    """
    block = _BLOCK.match(text)
    if block is None or len(block["source"]) > _MAX_CHARACTERS:
        return FrontMatter(), text
    fields = _load(block["source"], toml=block["fence"] == "+++")
    if fields is None:
        return FrontMatter(), text
    return known_fields(fields), text[block.end() :]


def _load(source: str, *, toml: bool) -> Mapping[Any, Any] | None:
    if _MERGE_KEY in source:
        return _simple_lines(source)
    try:
        # Not libyaml's loader: deep nesting overflows its C stack, and ends the process.
        fields = tomllib.loads(source) if toml else yaml.safe_load(source)
    except (yaml.YAMLError, ValueError, RecursionError):
        return _simple_lines(source)
    if fields is None:
        return {}
    return fields if isinstance(fields, dict) else None


def _simple_lines(source: str) -> Mapping[str, str] | None:
    _, *others = _BLANK_LINES.split(source.strip("\n"))
    if not all(map(_FIELDS.fullmatch, others)):
        return None  # the document's text stands there: the block was never closed
    fields = {key: value.strip("\"'") for key, value in _SIMPLE_LINE.findall(source)}
    return fields or None


def known_fields(fields: Mapping[Any, Any]) -> FrontMatter:
    """What can be used of fields of any types."""
    return FrontMatter(
        title=_text(fields.get("title")),
        slug=_text(fields.get("slug")) or _text(fields.get("permalink")),
        url=_text(fields.get("url")),
        date=_date(fields.get("date")),
        authors=tuple(_authors(fields.get("authors") or fields.get("author"))),
        peer_reviewed=_flag(fields.get("peer_reviewed", fields.get("peer-reviewed"))),
    )


def _text(value: Any) -> str | None:
    """A scalar as one line; anything else is no text (an alias bomb is never expanded)."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, int) and value.bit_length() > _MAX_INTEGER_BITS:
        return None
    return " ".join(clean(str(value)[:_MAX_VALUE]).split()) or None


def _date(value: Any) -> str | None:
    return value.isoformat() if isinstance(value, dt.date) else _text(value)


def _authors(value: Any) -> Iterable[str]:
    several = value.split(";") if isinstance(value, str) else value
    for author in several[:_MAX_AUTHORS] if isinstance(several, list) else [several]:
        name = _text(author.get("name") if isinstance(author, dict) else author)
        if name:
            yield name


def _flag(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    word = (_text(value) or "").lower()
    return True if word in _TRUE else False if word in _FALSE else None
