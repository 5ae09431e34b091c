"""How documents are cut into calls; one admits 96: https://docs.cohere.com/reference/embed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_MOST_TEXTS = 96
_MOST_TOKENS = 32_000
_CHARACTERS_PER_TOKEN = 4


def batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Consecutive stretches of `texts`, none with more texts or estimated tokens than is good."""
    start, tokens = 0, 0
    for at, text in enumerate(texts):
        size = len(text) // _CHARACTERS_PER_TOKEN + 1
        if at > start and (at - start == _MOST_TEXTS or tokens + size > _MOST_TOKENS):
            yield texts[start:at]
            start, tokens = at, 0
        tokens += size
    if start < len(texts):
        yield texts[start:]


def call_count(texts: Sequence[str]) -> int:
    """How many calls it takes to embed them."""
    return sum(1 for _ in batches(texts))
