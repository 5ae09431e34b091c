"""Changing the prose of a text and leaving its structure and its code as they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from markdown_it.token import Token

from adapters.markdown.parsing import References, Span, normalised, parse, spans

_MENTION = re.compile(
    r"<(?=[@#][\w&!+]|!(?:channel|here|everyone|group|subteam|date)\b)", re.IGNORECASE
)
_BROADCAST = re.compile(r"@(?=(?:everyone|here|channel|group)\b)", re.IGNORECASE)
_NOTHING = "\u200b"


def without_mentions(text: str) -> str:
    """The text with nothing in it that could notify anybody, in Slack or in Discord.

    What looked like a mention looks the same, but has a zero-width space in it.
    """

    def in_prose(span: Span) -> str:
        if span.kind != "link":
            return span.source if span.kind == "code" else _unheard(span.source)
        return span.source.replace(span.label, _unheard(span.label), 1)

    return without_mention_tokens(rewrite(text, in_prose) if "@" in text else text)


def _unheard(prose: str) -> str:
    return _BROADCAST.sub("@" + _NOTHING, prose)


def without_mention_tokens(text: str) -> str:
    """The same for `<@…>`, `<#…>` and `<!…>` alone, which also count in code."""
    return _MENTION.sub("<" + _NOTHING, text)


def rewrite(
    text: str,
    prose: Callable[[Span], str],
    code: Callable[[str], str] = lambda line: line,
) -> str:
    """The text with `prose` applied to each span outside code blocks, `code` to their lines.

    Neither may add a line break; one that is removed comes after the span. A reference link has
    its address in its place.
    """
    return _rewritten(inlined(normalised(text)), prose, code)


def _rewritten(text: str, prose: Callable[[Span], str], code: Callable[[str], str]) -> str:
    lines = text.split("\n")
    tokens, references = parse(text)
    changed: dict[int, str] = {}
    for token, markup in _leaves(tokens):
        first, end = token.map or (0, 0)
        block = lines[first:end]
        if token.type == "inline":
            result = _paragraph(block, token.content, markup, prose, references)
        elif token.type == "table_open":
            result = [_line(line, prose, references) for line in block]
        else:
            result = [code(line) for line in block]
        changed.update(enumerate(result, first))
    kept = (changed.get(i, line if _is_bare(line) else "") for i, line in enumerate(lines))
    return "\n".join(kept)


def _leaves(tokens: Sequence[Token]) -> list[tuple[Token, str]]:
    """The tokens that hold text, each with the markup that its heading begins with."""
    found: list[tuple[Token, str]] = []
    in_table = False
    markup = ""
    for token in tokens:
        if token.type in ("table_open", "table_close"):
            in_table = token.type == "table_open"
        if token.type == "heading_open":
            markup = token.markup
        if token.type in ("table_open", "fence", "code_block") or (
            token.type == "inline" and not in_table
        ):
            found.append((token, markup))
            markup = ""
    return found


def _paragraph(
    block: list[str],
    content: str,
    markup: str,
    prose: Callable[[Span], str],
    references: References,
) -> list[str]:
    """The lines of a block whose text is `content`, with what is before and after it kept."""
    parts = content.split("\n")
    places = [_place(line, part, markup) for line, part in zip(block, parts, strict=False)]
    new = "".join(_as_long(prose(s), s.source) for s in spans(content, references)).split("\n")
    if any(at < 0 for at in places) or len(new) != len(parts) or len(block) < len(parts):
        return [_line(line, prose, references) for line in block]
    rewritten = [
        line[:at] + change + line[at + len(part) :]
        for line, at, part, change in zip(block, places, parts, new, strict=False)
    ]
    return rewritten + block[len(parts) :]


def _as_long(changed: str, source: str) -> str:
    """With as many line breaks as the source, so that what follows keeps its line."""
    return changed + "\n" * (source.count("\n") - changed.count("\n"))


def _place(line: str, part: str, markup: str) -> int:
    """Where in its line a part of the text begins, or -1: a tab may be half of an indent."""
    if markup.startswith("#"):
        return line.find(part, line.find(markup) + len(markup))
    return line.rfind(part)


def _line(line: str, prose: Callable[[Span], str], references: References) -> str:
    """A line of which we do not know how it is built, so that its signs count as text."""
    body = line.lstrip()
    kept = line[: len(line) - len(body)]
    return kept + "".join(prose(span) for span in spans(body, references))


def _is_bare(line: str) -> bool:
    """Whether a line outside all text is a rule or a marker, and not the definition of a link."""
    return "]" not in line and not any(c.isalpha() for c in line)


def inlined(text: str) -> str:
    """The text with the address of each reference link in its place, so that it can be cut."""
    if "]:" not in text or not parse(text)[1].get("references"):
        return text

    def in_place(span: Span) -> str:
        if span.kind != "link" or span.source.endswith(")") or span.source[0] == "<":
            return span.source
        return f"{'!' * span.source.startswith('!')}[{span.label}](<{span.url}>)"

    return _rewritten(text, in_place, lambda line: line)
