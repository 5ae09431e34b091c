"""Which of two passages is taken where the search finds them equally relevant (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.model import DocumentRecord
from core.retrieval.fusion import RankedHit
from core.retrieval.links import Records


@dataclass(frozen=True, slots=True)
class Preference:
    """How much the score of a hit is raised, as a share of it; nothing by default.

    `peer_reviewed` for documents that are, and `priorities` for those of a source. A share, and
    not a sum: what has little to do with the question gains little by it. Where all hits gain
    alike, the order is exactly what it would be without.
    """

    peer_reviewed: float = 0.0
    priorities: Mapping[str, float] = field(default_factory=dict)

    def factor(self, record: DocumentRecord | None) -> float:
        """What the score is multiplied by; 1 for documents that are not served."""
        if record is None:
            return 1.0
        reviewed = self.peer_reviewed if record.peer_reviewed else 0.0
        return 1.0 + reviewed + self.priorities.get(record.source, 0.0)


def preferred(
    ranking: Sequence[RankedHit], records: Records, preference: Preference
) -> Sequence[RankedHit]:
    """The ranking in the order that the preference makes of it; the scores stay as they are.

    What a reranker read stays before what it did not.
    """
    if not (preference.peer_reviewed or preference.priorities):
        return ranking
    factors = [
        preference.factor(records.get((hit.chunk.source, hit.chunk.path))) for hit in ranking
    ]
    if len(set(factors)) <= 1:
        return ranking

    def key(weighed: tuple[RankedHit, float]) -> tuple[bool, float]:
        scores, factor = weighed[0].scores, weighed[1]
        score = scores.fused if scores.rerank is None else scores.rerank
        return scores.rerank is None, -score * factor

    return [hit for hit, _ in sorted(zip(ranking, factors, strict=True), key=key)]
