"""A text read for what can be compared: its words' stems, numbers, names, denials, directions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from core.answering.verifying.lexicon import OPPOSITES, UNITS
from core.answering.verifying.windows import PREFIX, Windows
from core.answering.verifying.words import DENIED, Word, value_of, word_of
from core.text.claims import split_claims

_BEFORE, _AFTER = 3, 4
_ADDRESS = re.compile(r"(?<=\])\([^()]*(?:\([^()]*\)[^()]*)*\)|\bhttps?://\S+")
_CONTRACTED = re.compile(r"n['\N{RIGHT SINGLE QUOTATION MARK}]t\b")
_SPAN = re.compile(r"`+[^`]*`+")
_TOKEN = re.compile(
    r"(?P<item>(?<![\w(])\d{1,2}\)(?=\s))"
    r"|(?P<number>\d+(?:[.,]\d+)*)(?=[^\W\d_]{0,3}(?![^\W_]))"
    r"|(?P<word>[^\W_]+)|(?P<stop>[,;:()])|(?P<unit>[%$€])"
)


class Token(NamedTuple):
    """A word that carries meaning. `number` is its value in one spelling; empty for no number.

    `vague` says that a number may not be meant as one, `name` that it looks like a proper name,
    an acronym or code.
    """

    text: str
    stem: str
    name: bool = False
    number: str = ""
    unit: str = ""
    vague: bool = False
    clause: int = 0


@dataclass(frozen=True, slots=True)
class Direction:
    """A word that has an opposite, on one side of its axis, and the stems around it."""

    axis: str
    sign: int
    around: frozenset[str]


class Sentence(NamedTuple):
    """A sentence, list item or code block. `denials` are the stems that each negation covers."""

    tokens: tuple[Token, ...]
    terms: frozenset[str]
    denials: tuple[frozenset[str], ...]
    directions: tuple[Direction, ...]


class Reading:
    """A text with what stands over it, read once."""

    def __init__(self, text: str, heading: str = "") -> None:
        self.sentences = tuple(_sentences(text)) or (_sentence((), ()),)
        self._all = (*self.sentences, *_sentences(heading))

    @property
    def denies(self) -> bool:
        """Whether there is a negation in its sentences."""
        return any(sentence.denials for sentence in self.sentences)

    @cached_property
    def terms(self) -> frozenset[str]:
        """The stems of all."""
        return frozenset[str]().union(*(sentence.terms for sentence in self._all))

    @cached_property
    def prefixes(self) -> frozenset[str]:
        """What those that are long enough begin with."""
        return frozenset(term[:PREFIX] for term in self.terms if len(term) >= PREFIX)

    @cached_property
    def windows(self) -> Windows:
        """Those of its sentences."""
        return Windows([sentence.terms for sentence in self.sentences])

    @cached_property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """Stems that stand near each other, in their order."""
        return frozenset(pair for sentence in self._all for pair in _pairs(sentence.tokens))

    @cached_property
    def names(self) -> frozenset[str]:
        """The stems of what looks like a name."""
        return frozenset(t.stem for sentence in self._all for t in sentence.tokens if t.name)

    @cached_property
    def numbers(self) -> dict[str, set[str]]:
        """The numbers, each with its units."""
        found: dict[str, set[str]] = {}
        for token in (t for sentence in self._all for t in sentence.tokens if t.number):
            found.setdefault(token.number, set()).add(token.unit)
        return found

    @cached_property
    def initials(self) -> str:
        """The first letters of all words, which may spell an acronym."""
        return "".join(t.text[0].lower() for sentence in self._all for t in sentence.tokens)


@lru_cache(maxsize=256)
def read(text: str, heading: str = "") -> Reading:
    """A passage's reading, made once for all the claims on it."""
    return Reading(text, heading)


@lru_cache(maxsize=32)
def read_claim(text: str) -> Reading:
    """A claim's reading, kept apart: nobody comes back to a claim, and passages would make way."""
    return Reading(text)


def _sentences(text: str) -> Iterator[Sentence]:
    text = _CONTRACTED.sub(" not", _ADDRESS.sub("", text))
    for claim in split_claims(text):
        sentence = _read_sentence(claim)
        if sentence.tokens or sentence.denials:
            yield sentence


def _read_sentence(text: str) -> Sentence:
    reader = _SentenceReader(text)
    for found in _TOKEN.finditer(text):
        reader.take(found)
    return _sentence(reader.tokens, reader.scopes)


class _SentenceReader:
    """Takes the matches of `_TOKEN` in one sentence."""

    def __init__(self, text: str) -> None:
        self.tokens: list[Token] = []
        self.scopes: list[list[str]] = []
        self._code = [found.span() for found in _SPAN.finditer(text)]
        self._begins = True
        self._denying = 0
        self._aside = False
        self._clause = 0

    def take(self, found: re.Match[str]) -> None:
        kind, text = found.lastgroup, found.group()
        if kind == "word":
            self._word(found, text)
        elif kind == "stop":
            self._denying = 0
            self._clause += 1
            self._aside = text == "("
        elif kind == "unit":
            self._measure(UNITS[text])
        elif kind == "number":
            self._add(Token(text, text, number=value_of(text), clause=self._clause))

    def _word(self, found: re.Match[str], text: str) -> None:
        word, begins = word_of(text), self._begins
        self._begins = False
        if word is None:
            return
        if word.plain and not self._code:
            self._add(Token(text, word.stem, clause=self._clause))
            return
        if word.factor and self._multiplied(word.factor):
            return
        if word.unit is not None:
            self._measure(word.unit)
        if word.denies:
            self._deny(word.denies)
        elif word.number:
            number, vague = word.number, word.vague
            self._add(Token(text, word.stem, number=number, vague=vague, clause=self._clause))
        elif word.content:
            self._content(text, word, name=self._is_name(found, word, begins=begins))

    def _content(self, text: str, word: Word, *, name: bool) -> None:
        root = word.stem
        if word.denied and not name:
            self._deny(DENIED)
            root = word.denied
        self._add(Token(text, root, name, clause=self._clause))

    def _is_name(self, found: re.Match[str], word: Word, *, begins: bool) -> bool:
        if self._code and any(start <= found.start() < end for start, end in self._code):
            return True
        if self._aside and word.upper:
            return False  # an acronym beside what it stands for
        return word.marked or (word.capital and not begins)

    def _deny(self, words: int) -> None:
        self.scopes.append([])
        self._denying = words

    def _add(self, token: Token) -> None:
        self.tokens.append(token)
        self._begins = False
        if self._denying:
            self._denying -= 1
            self.scopes[-1].append(token.stem[:PREFIX])

    def _measure(self, unit: str) -> None:
        if self.tokens and self.tokens[-1].number and not self.tokens[-1].unit:
            self.tokens[-1] = self.tokens[-1]._replace(unit=unit)

    def _multiplied(self, factor: float) -> bool:
        last = self.tokens[-1] if self.tokens else None
        if last is None or not last.number:
            return False
        try:
            value = value_of(str(float(last.number) * factor))
        except ValueError:
            return False
        self.tokens[-1] = last._replace(number=value, vague=False)
        return True


def _sentence(tokens: Sequence[Token], scopes: Sequence[Sequence[str]]) -> Sentence:
    return Sentence(
        tuple(tokens),
        frozenset(token.stem for token in tokens),
        tuple(frozenset(scope) for scope in scopes if scope),
        tuple(_directions(tokens, scopes)),
    )


def _directions(tokens: Sequence[Token], scopes: Iterable[Sequence[str]]) -> Iterator[Direction]:
    turned = frozenset(term for scope in scopes for term in scope[:DENIED])
    for at, token in enumerate(tokens):
        if token.name or token.stem not in OPPOSITES:
            continue
        axis, sign = OPPOSITES[token.stem]
        near = (*tokens[max(0, at - _BEFORE) : at], *tokens[at + 1 : at + 1 + _AFTER])
        around = frozenset(
            t.stem[:PREFIX]
            for t in near
            if t.clause == token.clause and (t.name or t.stem not in OPPOSITES)
        )
        yield Direction(axis, -sign if token.stem[:PREFIX] in turned else sign, around)


def _pairs(tokens: Sequence[Token]) -> Iterator[tuple[str, str]]:
    stems = [token.stem for token in tokens]
    for distance in range(1, _AFTER + 1):
        yield from zip(stems, stems[distance:], strict=False)
