"""One ranking for a question of a conversation (pure).

It may go on with what was said, and then needs it to be found, or turn to something else, and then
must be found by its own words. So it is searched for completed and alone, and the search for it
alone weighs as much as it is sure.

nDCG@10 with the local model on product docs, each question asked after one on another section:
.818; completed alone .459, as it stands .830. On the follow-ups of mtRAG .924; as they stand .834.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.retrieval.confidence import Confidence, assess
from core.retrieval.fusion import combine
from core.retrieval.ranked_hits import RankedHits
from core.text.relevance import terms

OFF_TOPIC: Final = 0.25
"""Where the search for a question alone is less sure, what was said finds passages for itself.

Of SQuAD's questions, asked after one on product docs, 3 % pass; of mtRAG's follow-ups 98 % of the
answerable ones do, and 88 % of the others.
"""

_LEANING = 1.3
"""How much of its confidence the search for a question alone weighs: on product docs more of it is
better, .796 with 1 for .818; on the follow-ups of mtRAG less, .926 for .924."""

_MOST = 0.6
"""Without the dense search a question of a word or two is soon as sure as can be."""


@dataclass(frozen=True, slots=True)
class Searched:
    """What one query found. `cosines` are its own, best first, as `assess` takes them."""

    text: str
    ranking: RankedHits
    cosines: Sequence[float]

    def assess(self, ranking: RankedHits) -> Confidence:
        """How sure the query may be of a ranking."""
        return assess(self.text, ranking, self.cosines)


@dataclass(frozen=True, slots=True)
class Blend:
    """The hits, best first; which query tells their confidence, and which a reranker reads."""

    hits: RankedHits
    judge: Searched
    to_rerank: str


def blend(completed: Sequence[Searched], alone: Searched | None) -> Blend:
    """The ranking of a question's completed forms and of itself, where it was searched for alone.

    There must be a completed form; the first one is the most telling. A question that is off the
    topic of the docs has the hits of itself alone, which do not suffice.
    """
    first = completed[0]
    if alone is None:
        hits = combine([(1.0, each.ranking) for each in completed])
        return Blend(hits, first, first.text)
    sure = alone.assess(alone.ranking).value
    if sure < OFF_TOPIC and terms(alone.text):
        return Blend(alone.ranking, alone, alone.text)
    weight = min(_LEANING * sure, _MOST)
    share = (1.0 - weight) / len(completed)
    hits = combine([*((share, each.ranking) for each in completed), (weight, alone.ranking)])
    surer = alone if sure > first.assess(hits).value else first
    return Blend(hits, first, surer.text)
