"""How well the sentences of some passages answer a question, told without a model.

A sentence scores the share of the question's word stems that it holds, each weighed by how rare it
is among the sentences at hand; stems that only its neighbours hold count in part. The weights were
chosen on the answerable questions of SQuAD 2.0, by whether the three best sentences hold the
answer.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

_FROM_BEFORE = 0.5
_FROM_AFTER = 0.2
_FROM_HEADING = 0.3
_HINTED = 0.05
_LENGTH = 0.5
_LONG = 60
_PRIOR = 1.0

_SHORTEST_STEM = 3
_WORD = re.compile(r"[^\W_]+")
_STOP_WORDS = frozenset(
    _WORD.findall(
        "a an and are as at be been by can could did do does for from had has have how i if "
        "in into is it its may might must my of on or our shall should so such than that the "
        "their them then there these they this those to was we were what when where which who "
        "whom whose why will with would you your"
    )
)
_ENDINGS = _WORD.findall(
    "ization ational fulness iveness ousness ations ation ments ment ingly edly ings ness ing ies "
    "ers ied ed er es ly s e y"
)

_HINTS = (
    (
        re.compile(r"\b(?:when|(?:what|which) (?:year|date|decade|century|day|month))\b"),
        re.compile(
            r"\d{3,4}|\d(?:st|nd|rd|th)\b|\b(?:century|year|decade|January|February|March|April|May"
            r"|June|July|August|September|October|November|December)\b"
        ),
    ),
    (
        re.compile(r"\bhow (?:many|much|long|old|far|often|large|big|tall)\b|\bpercent|\bnumber\b"),
        re.compile(
            r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|dozen|hundred|thousand"
            r"|million|billion|half|once|twice)\b"
        ),
    ),
    (re.compile(r"\b(?:who|whom|whose|where)\b"), re.compile(r"(?<=[a-z,;:] )\W?[A-Z]\w")),
)
"""What a question asks for, and what a sentence that says it looks like."""


@dataclass(frozen=True, slots=True)
class Group:
    """Sentences that stand together, in the order of their text.

    `prior` says how good the group is as a whole, the best near 1; `heading` what stands over it.
    """

    sentences: Sequence[str]
    prior: float = 1.0
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Ranked:
    """The sentence `groups[group].sentences[index]`, and how well it answers."""

    group: int
    index: int
    score: float


@dataclass(frozen=True, slots=True)
class _Row:
    group: int
    index: int
    text: str
    terms: frozenset[str]
    heading: frozenset[str]
    prior: float


def rank_sentences(question: str, groups: Sequence[Group]) -> list[Ranked]:
    """All sentences, the best answer first."""
    rows = [row for number, group in enumerate(groups) for row in _rows(number, group)]
    weights = _weights(question, rows)
    hint = _hint(question)
    ranked = [
        Ranked(row.group, row.index, _score(rows, at, weights, hint)) for at, row in enumerate(rows)
    ]
    return sorted(ranked, key=lambda r: -r.score)


def best_sentence(question: str, sentences: Sequence[str]) -> int:
    """The index of the sentence that answers best; there must be one."""
    return rank_sentences(question, [Group(sentences)])[0].index


def _rows(number: int, group: Group) -> Iterator[_Row]:
    heading = frozenset(terms(group.heading))
    for index, text in enumerate(group.sentences):
        yield _Row(number, index, text, frozenset(terms(text)), heading, group.prior)


def terms(text: str) -> list[str]:
    """The stems of the words that carry meaning, in order."""
    return [stem(word) for word in _WORD.findall(text.lower()) if word not in _STOP_WORDS]


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The word without the commonest English endings: rough, but equal on both sides."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            word = word[: -len(ending)]
            break
    doubled = len(word) > _SHORTEST_STEM and word[-1] == word[-2]
    return word[:-1] if doubled else word


def _weights(question: str, rows: Sequence[_Row]) -> dict[str, float]:
    """The question's stems with their share of the whole; rarer ones weigh more (BM25's idf)."""
    counts = Counter(term for row in rows for term in row.terms)
    idf = {
        term: math.log(1 + (len(rows) - counts[term] + 0.5) / (counts[term] + 0.5))
        for term in terms(question)
    }
    total = sum(idf.values())
    return {term: weight / total for term, weight in idf.items()} if total else {}


def _hint(question: str) -> re.Pattern[str] | None:
    asked = question.lower()
    return next((answer for asks, answer in _HINTS if asks.search(asked)), None)


def _score(
    rows: Sequence[_Row], at: int, weights: dict[str, float], hint: re.Pattern[str] | None
) -> float:
    row = rows[at]
    before = _neighbour(rows, row, at - 1)
    after = _neighbour(rows, row, at + 1)
    covered = 0.0
    for term, weight in weights.items():
        if term in row.terms:
            covered += weight
        elif term in before:
            covered += weight * _FROM_BEFORE
        elif term in row.heading:
            covered += weight * _FROM_HEADING
        elif term in after:
            covered += weight * _FROM_AFTER
    covered *= 1 + _LENGTH * min(len(row.terms), _LONG) / _LONG
    hinted = _HINTED if hint is not None and hint.search(row.text) else 0.0
    return covered + hinted + _PRIOR * row.prior


def _neighbour(rows: Sequence[_Row], row: _Row, at: int) -> frozenset[str]:
    inside = 0 <= at < len(rows) and rows[at].group == row.group
    return rows[at].terms if inside else frozenset()
