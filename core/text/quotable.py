"""Markdown cut into pieces that can be quoted by themselves."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from itertools import groupby

from core.text.claims import split_claims

_LONGEST = 1500
_LONGEST_ANNOUNCED = 1000
_LONGEST_JOINED = 400
_PARAGRAPH = re.compile(r"[ \t]*\n[ \t]*\n")
_SAYS_NOTHING = re.compile(
    r"#{1,6}\s"  # a heading
    r"|(?P<strong>\*\*|__)[^*_.!?\n]+(?P=strong):?\Z"  # the title of a note
    r"|\[![A-Z]+\]\Z"
    r"|(?:\S+\s+){0,4}\S*[^\W_]\Z"  # a title, or some words left over
    r"|(?:!\[[^\]]*\]\([^)]*\)\s*)+\Z"  # images
    r"|(?:```+|~~~+)\s*mermaid\b"  # a drawing
)
_WORD = re.compile(r"[^\W_]")
_BLOCK = re.compile(r"```|~~~|\|")
_ITEM = re.compile(r"(?:[-*+]|\d{1,3}[.)])\s")
_LEANING = re.compile(
    r"(?:And|But|Then|So|Also|Otherwise|However|This|These|That|Those|It|They|He|She|Its|Their|His"
    r"|Her)\b"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence or list item in `lead`, or a table, list or code block in `block`.

    Both, where the one announces the other. A sentence that begins with "this", "but" and the like
    has those before it, a line each.
    """

    lead: str = ""
    block: str = ""

    @property
    def text(self) -> str:
        """The whole piece as Markdown."""
        return "\n\n".join(part for part in (self.lead, self.block) if part)

    @property
    def dangling(self) -> bool:
        """Whether it announces what does not follow, without naming the code that tells it."""
        return self.lead.endswith(":") and not self.block and "`" not in self.lead


class _Kind(Enum):
    NOTHING = auto()
    SENTENCE = auto()
    ITEM = auto()
    BLOCK = auto()


@dataclass(frozen=True, slots=True)
class _Claim:
    """`begins` says that it is the first of its paragraph."""

    text: str
    kind: _Kind
    begins: bool


def pieces(text: str) -> list[Piece]:
    """What `text` says, in its order, but for titles, images, drawings and what is far too long.

    A table, list or code block stands with the sentence before it, if that ends in a colon or is
    a paragraph of its own, and if both are short; a list falls into its items else.
    """
    found: list[Piece] = []
    announces = False
    for kind, run in groupby(_claims(text), lambda claim: claim.kind):
        claims = list(run)
        if announces and kind in {_Kind.ITEM, _Kind.BLOCK}:
            claims = _announced(found, claims)
        found += (_piece(claim) for claim in claims if kind is not _Kind.NOTHING)
        announces = bool(claims) and _announces(claims[-1])
    return _joined(found)


def _joined(found: Iterable[Piece]) -> list[Piece]:
    joined: list[Piece] = []
    for piece in found:
        if joined and _leans(piece, joined[-1]):
            joined[-1] = Piece(f"{joined[-1].lead}\n{piece.lead}", piece.block)
        else:
            joined.append(piece)
    return joined


def _leans(piece: Piece, before: Piece) -> bool:
    """Whether it is hard to understand without the sentence before it."""
    sentence = bool(before.lead) and not before.block and not _ITEM.match(before.lead)
    short = len(before.lead) + len(piece.lead) <= _LONGEST_JOINED
    return sentence and short and not before.dangling and bool(_LEANING.match(piece.lead))


def _piece(claim: _Claim) -> Piece:
    return Piece(block=claim.text) if claim.kind is _Kind.BLOCK else Piece(claim.text.strip())


def _announces(claim: _Claim) -> bool:
    if claim.kind is _Kind.SENTENCE:
        return claim.begins or claim.text.endswith(":")
    return claim.kind is _Kind.ITEM and claim.text.endswith(":")


def _announced(found: list[Piece], claims: list[_Claim]) -> list[_Claim]:
    """Joins what the last piece announces to it; the claims that are left."""
    whole = claims if claims[0].kind is _Kind.ITEM else claims[:1]
    block, lead = "\n".join(claim.text for claim in whole), found[-1].lead
    if _announces(whole[-1]) or len(lead) + len(block) > _LONGEST_ANNOUNCED:
        return claims
    found[-1] = Piece(lead, block)
    return claims[len(whole) :]


def _claims(text: str) -> Iterator[_Claim]:
    begins = True
    for claim in split_claims(text):
        begins = begins or bool(_PARAGRAPH.match(claim))
        if claim.strip():
            kind = _kind(claim.strip())
            yield _Claim(_tidy(claim, kind), kind, begins)
            begins = kind is not _Kind.SENTENCE


def _kind(claim: str) -> _Kind:
    if len(claim) > _LONGEST or not _WORD.search(claim):
        return _Kind.NOTHING
    if _ITEM.match(claim):
        return _Kind.ITEM
    if _SAYS_NOTHING.match(claim):
        return _Kind.NOTHING
    return _Kind.BLOCK if _BLOCK.match(claim) else _Kind.SENTENCE


def _tidy(claim: str, kind: _Kind) -> str:
    """A block without its common margin; an item with its own, which nests it."""
    if kind is _Kind.BLOCK:
        return textwrap.dedent(claim.strip("\n")).rstrip()
    return claim.strip("\n").rstrip() if kind is _Kind.ITEM else claim.strip()
