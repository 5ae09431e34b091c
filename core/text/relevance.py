"""How well the sentences of some passages answer a question, told without a model.

A sentence scores the share of the question's word stems that it holds, each weighed by how rare it
is among the sentences at hand; stems that only its neighbours hold count in part. The weights were
chosen on the answerable questions of SQuAD 2.0, by whether the three best sentences hold the
answer, and on those of CLAPNQ and of the cookbook's documentation, by how much of it they hold.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
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


def _beginning(*words: str) -> str:
    """A pattern of any of them where a word begins.

    That no word goes on there is asked last: a pattern that begins with a letter is found fast.
    """
    return "(?:" + "|".join(rf"{word}(?<!\w{word})" for word in words) + ")"


_HINTS = (
    (
        re.compile(
            rf"{_beginning('when')}\b"
            rf"|{_beginning('what', 'which')} (?:year|date|decade|century|day|month)\b"
        ),
        re.compile(
            r"\d{3,4}|\d(?:st|nd|rd|th)\b|\b(?:century|year|decade|January|February|March|April|May"
            r"|June|July|August|September|October|November|December)\b"
        ),
    ),
    (
        re.compile(
            rf"{_beginning('how')} (?:many|much|long|old|far|often|large|big|tall)\b"
            rf"|{_beginning('percent')}|{_beginning('number')}\b"
        ),
        re.compile(
            r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|dozen|hundred|thousand"
            r"|million|billion|half|once|twice)\b"
        ),
    ),
    (
        re.compile(rf"{_beginning('who', 'whom', 'whose', 'where')}\b"),
        re.compile(r"(?<=[a-z,;:] )\W?[A-Z]\w"),
    ),
)
"""What a question asks for, and what a sentence that says it looks like."""

_DEFINITION = re.compile(
    r"\W*(?:what|who)(?:['\N{RIGHT SINGLE QUOTATION MARK}]s| is| are| was| were| does)\b"
)
_MEANING = "mean"
_EITHER_WAY = 2
"""As many make the same sum in any order."""

_NO_TERMS = frozenset[str]()


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
    """A sentence without addresses, and its terms in their order.

    `code` are those that only its code block holds. What it says of a question counts `length`
    times.
    """

    text: str
    order: tuple[str, ...]
    code: frozenset[str]
    all: frozenset[str]
    length: float


class _Read(NamedTuple):
    """A group's sentences, and which of the question's stems each and the heading hold."""

    group: Group
    sentences: Sequence[_Sentence]
    held: Sequence[frozenset[str]]
    heading: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question: its stems with their weights, and what an answer to it may look like."""

    weights: dict[str, float]
    hint: re.Pattern[str] | None
    subject: tuple[str, ...]

    def ordered(self, stems: AbstractSet[str]) -> Iterable[str]:
        """Some of them in an order that makes the same sum to the last digit."""
        if len(stems) <= _EITHER_WAY:
            return stems
        return [term for term in self.weights if term in stems]

    def hinted(self, sentence: _Sentence) -> float:
        """What the look of a sentence adds to its score."""
        hinted = self.hint is not None and self.hint.search(sentence.text)
        defining = self.subject and sentence.order[: len(self.subject)] == self.subject
        return (_HINTED if hinted else 0.0) + (_DEFINING if defining else 0.0)


def rank_sentences(question: str, groups: Sequence[Group]) -> list[Ranked]:
    """All sentences, the best answer first."""
    asked, read = _compared(question, groups)
    ranked = [
        Ranked(number, at, score, evidence)
        for number, group in enumerate(read)
        for at, (score, evidence) in enumerate(_scores(asked, group))
    ]
    return sorted(ranked, key=lambda r: -r.score)


def best_sentence(question: str, sentences: Sequence[str]) -> int:
    """The index of the sentence that answers best; there must be one."""
    asked, read = _compared(question, [Group(sentences)])
    scores = [score for score, _ in _scores(asked, read[0])]
    return scores.index(max(scores))


@lru_cache(maxsize=8192)
def _sentence(sentence: str) -> _Sentence:
    """A passage serves many questions, and is read once."""
    text = sentence
    if "](" in text or "://" in text:
        text = _ADDRESS.sub("", text)
    order = tuple(terms(text))
    prose = said = frozenset(order)
    if ("```" in text or "~~~" in text) and (unfenced := _FENCED.sub("", text)) != text:
        prose = frozenset(terms(unfenced))
    length = 1 + _LENGTH * min(len(prose), _LONG) / _LONG
    return _Sentence(text, order, said - prose, said | prose, length)


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
    stems = terms(question)
    asked = frozenset(stems)
    return _weights(stems, [asked & text for text in texts])


def _weights(stems: Iterable[str], held: Sequence[Iterable[str]]) -> dict[str, float]:
    """The same, from those of them that each text holds."""
    counts = dict.fromkeys(stems, 0)
    for term in chain.from_iterable(held):
        counts[term] += 1
    idf = {n: math.log(1 + (len(held) - n + 0.5) / (n + 0.5)) for n in set(counts.values())}
    total = sum([idf[n] for n in counts.values()])
    return {term: idf[n] / total for term, n in counts.items()}


def _compared(question: str, groups: Sequence[Group]) -> tuple[_Asked, list[_Read]]:
    question = question.lower()
    stems = terms(question)
    among = frozenset(stems)
    read = [_read(among, group) for group in groups]
    weights = _weights(stems, [held for each in read for held in each.held])
    hints = (answer for asks, answer in _HINTS if asks.search(question))
    return _Asked(weights, next(hints, None), _subject(question)), read


def _read(stems: frozenset[str], group: Group) -> _Read:
    sentences = list(map(_sentence, group.sentences))
    return _Read(
        group,
        sentences,
        [stems & sentence.all for sentence in sentences],
        stems.intersection(terms(group.heading)),
    )


def _subject(question: str) -> tuple[str, ...]:
    """The stems of what is to be defined, with which a definition begins; empty for no such."""
    asks = _DEFINITION.match(question)
    return tuple(term for term in terms(question[asks.end() :]) if term != _MEANING) if asks else ()


def _scores(asked: _Asked, read: _Read) -> Iterator[tuple[float, float]]:
    """The score and the evidence of each sentence, in their order."""
    prior = _PRIOR * read.group.prior
    under = _UNDER_HEADING * sum([asked.weights[term] for term in asked.ordered(read.heading)])
    befores, afters = (_NO_TERMS, *read.held), (*read.held[1:], _NO_TERMS)
    for sentence, held, before, after in zip(
        read.sentences, read.held, befores, afters, strict=False
    ):
        # Most of a passage has nothing to do with the question.
        near = held | before | read.heading | after
        evidence = (
            _evidence(asked, near, held, sentence.code, before, read.heading) if near else 0.0
        )
        yield evidence * sentence.length + under + asked.hinted(sentence) + prior, evidence


def _evidence(
    asked: _Asked,
    near: AbstractSet[str],
    held: AbstractSet[str],
    code: AbstractSet[str],
    before: AbstractSet[str],
    heading: AbstractSet[str],
) -> float:
    """What of each stem's weight counts: all that is said, some of what only stands around it."""
    evidence = 0.0
    for term in asked.ordered(near):
        weight = asked.weights[term]
        if term in held:
            evidence += weight * _FROM_CODE if term in code else weight
        elif term in before:
            evidence += weight * _FROM_BEFORE
        elif term in heading:
            evidence += weight * _FROM_HEADING
        else:
            evidence += weight * _FROM_AFTER
    return evidence
