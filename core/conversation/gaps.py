"""What was asked and not answered well, which is what the docs lack."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import orjson

from core.conversation.records import passage_of
from core.model import EVERYTHING, Passage, Scope
from core.ports import Database, Row
from core.text.relevance import terms

_ALIKE = 0.5
_MOST_SECTIONS = 3
_MOST = 2000


class Lack(StrEnum):
    """What was wrong with an answer."""

    REFUSED = "refused"
    DOWNVOTED = "downvoted"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Expected:
    """What somebody says should have answered: `path` is the document, where it is one of ours."""

    text: str
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """A question with what was wrong with its answer; `nearest` are passages, best first.

    `place` is the platform, the workspace and the channel that it was asked in. `expected` came
    with a thumbs-down.
    """

    id: UUID
    place: tuple[str, str, str]
    text: str
    asked_at: datetime
    lacks: tuple[Lack, ...]
    nearest: tuple[Passage, ...] = ()
    expected: tuple[Expected, ...] = ()


@dataclass(frozen=True, slots=True)
class GapGroup:
    """Questions that ask for much the same, the newest first."""

    gaps: tuple[Gap, ...]

    @property
    def counts(self) -> dict[Lack, int]:
        """How often each was wrong."""
        counted = Counter(lack for gap in self.gaps for lack in gap.lacks)
        return {lack: counted[lack] for lack in Lack if counted[lack]}

    @property
    def nearest(self) -> tuple[Passage, ...]:
        """The sections that were found for most of the questions, three at most."""
        by_place = {(p.url, p.place): p for gap in self.gaps for p in reversed(gap.nearest)}
        found = Counter(
            place
            for gap in self.gaps
            for place in dict.fromkeys((p.url, p.place) for p in gap.nearest)
        )
        return tuple(by_place[place] for place, _ in found.most_common(_MOST_SECTIONS))


class Gaps:
    """Reads the gaps of the conversations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def since(self, age: timedelta, *, scope: Scope = EVERYTHING) -> list[Gap]:
        """The questions no older than `age` that were refused, downvoted or partly unsupported.

        Only those that were asked where no other source than those in `scope` may be answered
        from; the passages, too, are of these alone. The newest first, 2000 at most.
        """
        sources = None if scope.sources is None else sorted(scope.sources)
        rows = await self._database.fetch(
            """
            SELECT t.id, t.platform, t.workspace, t.channel, t.text, t.accepted_at,
                t.refused, t.downvoted, t.unsupported,
                (
                    SELECT jsonb_agg(
                        p.passage || jsonb_build_object('scores', found.value -> 'scores')
                        ORDER BY found.n
                    )
                    FROM jsonb_array_elements(t.trace -> 'passages')
                        WITH ORDINALITY AS found (value, n)
                    JOIN passages AS p ON p.hash = found.value ->> 'hash'
                    WHERE found.n <= $3
                        AND ($2::TEXT[] IS NULL OR p.passage ->> 'source' = ANY ($2))
                ) AS nearest,
                (
                    SELECT jsonb_agg(
                        jsonb_build_object('text', f.expected, 'path', f.expected_path)
                        ORDER BY f.rated_at
                    )
                    FROM feedback AS f
                    WHERE f.turn_id = t.id AND f.value = 'down' AND f.expected IS NOT NULL
                ) AS expected
            FROM (
                SELECT *,
                    answer ->> 'status' = 'refused' AS refused,
                    EXISTS (
                        SELECT FROM feedback WHERE turn_id = turns.id AND value = 'down'
                    ) AS downvoted,
                    EXISTS (
                        SELECT FROM jsonb_array_elements(trace -> 'claims') AS claim
                        WHERE claim ->> 'verdict' IN ('unsupported', 'contradicted')
                    ) AS unsupported
                FROM turns
            ) AS t
            WHERE t.status = 'finished' AND t.wanted <> 'withdrawn'
                AND t.accepted_at > now() - $1::INTERVAL
                AND (t.refused OR t.downvoted OR t.unsupported)
                AND ($2::TEXT[] IS NULL OR t.scope <@ $2)
            ORDER BY t.sequence DESC LIMIT $4
            """,
            age,
            sources,
            _MOST_SECTIONS,
            _MOST,
        )
        return [_gap(row) for row in rows]


def _gap(row: Row) -> Gap:
    nearest = tuple(map(passage_of, orjson.loads(row["nearest"] or "[]")))
    lacks = tuple(lack for lack in Lack if row[lack.value])
    place = (row["platform"], row["workspace"], row["channel"])
    expected = tuple(Expected(**each) for each in orjson.loads(row["expected"] or "[]"))
    return Gap(row["id"], place, row["text"], row["accepted_at"], lacks, nearest, expected)


def grouped(gaps: Sequence[Gap]) -> list[GapGroup]:
    """Questions with much the same words in one group; the largest groups first (pure).

    Two are alike when the stems that they share are half of those that each has, in the mean.
    """
    groups: list[list[Gap]] = []
    leaders: list[frozenset[str]] = []
    for gap in gaps:
        words = frozenset(terms(gap.text))
        scores = [_alike(words, leader) for leader in leaders]
        best = max(range(len(scores)), key=scores.__getitem__, default=None)
        if best is not None and scores[best] >= _ALIKE:
            groups[best].append(gap)
        else:
            groups.append([gap])
            leaders.append(words)
    ranked = sorted(groups, key=len, reverse=True)
    return [GapGroup(tuple(group)) for group in ranked]


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    """Dice's coefficient; without a word to tell by, only the same is alike."""
    if not one or not other:
        return float(one == other)
    return 2 * len(one & other) / (len(one) + len(other))
