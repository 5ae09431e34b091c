"""What a word says of itself, wherever it stands."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from core.answering.verifying.lexicon import (
    MULTIPLIERS,
    NEGATING_PREFIX,
    NEGATIONS,
    NUMBER_WORDS,
    UNITS,
    VAGUE_NUMBERS,
    WIDE_NEGATIONS,
)
from core.text.relevance import STOP_WORDS, stem

DENIED: Final = 3
"""Words that a negation covers."""

_DENIED_WIDELY = 10
_TELLING = frozenset().union(MULTIPLIERS, UNITS, NEGATIONS, NUMBER_WORDS)


class Token(NamedTuple):
    """A word that carries meaning, where it stands. `number` is its value in one spelling.

    It is empty for no number. `vague` says that it may not be meant as one, `name` that the word
    looks like a proper name, an acronym or code.
    """

    text: str
    stem: str
    name: bool = False
    number: str = ""
    unit: str = ""
    vague: bool = False


class Word(NamedTuple):
    """Its stem, and what else it may be: a factor, a unit, a denial, a number, content, a name.

    Most are but their `plain` token: content that is nothing else, and no name wherever it stands
    in prose. `denies` counts the words that a negation covers. `denied` is the stem of a word
    without the prefix by which it denies itself. A word that is `marked` is a name even where a
    sentence begins, one with a `capital` only elsewhere.
    """

    stem: str
    factor: float | None
    unit: str | None
    denies: int
    number: str
    vague: bool
    content: bool
    denied: str
    upper: bool
    marked: bool
    capital: bool
    plain: Token | None


@lru_cache(maxsize=16_384)
def word_of(text: str) -> Word | None:
    """None for a word that says nothing by itself."""
    low = text.lower()
    content = low not in STOP_WORDS and (len(low) > 1 or not low.isalpha())
    if not content and low not in _TELLING:
        return None
    root, rest, bare = stem(low), text[1:], NEGATING_PREFIX.sub("", text)
    plain = text == bare and text.isalpha() and text.islower() and text not in _TELLING
    return Word(
        root,
        factor=MULTIPLIERS.get(low),
        unit=UNITS.get(low),
        denies=(_DENIED_WIDELY if low in WIDE_NEGATIONS else DENIED) * (low in NEGATIONS),
        number=value_of(str(NUMBER_WORDS[low])) if low in NUMBER_WORDS else "",
        vague=low in VAGUE_NUMBERS,
        content=content,
        denied=stem(bare.lower()) if bare != text else "",
        upper=text.isupper(),
        marked=not (rest.islower() and rest.isalpha()) and any(map(_marks, rest)),
        capital=len(text) > 1 and text[0].isupper(),
        plain=Token(text, root) if plain else None,
    )


def _marks(letter: str) -> bool:
    return letter.isupper() or letter.isdigit()


def value_of(text: str) -> str:
    """One spelling for equal numbers; as it stands where it is a version or an address."""
    try:
        return f"{float(text.replace(',', '')):.12g}"
    except ValueError:
        return text
