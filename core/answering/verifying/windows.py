"""Sentences that follow each other, by the stems that they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from operator import sub

PREFIX = 5
"""Words that begin with as many equal letters are taken for related."""

_LONGEST = 3
_PER_SENTENCE = 0.04
_NOWHERE = frozenset[int]()


class Windows:
    """All stretches of up to three sentences of a text, each given as its stems.

    `spans` says from which sentence to before which one each goes; those of one come first.
    """

    def __init__(self, sentences: Sequence[AbstractSet[str]]) -> None:
        self.spans = tuple(_spans(len(sentences)))
        self._penalties = [_PER_SENTENCE * (end - start) for start, end in self.spans]
        self._places = _places(sentences, self.spans)
        self._related = _by_prefix(self._places)

    def best(self, shares: Sequence[float]) -> int:
        """The window that has the most, less a penalty for each of its sentences."""
        scores = list(map(sub, shares, self._penalties))
        return scores.index(max(scores))

    def held(self, weights: Mapping[str, float], related: float) -> list[float]:
        """What each window has of the weights of some stems.

        Of a stem that it has not, but a related one, the share `related`.
        """
        # By stem, not by window: of a claim's few stems each is in few of the many windows.
        held = [0.0] * len(self.spans)
        for term, weight in weights.items():
            places = self._places.get(term, _NOWHERE)
            for window in places:
                held[window] += weight
            if len(term) >= PREFIX:
                akin = self._related.get(term[:PREFIX], places)
                if akin is not places:
                    for window in akin - places:
                        held[window] += related * weight
        return held


def _spans(sentences: int) -> Iterator[tuple[int, int]]:
    for length in range(1, _LONGEST + 1):
        for start in range(sentences - length + 1):
            yield start, start + length


def _places(
    sentences: Sequence[AbstractSet[str]], spans: Sequence[tuple[int, int]]
) -> dict[str, set[int]]:
    """The windows that each stem is in."""
    around: list[list[int]] = [[] for _ in sentences]
    for window, (start, end) in enumerate(spans):
        for at in range(start, end):
            around[at].append(window)
    places: dict[str, set[int]] = {}
    for terms, windows in zip(sentences, around, strict=True):
        for term in terms:
            places.setdefault(term, set()).update(windows)
    return places


def _by_prefix(places: Mapping[str, AbstractSet[int]]) -> dict[str, AbstractSet[int]]:
    """The windows of the stems that begin alike: for one alone, the same set as its own."""
    found: dict[str, AbstractSet[int]] = {}
    for term, windows in places.items():
        if len(term) >= PREFIX:
            prefix = term[:PREFIX]
            found[prefix] = found[prefix] | windows if prefix in found else windows
    return found
