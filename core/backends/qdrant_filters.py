"""Which points an operation is about, for the engine in this process and for a server alike.

Each function returns conditions that a point must all meet. `qdrant_payload.INDEXED` has the
fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias
from uuid import UUID

from core.model import OPEN_ENDED

PointId: TypeAlias = UUID | int | str

NEVER: Final = 0
"""The `until` of a point that no generation sees: generations count from 1."""


@dataclass(frozen=True, slots=True)
class Within:
    """An integer field between bounds, where they are given."""

    field: str
    gt: int | None = None
    lt: int | None = None
    lte: int | None = None


@dataclass(frozen=True, slots=True)
class OneOf:
    """A keyword field that is one of the values."""

    field: str
    values: list[str]


@dataclass(frozen=True, slots=True)
class HasId:
    """A point's id is one of these, of which not all need to be there."""

    ids: Sequence[PointId]


Condition: TypeAlias = Within | OneOf | HasId


def visible(generation: int, sources: Iterable[str] | None = None) -> Sequence[Condition]:
    """What the generation sees, of these sources or of all."""
    interval = [Within("since", lte=generation), Within("until", gt=generation)]
    return interval if sources is None else [*interval, among(sources)]


def among(sources: Iterable[str]) -> Condition:
    """What is of one of these sources."""
    return OneOf("source", sorted(sources))


def unseen(generation: int) -> Sequence[Sequence[Condition]]:
    """The two ways not to be seen by the generation: not begun yet, and ended."""
    return [Within("since", gt=generation)], [Within("until", lte=generation)]


def open_at(generation: int) -> Sequence[Condition]:
    """What was there before the generation and does not end by it."""
    return [Within("since", lt=generation), Within("until", gt=generation)]


def closed_after(generation: int) -> Sequence[Condition]:
    """What a later generation ended."""
    return [Within("until", gt=generation, lt=OPEN_ENDED)]


def written_after(generation: int) -> Sequence[Condition]:
    """What a later generation began, and could still be seen by one."""
    return [Within("since", gt=generation), Within("until", gt=NEVER)]


def ended_by(generation: int, source: str) -> Sequence[Condition]:
    """What of the source neither the generation nor a later one sees."""
    return [OneOf("source", [source]), Within("until", lte=generation)]


def holding(content_hashes: Iterable[str]) -> Sequence[Condition]:
    """What has one of these contents."""
    return [OneOf("content_hash", sorted(content_hashes))]


def known_as(point_ids: Sequence[PointId]) -> Sequence[Condition]:
    """These, as far as they are there: named otherwise, one that is not fails the others."""
    return [HasId(point_ids)]
