"""Claims made false by a small change, to see whether the verifier notices (pure).

Each takes a claim and a source of chance, and returns None where there is nothing to change.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]+(?: [A-Z][a-z]+)*")
_SUBJECT = re.compile(r"(?:The |An? )?([A-Z][a-z]+(?: [A-Z][a-z]+)*)")
_NEGATION = re.compile(r"\b(?:not|never) ")
_AUXILIARY = re.compile(
    r"\b(?:is|are|was|were|can|will|has|have|had|would|could|should|may|must|does|do|did)\b(?! not)"
)
_WORD = re.compile(r"[A-Za-z]+")
_OPPOSITES: Final[Mapping[str, str]] = {
    one: other
    for pair in [
        "increase/decrease",
        "increases/decreases",
        "increased/decreased",
        "higher/lower",
        "high/low",
        "more/less",
        "before/after",
        "first/last",
        "always/never",
        "reduces/raises",
        "reduced/raised",
        "improves/worsens",
        "larger/smaller",
        "large/small",
        "longer/shorter",
        "required/optional",
        "enables/prevents",
        "allows/prevents",
        "include/exclude",
        "includes/excludes",
        "above/below",
        "best/worst",
        "faster/slower",
        "begins/ends",
        "began/ended",
        "early/late",
        "promotes/inhibits",
        "positive/negative",
        "maximum/minimum",
    ]
    for one, other in (pair.split("/"), pair.split("/")[::-1])
}


def other_number(claim: str, chance: random.Random) -> str | None:
    """With one digit of one number exchanged."""
    if not (found := list(_NUMBER.finditer(claim))):
        return None
    number = chance.choice(found)
    at = chance.choice([at for at in range(*number.span()) if claim[at].isdigit()])
    digit = chance.choice([d for d in "123456789" if d != claim[at]])
    return claim[:at] + digit + claim[at + 1 :]


def other_name(claim: str, chance: random.Random, names: Sequence[str]) -> str | None:
    """With one name exchanged for another of `names`."""
    found = list(_NAME.finditer(claim))
    others = [name for name in names if name not in claim]
    if not found or not others:
        return None
    start, end = chance.choice(found).span()
    return claim[:start] + chance.choice(others) + claim[end:]


def swapped_names(claim: str, chance: random.Random) -> str | None:
    """With two of its names in each other's place."""
    spans = [found.span() for found in _NAME.finditer(claim)]
    if subject := _SUBJECT.match(claim):
        spans.insert(0, subject.span(1))
    if len(spans) < 2:  # noqa: PLR2004 - it takes two
        return None
    (a, b), (c, d) = sorted(chance.sample(spans, 2))
    swapped = claim[:a] + claim[c:d] + claim[b:c] + claim[a:b] + claim[d:]
    return None if swapped == claim else swapped


def negated(claim: str, _: random.Random) -> str | None:
    """With a "not" where there is none."""
    found = _AUXILIARY.search(claim)
    if not found or _NEGATION.search(claim):
        return None
    return f"{claim[: found.end()]} not{claim[found.end() :]}"


def affirmed(claim: str, _: random.Random) -> str | None:
    """Without its "not"."""
    found = _NEGATION.search(claim)
    return claim[: found.start()] + claim[found.end() :] if found else None


def reversed_direction(claim: str, _: random.Random) -> str | None:
    """With one word exchanged for its opposite."""
    for found in _WORD.finditer(claim):
        if opposite := _OPPOSITES.get(found.group()):
            return claim[: found.start()] + opposite + claim[found.end() :]
    return None


def names_in(text: str) -> list[str]:
    """What looks like a name in the middle of a sentence."""
    return _NAME.findall(text)


PLAIN: Final[Mapping[str, Callable[[str, random.Random], str | None]]] = {
    "number": other_number,
    "negation": negated,
    "negation dropped": affirmed,
    "direction": reversed_direction,
    "names swapped": swapped_names,
}
"""The changes that need nothing but the claim."""
