"""A text read for what can be compared: its words' stems, numbers, names, denials, directions."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from operator import attrgetter
from typing import NamedTuple

from core.answering.verifying.lexicon import OPPOSITES, UNITS
from core.answering.verifying.windows import PREFIX, Windows
from core.answering.verifying.words import DENIED, Token, Word, value_of, word_of
from core.text.claims import split_claims

_BEFORE, _AFTER = 3, 4
_ADDRESS = re.compile(r"(?<=\])\([^()]*(?:\([^()]*\)[^()]*)*\)|\bhttps?://\S+")
_CONTRACTED = re.compile(r"n['\N{RIGHT SINGLE QUOTATION MARK}]t\b")
_SPAN = re.compile(r"`+[^`]*`+")
_TOKEN = re.compile(
    r"[^\W\d_][^\W_]*"
    r"|(?P<item>(?<![\w(])\d{1,2}\)(?=\s))"
    r"|(?P<number>\d+(?:[.,]\d+)*)(?=[^\W\d_]{0,3}(?![^\W_]))"
    r"|[^\W_]+|(?P<stop>[,;:()])|(?P<unit>[%$€])"
)
"""A word has no name, as it is by far the commonest: most begin with a letter."""

_stem_of = attrgetter("stem")


@dataclass(frozen=True, slots=True)
class Direction:
    """A word that has an opposite, on one side of its axis, and the stems around it."""

    axis: str
    sign: int
    around: frozenset[str]


class Sentence(NamedTuple):
    """A sentence, list item or code block. `denials` are the stems that each negation covers.

    Where it is `plain`, none of its tokens is a number, a name or begins with a capital.
    """

    tokens: tuple[Token, ...]
    terms: frozenset[str]
    denials: tuple[frozenset[str], ...]
    directions: tuple[Direction, ...]
    plain: bool = True


class Reading:
    """A text with what stands over it, read once."""

    def __init__(self, text: str, heading: str = "") -> None:
        self.sentences = tuple(_sentences(text)) or (_NOTHING,)
        self._all = (*self.sentences, *_sentences(heading)) if heading else self.sentences

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
    if "](" in text or "://" in text:
        text = _ADDRESS.sub("", text)
    if "n't" in text or "n\N{RIGHT SINGLE QUOTATION MARK}t" in text:
        text = _CONTRACTED.sub(" not", text)
    for claim in split_claims(text):
        sentence = _SentenceReader(claim).read()
        if sentence.tokens or sentence.denials:
            yield sentence


class _SentenceReader:
    """Takes one match of `_TOKEN` after the other. `_stops` says before which tokens a stop is."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._code = [found.span() for found in _SPAN.finditer(text)] if "`" in text else []
        self._tokens: list[Token] = []
        self._scopes: list[list[str]] = []
        self._stops: list[int] = []
        self._denying = 0
        self._aside = False

    def read(self) -> Sentence:
        begins = plain = True
        for found in _TOKEN.finditer(self._text):
            kind, text = found.lastgroup, found.group()
            if kind is None:
                word = word_of(text)
                if word is None:
                    pass
                elif word.plain and not self._code:
                    self._add(word.plain)
                else:
                    self._word(found, text, word, begins=begins)
                    plain = False
                begins = False
            elif kind == "number":
                self._add(Token(text, text, number=value_of(text)))
                begins = plain = False
            else:
                self._sign(kind, text)
        return _sentence(self._tokens, self._scopes, self._stops, plain=plain)

    def _sign(self, kind: str, text: str) -> None:
        if kind == "stop":
            self._denying = 0
            self._stops.append(len(self._tokens))
            self._aside = text == "("
        elif kind == "unit":
            self._measure(UNITS[text])

    def _word(self, found: re.Match[str], text: str, word: Word, *, begins: bool) -> None:
        if word.factor and self._multiplied(word.factor):
            return
        if word.unit is not None:
            self._measure(word.unit)
        if word.denies:
            self._deny(word.denies)
        elif word.number:
            self._add(Token(text, word.stem, number=word.number, vague=word.vague))
        elif word.content:
            self._content(text, word, name=self._is_name(found, word, begins=begins))

    def _content(self, text: str, word: Word, *, name: bool) -> None:
        root = word.stem
        if word.denied and not name:
            self._deny(DENIED)
            root = word.denied
        self._add(Token(text, root, name))

    def _is_name(self, found: re.Match[str], word: Word, *, begins: bool) -> bool:
        if self._code and any(start <= found.start() < end for start, end in self._code):
            return True
        if self._aside and word.upper:
            return False  # an acronym beside what it stands for
        return word.marked or (word.capital and not begins)

    def _deny(self, words: int) -> None:
        self._scopes.append([])
        self._denying = words

    def _add(self, token: Token) -> None:
        self._tokens.append(token)
        if self._denying:
            self._denying -= 1
            self._scopes[-1].append(token.stem[:PREFIX])

    def _measure(self, unit: str) -> None:
        if self._tokens and self._tokens[-1].number and not self._tokens[-1].unit:
            self._tokens[-1] = self._tokens[-1]._replace(unit=unit)

    def _multiplied(self, factor: float) -> bool:
        last = self._tokens[-1] if self._tokens else None
        if last is None or not last.number:
            return False
        try:
            value = value_of(str(float(last.number) * factor))
        except ValueError:
            return False
        self._tokens[-1] = last._replace(number=value, vague=False)
        return True


def _sentence(
    tokens: Sequence[Token],
    scopes: Sequence[Sequence[str]],
    stops: Sequence[int],
    *,
    plain: bool,
) -> Sentence:
    terms = frozenset(map(_stem_of, tokens))
    directed = not OPPOSITES.keys().isdisjoint(terms)
    return Sentence(
        tuple(tokens),
        terms,
        tuple([frozenset(scope) for scope in scopes if scope]),
        tuple(_directions(tokens, scopes, stops)) if directed else (),
        plain,
    )


_NOTHING = Sentence((), frozenset(), (), ())


def _directions(
    tokens: Sequence[Token], scopes: Iterable[Sequence[str]], stops: Sequence[int]
) -> Iterator[Direction]:
    turned = frozenset(term for scope in scopes for term in scope[:DENIED])
    starts, ends = (0, *stops), (*stops, len(tokens))
    for at, token in enumerate(tokens):
        if token.name or token.stem not in OPPOSITES:
            continue
        axis, sign = OPPOSITES[token.stem]
        clause = bisect_right(stops, at)
        start, end = max(starts[clause], at - _BEFORE), min(ends[clause], at + 1 + _AFTER)
        near = (*tokens[start:at], *tokens[at + 1 : end])
        around = frozenset(t.stem[:PREFIX] for t in near if t.name or t.stem not in OPPOSITES)
        yield Direction(axis, -sign if token.stem[:PREFIX] in turned else sign, around)


def _pairs(tokens: Sequence[Token]) -> Iterator[tuple[str, str]]:
    stems = [token.stem for token in tokens]
    for distance in range(1, _AFTER + 1):
        yield from zip(stems, stems[distance:], strict=False)
