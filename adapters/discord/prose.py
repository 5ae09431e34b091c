"""Text of a model or a document, as Discord may be given it.

Discord knows three levels of headings, no tables and no HTML; it makes links of bare addresses,
and commands, channels and times of `<…>` codes
(support.discord.com/hc/en-us/articles/210298617, discord.com/developers/docs/reference).
"""

from __future__ import annotations

import html
import re

from adapters.chat.links import (
    Links,
    address_in_link,
    shown_address,
    shown_link,
    without_scheme,
)
from adapters.markdown import (
    Span,
    normalised,
    rewrite,
    spans,
    with_few_headings,
    with_short_fences,
    without_mentions,
)

_NOTHING = "\u200b"
_ADDRESS = r"(?:[a-z][a-z0-9+.-]*://|www\.)[^\s<>`\[\]]*"
_SIGNS = re.compile(
    rf"(?P<address>{_ADDRESS})|\[(?P<mark>\d{{1,4}})\]|(?P<stray>\]\()"
    r"|(?P<code><(?=[/:at@#i]))|(?P<small>-(?=#\s))|(?P<escaped>\\[\\`])|(?P<tick>`)",
    re.IGNORECASE,
)
_HEADINGS = 3
_MARKUP = re.compile(r"([\\`*_~|<>\[\]()#@:-])")
_BRACKETS = str.maketrans("[]", "()")


def safe_markdown(text: str, links: Links) -> str:
    """The text without mentions and Discord's codes, with links to known hosts alone.

    Nothing is in small print: that is how its sources are shown.
    """
    text = with_few_headings(with_short_fences(normalised(text)), _HEADINGS)
    text = without_mentions(rewrite(text, _spelled_out) if "&" in text else text)
    return rewrite(text, lambda span: _shown(span, links))


def escaped(text: str) -> str:
    """The text with its signs shown as they are, in one line."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split())).replace("@", "@" + _NOTHING)


def _spelled_out(span: Span) -> str:
    """Prose with the signs that HTML writes with an `&`, which Discord would show like that."""
    if span.kind != "text":
        return span.source
    return re.sub(r"&(?:#\w{1,8}|\w{2,31});", _sign_of, span.source)


def _sign_of(spelled: re.Match[str]) -> str:
    sign = html.unescape(spelled.group())
    return sign if sign.isprintable() else " "


def _shown(span: Span, links: Links) -> str:
    match span.kind:
        case "code":
            return span.source
        case "link":
            return shown_link(span, _label(span.label), links)
        case _:
            return _SIGNS.sub(lambda sign: _sign(sign, links), span.source)


def _sign(sign: re.Match[str], links: Links) -> str:
    if address := sign["address"]:
        return shown_address(address, links)
    if mark := sign["mark"]:
        url = links.marks.get(int(mark))
        return f"[[{mark}]]({address_in_link(url)})" if url else f"[{mark}]"
    if sign["stray"]:
        return "] ("
    return sign.group() + _NOTHING if sign["code"] or sign["small"] else _inert(sign)


def _label(source: str) -> str:
    """A link's text: without brackets, or addresses, for which Discord shows no link at all."""
    parts = []
    for span in spans(source):
        match span.kind:
            case "link":
                parts.append(_label(span.label))
            case "code":
                parts.append(span.source)
            case _:
                parts.append(_SIGNS.sub(_inert, span.source))
    return "".join(parts).translate(_BRACKETS)


def _inert(sign: re.Match[str]) -> str:
    if sign["tick"]:
        # One that nothing closes in its paragraph Discord would close in another.
        return "\\`"
    return without_scheme(sign["address"]) if sign["address"] else sign.group()
