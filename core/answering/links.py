"""Links in a model's text: only those that the docs or the question have are left as links."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property, lru_cache

from core.model import Passage
from core.text.links import INLINE_LINK, is_web_url
from core.text.prose import map_prose, settled
from core.text.unicode import visible

_URL = re.compile(r"(?<![a-z0-9+.-])(?:[a-z0-9+.-]++://|www\.)[^\s<>\"'`\])}|\\\0]+", re.IGNORECASE)
_LINK = re.compile(
    rf"{INLINE_LINK}"
    rf"|<(?P<auto>[a-z][a-z0-9+.-]{{1,31}}:[^\s<>]*)>|(?P<bare>{_URL.pattern})"
    r"|(?P<stray>\]\()",
    re.IGNORECASE,
)
# A link or its definition inside of code, where the address is one of the web or in disguise.
_IN_CODE = re.compile(
    r"\](?P<rest>[(:]\s*+<?(?P<target>(?:(?:[a-z][a-z0-9+.-]*:)?[\\/]{2,}\w|&#?\w+;)[^\s()<>]*))",
    re.IGNORECASE,
)
# `[label]: address` on a line of its own; or in a quote or list, or before a line break.
_DEFINITION = re.compile(r"^[ \t]{0,3}\[[^\]\n]+\]:[ \t]*\S.*$", re.MULTILINE)
_NESTED_DEFINITION = re.compile(
    r"^((?:[ \t>*+-]|\d{1,9}[.)])*+\[(?:[^\[\]\\]|\\.){1,999}+\]):", re.MULTILINE | re.DOTALL
)
_TAG = re.compile(
    r"</?(?:a|img|iframe|script|object|embed|video|audio|source|link|style|form|svg)\b[^<>]*>",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"^(?:[a-z0-9+.-]+://|www\.)+", re.IGNORECASE)
_MAY_BE_ADDRESS = re.compile(r"://|www\.", re.IGNORECASE)
_TRAILING = ".,;:!?*_~"
_ESCAPES = {c: f"%{ord(c):02X}" for c in " ()<>\n\t\\"}


class KnownLinks:
    """The addresses in the passages and the question; all others lose their link.

    A link elsewhere is how a hostile passage leads a reader off, or carries data out. The fragment
    is free only on pages of the docs themselves: others could read data from it.
    """

    def __init__(self, passages: Sequence[Passage], question: str) -> None:
        self._passages = passages
        self._question = question

    # Most answers have no link: for those nobody needs to know.
    @cached_property
    def _pages(self) -> frozenset[str]:
        return frozenset(_page(p.url) for p in self._passages if is_web_url(p.url))

    @cached_property
    def _addresses(self) -> frozenset[str]:
        texts = [self._question, *(p.text for p in self._passages)]
        return frozenset[str]().union(*map(_addresses, texts))

    def reduced(self, claim: str) -> str:
        """The claim with every other link as its text, other bare addresses without a scheme.

        Code keeps its addresses, but a link in it is broken up: readers of Markdown do not agree
        on where code ends.
        """
        if not _may_link(claim):
            return claim
        reduced = settled(claim, lambda text: map_prose(text, self._in_prose, self._in_code))
        return map_prose(reduced, _without_strays)

    def _in_prose(self, prose: str) -> str:
        prose = _NESTED_DEFINITION.sub(r"\1 :", _DEFINITION.sub("", prose))
        return _LINK.sub(self._link, _TAG.sub("", prose))

    def _in_code(self, code: str) -> str:
        return _IN_CODE.sub(
            lambda found: found.group() if self._knows(found["target"]) else f"] {found['rest']}",
            code,
        )

    def _link(self, found: re.Match[str]) -> str:
        if found["text"] is not None:
            return self._inline(found)
        if found["stray"]:
            return found.group()
        address = found["auto"] or found["bare"]
        return found.group() if self._knows(address) else _SCHEME.sub("", address)

    def _inline(self, found: re.Match[str]) -> str:
        linked = is_web_url(found["target"]) and self._knows(found["target"])
        return found.group() if linked and not found["image"] else found["text"]

    def _knows(self, address: str) -> bool:
        return _page(address) in self._pages or _trimmed(address) in self._addresses


def _may_link(claim: str) -> bool:
    """Whether it has what every link, definition, tag and address has; few claims have."""
    return (
        "](" in claim or "]:" in claim or "<" in claim or "://" in claim or "www." in claim.lower()
    )


def _without_strays(prose: str) -> str:
    """With what could still be read as a link, nested more deeply than we look, broken up."""
    return _LINK.sub(lambda found: "] (" if found["stray"] else found.group(), prose)


@lru_cache(maxsize=512)
def _addresses(text: str) -> frozenset[str]:
    """Those in a passage, which serves many questions."""
    if not _MAY_BE_ADDRESS.search(text):
        return frozenset()
    return frozenset(map(_trimmed, _URL.findall(text)))


def _page(address: str) -> str:
    return _trimmed(address.partition("#")[0])


def _trimmed(address: str) -> str:
    """An address without the punctuation after it, to compare."""
    return address.rstrip(_TRAILING).rstrip("/")


def escaped_link(text: str, url: str) -> str:
    """A Markdown link whose text and address cannot break out of it; no link without a `url`."""
    text = re.sub(r"([\\\[\]`*_<>])", r"\\\1", " ".join(visible(text).split()))
    address = "".join(_ESCAPES.get(c, c) for c in url)
    return f"[{text}]({address})" if url else text
