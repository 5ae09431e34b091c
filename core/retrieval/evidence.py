"""What the best hits have that speaks for an answer in them, as figures (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from statistics import fmean
from typing import TypeAlias

from core.model import Chunk
from core.retrieval.ranked_hits import RankedHit
from core.text.claims import split_claims
from core.text.relevance import term_weights, terms

_NEIGHBOURHOOD = 20
"""How many hits tell how rare a term is, and how near those are that are not the nearest."""

_PREFIX = 5
_RELATED = 0.8
"""What a word counts for that only begins like one of the question."""

Held: TypeAlias = Mapping[str, float]
"""Each term of the question with how far a text holds it, in 0..1."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Each is 1 at most; a cosine may be below 0.

    `near` is the mean of the best cosine and that of the first hit, `apart` how far the best one is
    above those that follow it. `said` is the share of the question's terms, weighed by how rare
    they are among the hits, that a sentence or two of the first hit hold. Headings name the subject
    and say nothing of it, so they do not count, and `beyond` is the share of those terms which they
    lack that a sentence holds.
    """

    near: float
    apart: float
    said: float
    beyond: float


def gather(query: str, ranking: Sequence[RankedHit], cosines: Sequence[float]) -> Evidence:
    """The evidence of a ranking. It has a hit, and `cosines`, those of the query, best first, one.

    A first hit that the dense search did not find has the lowest of them.
    """
    first = ranking[0]
    asked = weigh(query, ranking)
    sentences = held_by_sentences(asked, first.chunk)
    cosine = cosines[-1] if first.scores.dense is None else first.scores.dense
    return Evidence(
        near=(cosines[0] + cosine) / 2,
        apart=cosines[0] - fmean(cosines[1:_NEIGHBOURHOOD] or [0.0]),
        said=said(asked, sentences),
        beyond=_beyond(asked, first.chunk, sentences),
    )


def named(query: str, chunk: Chunk) -> bool:
    """Whether the question has no other terms than the heading that the chunk stands under.

    So short a question says little: its cosine is low, and no sentence need repeat a heading. None
    of the questions of the evaluation sets passes for this reason alone.
    """
    asked = frozenset(terms(query))
    return bool(asked) and asked == frozenset(terms((chunk.title, *chunk.heading_path)[-1]))


def weigh(query: str, ranking: Sequence[RankedHit]) -> dict[str, float]:
    """The query's terms with their share of the whole: the fewer hits hold one, the more it is.

    A question about something else shares its common words with the hits, not its rare ones.
    """
    return term_weights(query, [_terms(hit.chunk) for hit in ranking[:_NEIGHBOURHOOD]])


@lru_cache(maxsize=1024)
def _terms(chunk: Chunk) -> frozenset[str]:
    return frozenset(terms(chunk.embedding_text))


def held_by_sentences(asked: Iterable[str], chunk: Chunk) -> list[Held]:
    """How far each sentence of the text holds each term, in their order."""
    return [_held(asked, sentence) for sentence in split_claims(chunk.text)]


def said(asked: Mapping[str, float], sentences: Sequence[Held]) -> float:
    """The share of the weighed terms that the best two sentences in a row hold together."""
    pairs = [{term: max(a[term], b[term]) for term in asked} for a, b in pairwise(sentences)]
    shares = (sum(asked[term] * each[term] for term in asked) for each in (*sentences, *pairs))
    return max(shares, default=0.0)


def _beyond(asked: Iterable[str], chunk: Chunk, sentences: Sequence[Held]) -> float:
    """All where the headings lack none of the terms; nothing for a query of stop words."""
    headings = _held(asked, "\n".join((chunk.title, *chunk.heading_path)))
    lacked = [term for term, share in headings.items() if not share]
    if not lacked:
        return float(bool(headings))
    return max((fmean(each[term] for term in lacked) for each in sentences), default=0.0)


def _held(asked: Iterable[str], text: str) -> Held:
    there = frozenset(terms(text))
    prefixes = frozenset(term[:_PREFIX] for term in there if len(term) >= _PREFIX)
    return {
        term: 1.0 if term in there else _RELATED if term[:_PREFIX] in prefixes else 0.0
        for term in asked
    }
