"""Joins small pieces of text into texts of about one size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil

from core.ingestion.token_estimate import estimate_tokens


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """What goes around lines of a fence or table, in every text that has some of them."""

    opening: str
    closing: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A text, its estimated size, and what stands between it and the piece before it.

    Neighbours with the same frame stand in it together.
    """

    text: str
    tokens: int
    gap: str = "\n\n"
    frame: Frame | None = None


def piece_of(text: str, gap: str = "\n\n") -> Piece:
    """A piece with its size."""
    return Piece(text, estimate_tokens(text), gap)


def pack(pieces: Sequence[Piece], limit: int) -> list[str]:
    """The pieces in order, in as few texts as the limit allows, and these much of a size.

    No text is over the limit if no piece is, with its frame.
    """
    target = _even_size(pieces, limit)
    groups: list[list[Piece]] = [[]]
    size = 0
    for piece in pieces:
        cost = _cost(piece, groups[-1][-1] if groups[-1] else None)
        if size + cost <= limit and size + cost / 2 <= target:
            groups[-1].append(piece)
            size += cost
        else:
            groups.append([*_introduction(groups[-1], piece, limit), piece])
            size = sum(map(_cost, groups[-1], [None, *groups[-1]]))
    return [text for text in map(_join, groups) if text.strip()]


def _even_size(pieces: Sequence[Piece], limit: int) -> float:
    """The size of equal texts, when each may have to repeat a frame."""
    frame = max((piece.frame.tokens for piece in pieces if piece.frame), default=0)
    total = sum(map(_cost, pieces, [None, *pieces])) - frame
    return total / max(1, ceil(total / (limit - frame))) + frame


def _cost(piece: Piece, previous: Piece | None) -> int:
    """The tokens that a piece adds to a group which ends with `previous`."""
    if piece.frame is None or (previous is not None and previous.frame is piece.frame):
        return piece.tokens
    return piece.tokens + piece.frame.tokens


def _introduction(group: list[Piece], piece: Piece, limit: int) -> list[Piece]:
    """Takes "For example:" out of a group, when it introduces the piece that follows."""
    if not group or not group[-1].text.endswith(":"):
        return []
    fits = _cost(group[-1], None) + _cost(piece, group[-1]) <= limit
    return [group.pop()] if fits else []


def _join(pieces: Sequence[Piece]) -> str:
    """One text; what has the same frame is framed once."""
    joined = ""
    for frame, run in groupby(pieces, lambda piece: piece.frame):
        first, *others = run
        text = first.text + "".join(piece.gap + piece.text for piece in others)
        if frame:
            text = "\n".join(filter(None, [frame.opening, text.strip("\n"), frame.closing]))
        gap = "\n\n" if frame else first.gap
        joined += gap + text if joined else text
    return joined.strip("\n")
