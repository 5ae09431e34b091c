"""Takes HTML out of Markdown and leaves what a reader sees."""

from __future__ import annotations

import re

_INLINE = (
    "a abbr b bdi bdo big cite code data del dfn em font i ins kbd mark q rp rt ruby s samp small"
    " span strike strong sub sup time tt u var wbr"
)
INLINE_TAGS = frozenset(_INLINE.split())
"""HTML elements that stand within a line of text."""

_BLOCK = (
    "address article aside audio blockquote br button canvas caption center col colgroup dd details"
    " dialog div dl dt embed fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup"
    " hr iframe img input label legend li link main map menu meta nav noscript object ol optgroup"
    " option p param picture section select source summary svg path table tbody td template tfoot"
    " th thead tr track ul video"
)
# Nothing runs past the next `<` or `<!--`, so that a page of unclosed ones takes linear time.
_TAGS = (
    r"(?:</?(?:(?:" + "|".join(_INLINE.split()) + r")|(?P<block>" + "|".join(_BLOCK.split()) + r"))"
    r"(?=[\s/>])(?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*+>)+"
)
_CODE_SPAN = r"(?P<code>(?<!`)(?P<ticks>`++).{1,1000}?(?<!`)(?P=ticks)(?!`))"
_COMMENT = r"<!--(?:(?!<!--|-->).)*+-->"
_HIDDEN = r"<(?P<hidden>script|style)\b.*?(?:</(?P=hidden)\s*>|\Z)"
_MARKUP = re.compile(f"{_CODE_SPAN}|{_COMMENT}|{_HIDDEN}|{_TAGS}", re.IGNORECASE | re.DOTALL)


def strip_markup(text: str) -> str:
    """The text without HTML comments and tags; code spans and unknown tags stay as they are.

    A tag that sets things apart leaves a space, so that no words run together.
    """
    return _MARKUP.sub(_visible, text) if "<" in text else text


def _visible(markup: re.Match[str]) -> str:
    if markup["code"]:
        return markup[0]
    before = markup.string[markup.start() - 1 : markup.start()]
    return " " if markup["block"] and before.strip() else ""
