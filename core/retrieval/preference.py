"""Which of two passages is taken where the search finds them equally relevant (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from core.model import DocumentRecord, PointKey
from core.retrieval.links import Records
from core.retrieval.ranked_hits import RankedHit, RankedHits


@dataclass(frozen=True, slots=True)
class Preference:
    """How much the score of a hit is raised, as a share of it; nothing by default.

    `peer_reviewed` for documents that are, and `priorities` for those of a source. A share, and
    not a sum: what has little to do with the question gains little by it. Where all hits gain
    alike, the order is exactly what it would be without.
    """

    peer_reviewed: float = 0.0
    priorities: Mapping[str, float] = field(default_factory=dict)

    @property
    def neutral(self) -> bool:
        """Whether it leaves every order as it is."""
        return not (self.peer_reviewed or any(self.priorities.values()))

    def factor(self, record: DocumentRecord | None) -> float:
        """What the score is multiplied by; 1 for documents that are not served."""
        if record is None:
            return 1.0
        reviewed = self.peer_reviewed if record.peer_reviewed else 0.0
        return 1.0 + reviewed + self.priorities.get(record.source, 0.0)

    def among(self, records: Records) -> Preference:
        """The same where it raises any of these documents; else none, which costs a search nothing.

        Mostly none does: one source, and nothing in it peer-reviewed.
        """
        kinds = {(each.source, each.peer_reviewed): each for each in records.values()}
        return self if any(self.factor(each) != 1.0 for each in kinds.values()) else Preference()


def preferred(ranking: RankedHits, records: Records, preference: Preference) -> Iterable[RankedHit]:
    """The ranking in the order that the preference makes of it; the scores stay as they are.

    What a reranker read stays before what it did not, which is put in order once it is its turn.
    """
    if preference.neutral:
        return ranking
    return ranking.hits(_ordered(ranking, records, preference))


def _ordered(ranking: RankedHits, records: Records, preference: Preference) -> Iterator[PointKey]:
    order, read = ranking.order, len(ranking.relevance)
    for keys, scores in (order[:read], ranking.relevance), (order[read:], ranking.fused):
        chunks = map(ranking.chunks.__getitem__, keys)
        factors = [preference.factor(records.get((each.source, each.path))) for each in chunks]
        if len(set(factors)) > 1:
            weighed = {key: scores[key] * by for key, by in zip(keys, factors, strict=True)}
            yield from sorted(keys, key=weighed.__getitem__, reverse=True)
        else:
            yield from keys
