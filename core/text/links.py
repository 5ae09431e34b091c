"""Links in Markdown, as text."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

INLINE_LINK = (
    r"(?P<image>!?)\[(?P<text>(?:[^\[\]]|\[[^\[\]]*+\])*+)\]"
    r"\(\s*+<?(?P<target>[^\s()<>]*+(?:\([^\s()<>]*+\)[^\s()<>]*+)*+)>?(?:\s[^()]*+)?\)"
)
"""A link or image that says its address itself, with brackets at most one deep."""

_HOST = re.compile(r"[\w.-]+(?::\d+)?|\[[0-9a-fA-F:]+\](?::\d+)?")


def is_web_url(url: str) -> bool:
    """Whether this is an absolute http(s) address that may become a link.

    One with a user name in it may not: it is only ever used to deceive.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and _HOST.fullmatch(parts.netloc) is not None
