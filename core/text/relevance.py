"""How well the sentences of some passages answer a question, told without a model.

A sentence scores the share of the question's word stems that it holds, each weighed by how rare it
is among the sentences at hand; stems that only its neighbours hold count in part. The weights were
chosen on the answerable questions of SQuAD 2.0, by whether the three best sentences hold the
answer, and on those of CLAPNQ and of the cookbook's documentation, by how much of it they hold.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from core.text.words import words

_FROM_CODE = 0.6
_FROM_BEFORE = 0.5
_FROM_HEADING = 0.3
_FROM_AFTER = 0.2
_UNDER_HEADING = 0.15
_DEFINING = 0.2
_HINTED = 0.05
_LENGTH = 0.5
_LONG = 60
_PRIOR = 1.0

_SHORTEST_STEM = 3
_WORD = re.compile(r"[^\W_]+")
STOP_WORDS = frozenset(
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

_FENCED = re.compile(r"(?ms)^[ \t]*(?P<fence>`{3,}|~{3,}).*?(?:^[ \t]*(?P=fence)|\Z)")
_ADDRESS = re.compile(r"(?<=\])\([^()]*(?:\([^()]*\)[^()]*)*\)|\bhttps?://\S+")

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

_DEFINITION = re.compile(
    r"\W*(?:what|who)(?:['\N{RIGHT SINGLE QUOTATION MARK}]s| is| are| was| were| does)\b"
)
_MEANING = "mean"


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
    """The sentence `groups[group].sentences[index]`, and how well it answers.

    `evidence` is the share of the question, in 0..1, that it and what stands around it hold.
    """

    group: int
    index: int
    score: float
    evidence: float


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence without addresses.

    `terms` are those of its prose, `code` those that only its code block holds, `all` are both.
    """

    text: str
    terms: frozenset[str]
    code: frozenset[str]
    all: frozenset[str]


class _Row(NamedTuple):
    """A sentence where it stands: `groups[group].sentences[at]`."""

    group: int
    at: int
    sentence: _Sentence
    heading: frozenset[str]
    prior: float


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question: its stems with their weights, and what an answer to it may look like."""

    weights: dict[str, float]
    hint: re.Pattern[str] | None
    subject: tuple[str, ...]

    def hinted(self, text: str) -> float:
        """What the look of a sentence adds to its score."""
        hinted = self.hint is not None and self.hint.search(text)
        defining = self.subject and tuple(terms(text)[: len(self.subject)]) == self.subject
        return (_HINTED if hinted else 0.0) + (_DEFINING if defining else 0.0)


def rank_sentences(question: str, groups: Sequence[Group]) -> list[Ranked]:
    """All sentences, the best answer first."""
    rows = [row for number, group in enumerate(groups) for row in _rows(number, group)]
    asked = _asked(question, rows)
    ranked = [_ranked(rows, at, asked) for at in range(len(rows))]
    return sorted(ranked, key=lambda r: -r.score)


def best_sentence(question: str, sentences: Sequence[str]) -> int:
    """The index of the sentence that answers best; there must be one."""
    return rank_sentences(question, [Group(sentences)])[0].index


def _rows(number: int, group: Group) -> Iterator[_Row]:
    heading = frozenset(terms(group.heading))
    for at, sentence in enumerate(group.sentences):
        yield _Row(number, at, _sentence(sentence), heading, group.prior)


@lru_cache(maxsize=8192)
def _sentence(sentence: str) -> _Sentence:
    """A passage serves many questions, and is read once."""
    text = _ADDRESS.sub("", sentence)
    said = frozenset(terms(text))
    prose = frozenset(terms(unfenced)) if (unfenced := _FENCED.sub("", text)) != text else said
    return _Sentence(text, prose, said - prose, said | prose)


def terms(text: str) -> list[str]:
    """The stems of the words that carry meaning, in order."""
    return [stem(word) for word in words(text) if word not in STOP_WORDS]


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The word without the commonest English endings: rough, but equal on both sides."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            word = word[: -len(ending)]
            break
    doubled = len(word) > _SHORTEST_STEM and word[-1] == word[-2]
    return word[:-1] if doubled else word


def term_weights(question: str, texts: Sequence[AbstractSet[str]]) -> dict[str, float]:
    """The question's stems with their share of the whole, 1 in all; empty where it has none.

    A stem weighs more the fewer of the texts, given as their stems, hold it (BM25's idf).
    """
    counts = dict.fromkeys(terms(question), 0)
    asked = frozenset(counts)
    for text in texts:
        for term in asked & text:
            counts[term] += 1
    idf = {n: math.log(1 + (len(texts) - n + 0.5) / (n + 0.5)) for n in set(counts.values())}
    total = sum([idf[n] for n in counts.values()])
    return {term: idf[n] / total for term, n in counts.items()}


def _asked(question: str, rows: Sequence[_Row]) -> _Asked:
    question = question.lower()
    hints = (answer for asks, answer in _HINTS if asks.search(question))
    return _Asked(
        term_weights(question, [row.sentence.all for row in rows]),
        next(hints, None),
        _subject(question),
    )


def _subject(question: str) -> tuple[str, ...]:
    """The stems of what is to be defined, with which a definition begins; empty for no such."""
    asks = _DEFINITION.match(question)
    return tuple(term for term in terms(question[asks.end() :]) if term != _MEANING) if asks else ()


def _ranked(rows: Sequence[_Row], at: int, asked: _Asked) -> Ranked:
    row = rows[at]
    evidence = _evidence(rows, at, asked.weights)
    under = sum([asked.weights[term] for term in asked.weights if term in row.heading])
    score = (
        evidence * (1 + _LENGTH * min(len(row.sentence.terms), _LONG) / _LONG)
        + _UNDER_HEADING * under
        + asked.hinted(row.sentence.text)
        + _PRIOR * row.prior
    )
    return Ranked(row.group, row.at, score, evidence)


def _evidence(rows: Sequence[_Row], at: int, weights: dict[str, float]) -> float:
    """What of each stem's weight counts: all that is said, some of what only stands around it."""
    row = rows[at]
    said, code, heading = row.sentence.terms, row.sentence.code, row.heading
    before, after = _neighbour(rows, row, at - 1), _neighbour(rows, row, at + 1)
    # Most of a passage has nothing to do with the question.
    if all(map(weights.keys().isdisjoint, (row.sentence.all, before, heading, after))):
        return 0.0
    evidence = 0.0
    for term, weight in weights.items():
        if term in said:
            evidence += weight
        elif term in code:
            evidence += weight * _FROM_CODE
        elif term in before:
            evidence += weight * _FROM_BEFORE
        elif term in heading:
            evidence += weight * _FROM_HEADING
        elif term in after:
            evidence += weight * _FROM_AFTER
    return evidence


def _neighbour(rows: Sequence[_Row], row: _Row, at: int) -> frozenset[str]:
    inside = 0 <= at < len(rows) and rows[at].group == row.group
    return rows[at].sentence.all if inside else frozenset()
