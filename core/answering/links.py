"""Links in a model's text: only those that the docs or the question have are left as links."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.answering.prose import map_prose
from core.model import Passage

_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"'`\])}|\\]+", re.IGNORECASE)
_LINK = re.compile(
    r"(?P<image>!?)\[(?P<text>(?:[^\[\]]|\[[^\[\]]*\])*)\]"
    r"\(\s*<?(?P<target>[^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*)>?(?:\s[^()]*)?\)"
    rf"|<(?P<auto>[a-zA-Z][a-zA-Z0-9+.-]{{1,31}}:[^\s<>]*)>|(?P<bare>{_URL.pattern})",
    re.IGNORECASE,
)
_DEFINITION = re.compile(r"^[ \t]{0,3}\[[^\]\n]+\]:[ \t]*\S.*$", re.MULTILINE)
_TAG = re.compile(
    r"</?(?:a|img|iframe|script|object|embed|video|audio|source|link|style|form|svg)\b[^<>]*>",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"^(?:https?://|www\.)+", re.IGNORECASE)
_TRAILING = ".,;:!?*_~"
_ESCAPES = {" ": "%20", "(": "%28", ")": "%29", "<": "%3C", ">": "%3E", "\n": "%0A"}


class KnownLinks:
    """The addresses in the passages and the question; all others lose their link.

    A link elsewhere is how a hostile passage leads a reader off, or carries data out.
    """

    def __init__(self, passages: Sequence[Passage], question: str) -> None:
        texts = [question, *(p.text for p in passages)]
        found = (url for text in texts for url in _URL.findall(text))
        self._known = frozenset(_page(u) for u in [*(p.url for p in passages), *found] if u)

    def reduced(self, claim: str) -> str:
        """The claim with every other link as its text, other bare addresses without a scheme."""
        while (changed := map_prose(claim, self._once)) != claim:
            # What stood around a removed link may be one itself now.
            claim = changed
        return claim

    def _once(self, prose: str) -> str:
        prose = _TAG.sub("", _DEFINITION.sub("", prose))
        return _LINK.sub(self._link, prose)

    def _link(self, found: re.Match[str]) -> str:
        if found["text"] is not None:
            return self._inline(found)
        address = found["auto"] or found["bare"]
        return found.group() if _page(address) in self._known else _SCHEME.sub("", address)

    def _inline(self, found: re.Match[str]) -> str:
        known = _page(found["target"]) in self._known
        return found.group() if known and not found["image"] else found["text"]


def _page(address: str) -> str:
    """An address without what a browser keeps to itself, to compare."""
    return address.rstrip(_TRAILING).partition("#")[0].rstrip("/")


def escaped_link(text: str, url: str) -> str:
    """A Markdown link whose text and address cannot break out of it; no link without a `url`."""
    text = re.sub(r"([\\\[\]`*_<>])", r"\\\1", " ".join(text.split()))
    address = "".join(_ESCAPES.get(c, c) for c in url)
    return f"[{text}]({address})" if url else text
