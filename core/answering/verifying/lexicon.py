"""English words that turn a statement around, count or measure: small lists.

They are general words, chosen by their meaning alone; what weight each kind of finding has is
fitted (see `scoring`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from core.text.relevance import stem

_WORD = re.compile(r"\S+")


NEGATIONS: Final = frozenset(
    _WORD.findall(
        "no non not never none neither nor without cannot unable fail fails failed failing lack "
        "lacks lacked lacking absent absence hardly barely nothing nobody nowhere"
    )
)
"""Words that deny what follows them."""

WIDE_NEGATIONS: Final = frozenset(_WORD.findall("none neither nobody nothing nowhere"))
"""Those that deny the whole clause."""

NEGATING_PREFIX: Final = re.compile(r"\Aun(?!der|i[tqvfo]|til|less|cle)(?=[a-z]{4})", re.IGNORECASE)
"""What makes one word deny itself, as in "unrelated"."""

_AXES: Final = """
amount: increase raise rise rose elevate elevation high more greater promote enhance induce
  induction stimulate activate activation upregulate gain grow grew growth expand accelerate
  strengthen augment facilitate boost exacerbate cause trigger multiply
  double maximize
/ decrease decline reduce reduction low less few suppress suppression inhibit inhibition inhibitory
  impair diminish attenuate block downregulate loss lose lost shrink shrank delay weaken decelerate
  counteract hamper hinder limit abolish abrogate deplete prevent protect halve minimize

size: large big long many most broad wide maximum
/ small little short least narrow minimum

quality: good better best improve improvement benefit beneficial positive effective efficacious
  success successful succeed safe favorable correct valid
/ bad worse worst worsen poor harm harmful negative ineffective failure unsuccessful dangerous
  adverse wrong invalid

time: before early first begin start prior precede ascending
/ after late last end stop finish subsequent follow descending

presence: present presence include contain exist always all every
/ exclude deficient deficiency null missing omit

duty: must require mandatory necessary
/ optional unnecessary

leave: allow enable permit accept support true open
/ forbid disable prohibit reject refuse deny false close

place: above inside internal
/ below outside external

defence: susceptible sensitive vulnerable
/ resistant resistance immune

speed: fast quick
/ slow

order: asynchronous async
/ synchronous sync
"""


def _signed() -> Iterable[tuple[str, tuple[str, int]]]:
    for paragraph in _AXES.strip().split("\n\n"):
        axis, _, words = paragraph.partition(":")
        for sign, side in zip((1, -1), words.split("/"), strict=True):
            yield from ((stem(word), (axis, sign)) for word in _WORD.findall(side))


OPPOSITES: Final = dict(_signed())
"""The stem of a word that has an opposite, with what it is about and on which side it stands."""

_COUNTED: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS: Final = "first second third fourth fifth sixth seventh eighth ninth tenth"

NUMBER_WORDS: Final[Mapping[str, float]] = {
    **{word: float(n) for n, word in enumerate(_WORD.findall(_COUNTED))},
    **{word: 10.0 * n for n, word in enumerate(_WORD.findall(_TENS), 2)},
    **{word: float(n) for n, word in enumerate(_WORD.findall(_ORDINALS), 1)},
    "twice": 2.0,
}

VAGUE_NUMBERS: Final = frozenset(_WORD.findall("one first second"))
"""Words that are numbers, but rarely meant as such."""

MULTIPLIERS: Final[Mapping[str, float]] = {"thousand": 1e3, "million": 1e6, "billion": 1e9}
"""What a number before it is multiplied with."""

UNITS: Final[Mapping[str, str]] = {
    word: unit
    for unit, words in {
        "%": "% percent percentage",
        "ms": "ms millisecond milliseconds msec",
        "s": "s sec secs second seconds",
        "min": "min mins minute minutes",
        "h": "h hr hrs hour hours",
        "day": "d day days",
        "week": "week weeks",
        "month": "month months",
        "year": "y year years",
        "kb": "kb kilobyte kilobytes kib",
        "mb": "mb megabyte megabytes mib",
        "gb": "gb gigabyte gigabytes gib",
        "tb": "tb terabyte terabytes tib",
        "byte": "byte bytes",
        "bit": "bit bits",
        "mm": "mm millimeter millimeters millimetre millimetres",
        "cm": "cm centimeter centimeters centimetre centimetres",
        "m": "m meter meters metre metres",
        "km": "km kilometer kilometers kilometre kilometres",
        "mile": "mile miles",
        "foot": "ft foot feet",
        "mg": "mg milligram milligrams",
        "g": "g gram grams",
        "kg": "kg kilogram kilograms",
        "lb": "lb lbs pound pounds",
        "dollar": "$ usd dollar dollars",
        "euro": "€ eur euro euros",
        "token": "token tokens",
        "character": "character characters chars",
    }.items()
    for word in _WORD.findall(words)
}
"""What may stand after a number, by one name for each unit."""
