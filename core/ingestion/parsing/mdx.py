"""Turns MDX into Markdown: takes out what is JavaScript and keeps what a reader sees."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TypeAlias

from core.ingestion.parsing.markup import INLINE_TAGS

_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
_MODULE_CODE = re.compile(
    r"import\s*[\"'{*]|import\s+[\w$]+\s*(?:,|\s+from\b)"
    r"|export\s+(?:default|const|let|var|function|async|class)\b|export\s*[{*]"
)
_LONGEST_MODULE_CODE = 500
_TAG_START = re.compile(r"[ \t]*</?[A-Za-z>]")

# Nothing here runs past the next thing of its kind that opens, so that a page of unclosed ones
# takes linear time.
_BRACES = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*+\})*+\})*+\}"
_CODE = r"(?<!`)(?P<ticks>`++).{1,1000}?(?<!`)(?P=ticks)(?!`)"
_MATH = r"\$\$.{1,1000}?\$\$|\$[^\s$](?:[^$\n]{0,200}[^\s$])?\$(?!\d)"
_MARKUP = re.compile(
    rf"(?P<kept>\\.|{_CODE}|{_MATH}|\{{\s*[#.][\w:.-]+\s*\}})"
    r"|\{/\*(?P<comment>(?:[^*{]|\*(?!/\})|\{(?!/\*))*+)\*/\}"
    rf"|(?P<expression>{_BRACES})"
    rf"|</?(?:(?P<name>(?!\w+:/)[A-Za-z][\w.:-]*+)(?=[\s/>{{])"
    rf"(?P<attributes>(?:[^<>{{}}\"']|{_BRACES}|\"[^\"<]*\"|'[^'<]*')*+))?>",
    re.DOTALL,
)
_CAPTION = re.compile(
    r"(?<![\w-])(?:title|label|header|summary)\s*=\s*"
    r"(?:\"([^\"]*)\"|'([^']*)'|\{\s*[\"'`]([^\"'`{}]*)[\"'`]\s*\})"
)
_STRING = re.compile(r"\{\s*([\"'`])([^{}]*)\1\s*\}")

_Line: TypeAlias = tuple[bool, str]
"""Whether it belongs to a fence, and its text."""


def to_markdown(mdx: str) -> str:
    """The Markdown with imports, exports, expressions and tags taken out.

    Kept are the text inside tags, strings in braces, and a component's title or label, in bold.
    Code and mathematics stay as they are. Never raises: what is not MDX is kept as text.
    """
    lines = _outdented(_without_module_code([*_marked(mdx.split("\n"))]))
    parts = []
    for is_code, group in groupby(lines, key=itemgetter(0)):
        text = "\n".join(line for _, line in group)
        parts.append(text if is_code else _MARKUP.sub(_visible, text))
    return "\n".join(parts)


def _marked(lines: Iterable[str]) -> Iterator[_Line]:
    marker = ""
    for line in lines:
        fence = _FENCE.match(line)
        yield bool(marker or fence), line
        if marker and line.strip().startswith(marker) and not line.strip().strip(marker[0]):
            marker = ""
        elif fence and not marker:
            marker = fence[1]


def _without_module_code(lines: Sequence[_Line]) -> Iterator[_Line]:
    at = 0
    while at < len(lines):
        is_code, line = lines[at]
        if not is_code and _MODULE_CODE.match(line):
            end = _end_of_statement(lines, at)
            if end is None:  # not JavaScript after all
                yield from lines[at:]
                return
            at = end
        else:
            yield lines[at]
            at += 1


def _end_of_statement(lines: Sequence[_Line], start: int) -> int | None:
    """The line after it: brackets are balanced there, and it is not indented."""
    depth = 0
    for at in range(start, min(start + _LONGEST_MODULE_CODE, len(lines))):
        line = lines[at][1]
        if at > start and depth <= 0 and not line.startswith((" ", "\t")):
            return at
        depth += sum(map(line.count, "([{")) - sum(map(line.count, ")]}"))
    return len(lines) if depth <= 0 and len(lines) - start <= _LONGEST_MODULE_CODE else None


def _outdented(lines: Iterable[_Line]) -> Iterator[_Line]:
    """Takes back the indent that text has for standing inside a tag: it would look like code.

    The first line after a tag says how deep it is.
    """
    indent: int | None = 0
    in_tag = False
    for is_code, line in lines:
        text = line.lstrip(" \t")
        width = len(line) - len(text)
        if in_tag or (not is_code and _TAG_START.match(line)):
            in_tag = ">" not in line
            indent = None
            yield is_code, text
            continue
        if text and indent is None:
            indent = width
        yield is_code, line[min(width, indent or 0) :]


def _visible(markup: re.Match[str]) -> str:
    if markup["kept"]:
        return markup[0]
    if markup["comment"] is not None:
        anchor = markup["comment"].strip()
        return f"{{{anchor}}}" if anchor.startswith("#") and " " not in anchor else ""
    if markup["expression"]:
        string = _STRING.fullmatch(markup["expression"])
        return string[2] if string else ""
    return _visible_of_tag(markup)


def _visible_of_tag(tag: re.Match[str]) -> str:
    name = tag["name"] or ""
    caption = _CAPTION.search(tag["attributes"]) if name[:1].isupper() else None
    if caption:
        words = caption[1] or caption[2] or caption[3] or ""
        return f"**{words.strip()}**\n" if words.strip() else ""
    before = tag.string[tag.start() - 1 : tag.start()]
    return "" if name in INLINE_TAGS or not before.strip() else " "
