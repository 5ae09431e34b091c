"""Text of a model or a document, as Slack's markdown blocks may be given it.

Slack reads its own `<…>` codes inside a markdown block, takes `&lt;` for a sign that is shown, and
makes links of bare addresses (docs.slack.dev/reference/block-kit/blocks/markdown-block).
"""

from __future__ import annotations

import html
import re

from adapters.chat.links import (
    NOT_YET_KNOWN,
    Links,
    address_in_link,
    shown_address,
    shown_link,
)
from adapters.markdown import Span, backticked, normalised, rewrite, spans, without_mentions

_NOTHING = "\u200b"
_ADDRESS = r"(?:[a-z][a-z0-9+.-]*://|www\\?\.)(?:\[[0-9a-f:.]*\])?[^\s<>`\[\]]*"
_SIGNS = re.compile(
    rf"(?P<address>{_ADDRESS})|(?P<escape>\\[!-/:-@\[-`{{-~])|\[(?P<mark>\d{{1,4}})\]|(?P<less><)|(?P<stray>\]\()",
    re.IGNORECASE,
)
_SPELLED = re.compile(r"&(?:#\w{1,8}|\w{2,31});|\\[!-/:-@\[-`{-~]")
_LINK_CODE = re.compile(r"<(?=(?:https?|ftp|slack)://|(?:mailto|tel):)", re.IGNORECASE)
_LINK_IN_CODE = re.compile(
    r"\](?=[(:]\s*<?(?P<address>(?:[a-z][a-z0-9+.-]*:|//|www\.)[^\s<>)]*))", re.IGNORECASE
)
_BRACKETS = str.maketrans("[]", "()")


def safe_markdown(text: str, links: Links) -> str:
    """The text without mentions, broadcasts and Slack's codes, with links to known hosts alone."""
    text = without_mentions(backticked(normalised(text)))
    return rewrite(text, lambda span: _shown(span, links), lambda line: _in_code(line, links))


def _shown(span: Span, links: Links) -> str:
    match span.kind:
        case "code":
            return _in_code(span.source, links)
        case "link":
            return shown_link(span, _label(span.label), links)
        case _:
            return _text(span.source, links)


def _in_code(code: str, links: Links) -> str:
    """Code with its addresses, but with no link: not all agree on where code ends."""
    code = _LINK_CODE.sub("<" + _NOTHING, code)
    return _LINK_IN_CODE.sub(lambda f: "]" if links.knows(f["address"]) else "] ", code)


def _text(prose: str, links: Links) -> str:
    return _SIGNS.sub(lambda sign: _sign(sign, links), _SPELLED.sub(_plain, prose))


def _plain(spelled: re.Match[str]) -> str:
    """What an address could be spelled with, as it is; what has a meaning stays spelled out."""
    source = spelled.group()
    if source[0] == "\\":
        return source[1] if source[1] in ":/" else source
    sign = html.unescape(source)
    return "&lt;" if sign == "<" else sign if sign.isalnum() or sign in ":/." else source


def _sign(sign: re.Match[str], links: Links) -> str:
    if address := sign["address"]:
        return shown_address(address, links)
    if mark := sign["mark"]:
        url = links.marks.get(int(mark))
        # Slack's parser stumbles over brackets in a link's text.
        return f"[({mark})]({address_in_link(url)})" if url else f"[{mark}]"
    if sign["stray"]:
        return "] ("
    return "&lt;" if sign["less"] or sign["escape"] == "\\<" else sign["escape"]


def _label(source: str) -> str:
    """A link's text: without brackets and code, which Slack gets wrong there, or addresses."""
    parts = []
    for span in spans(source):
        match span.kind:
            case "code":
                parts.append(_text(span.source.strip("`").strip(), NOT_YET_KNOWN))
            case "link":
                parts.append(_label(span.label))
            case _:
                parts.append(_text(span.source, NOT_YET_KNOWN).replace("`", ""))
    return "".join(parts).translate(_BRACKETS)
