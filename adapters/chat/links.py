"""What a text of a model or a document may link to, and how an address is shown.

Nobody is led from an answer to a page that its sources have nothing to do with.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from adapters.markdown import Span, rewrite
from core.model import Answer, AnswerStatus, Passage

_NOTHING = "\u200b"
_AFTER_ADDRESS = ".,;:!?*_~'\")]}|"
_SCHEME = re.compile(r"^(?:[a-z][a-z0-9+.-]*:/*|www\.)+", re.IGNORECASE)
_BLOCK = re.compile(r"~{3}|`{3}|>|(?:#{1,6}|[-+*]|\d{1,9}[.)])\s")
_ESCAPED = {c: f"%{ord(c):02X}" for c in " ()<>[]\\\"'`|\n\t"}


@dataclass(frozen=True, slots=True)
class Links:
    """What an answer may link to: the hosts of its citations, and each mark to its section.

    `settled` is False while the citations are not known yet, and no link is.
    """

    hosts: frozenset[str] = frozenset()
    marks: Mapping[int, str] = field(default_factory=dict)
    settled: bool = True

    def knows(self, address: str) -> bool:
        """Whether it is on the web, at one of the hosts."""
        host = host_of(address)
        return bool(host) and host in self.hosts


NO_LINKS = Links()
NOT_YET_KNOWN = Links(settled=False)


def links_of(answer: Answer) -> Links:
    """The links of an answer; a refusal is our own text, whose links are the nearest sections."""
    marks = {c.n: c.url for c in answer.citations if host_of(c.url)}
    addresses = list(marks.values())
    if answer.status is AnswerStatus.REFUSED:
        addresses += _linked(answer.text)
    return Links(frozenset(map(host_of, addresses)) - {""}, marks)


def links_to(passages: Sequence[Passage]) -> Links:
    """The links of passages that are shown with their places."""
    return Links(frozenset(host_of(p.url) for p in passages) - {""})


def host_of(address: str) -> str:
    """The host of an http or https address, in lower case, else an empty text."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    on_the_web = parts.scheme in ("http", "https") and "\\" not in parts.netloc
    return (parts.hostname or "") if on_the_web else ""


def address_in_link(url: str) -> str:
    """The address with nothing in it that ends a Markdown link early."""
    return "".join(_ESCAPED.get(c, c) for c in url)


def without_scheme(address: str) -> str:
    """What a person recognises of an address, and no program takes for one."""
    return _SCHEME.sub("", address)


def shown_link(span: Span, label: str, links: Links) -> str:
    """A link, with `label` as its text, if it leads to a known host; else its address as code."""
    if links.knows(span.url):
        return f"[{label or without_scheme(span.url)}]({address_in_link(span.url)})"
    address = without_scheme(span.url).replace("`", "%60").strip()
    if not links.settled or not address or (address in label and span.label != span.url):
        return _prose(label)
    return f"`{address}`" if span.label == span.url else f"{_prose(label)} (`{address}`)"


def _prose(label: str) -> str:
    """A link's text without its brackets, which at the start of a line must not begin a block."""
    return _NOTHING + label if _BLOCK.match(label) else label


def shown_address(found: str, links: Links) -> str:
    """A bare address, with the signs of a sentence after it: as code, unless its host is known."""
    address = found.rstrip(_AFTER_ADDRESS)
    if links.knows(address):
        return found
    if shown := without_scheme(address):
        return f"`{shown}`{found[len(address) :]}"
    return found.replace(":", ":" + _NOTHING)


def _linked(text: str) -> list[str]:
    """The addresses of the text's links."""
    found: list[str] = []

    def noted(span: Span) -> str:
        if span.kind == "link":
            found.append(span.url)
        return span.source

    rewrite(text, noted)
    return found
