"""Docs and questions that are made up: as long as real ones, and the same on every machine."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Final

DOCUMENTS: Final = 200
SECTIONS: Final = 10
_SENTENCES: Final = 10
_WORDS: Final = 12
_VOCABULARY: Final = 20_000
_CONSONANTS: Final = "bdfgklmnprtvz"
_VOWELS: Final = "aeiou"
_SHORTEST: Final = 4


def write_corpus(folder: Path, documents: int = DOCUMENTS) -> None:
    """Documents of ten sections, each of the size of a chunk."""
    chance = random.Random(3)  # noqa: S311 - nothing secret
    folder.mkdir(parents=True, exist_ok=True)
    for n in range(documents):
        sections = (f"## Section {at}\n\n{_prose(chance)}\n" for at in range(SECTIONS))
        text = f"# Page {n}\n\n" + "\n".join(sections)
        (folder / f"page-{n}.md").write_text(text, encoding="utf-8")


def question(n: int) -> str:
    """The `n`th, which nobody asked before."""
    chance = random.Random(n)  # noqa: S311 - nothing secret
    return f"How do I {' '.join(_words(chance, 8))} in case {n}?"


def answer_text(words: int) -> str:
    """Of so many words, in a claim with a mark."""
    return f"The {' '.join(_words(random.Random(5), words))}. [1]"  # noqa: S311 - nothing secret


def _prose(chance: random.Random) -> str:
    sentences = (" ".join(_words(chance, _WORDS)) for _ in range(_SENTENCES))
    return " ".join(f"The {sentence}." for sentence in sentences)


def _words(chance: random.Random, count: int) -> list[str]:
    """As unevenly frequent as in real text."""
    return [_word(int(_VOCABULARY * chance.random() ** 3)) for _ in range(count)]


def _word(n: int) -> str:
    """The `n`th of the vocabulary: the rarer, the longer."""
    letters = ""
    while n or len(letters) < _SHORTEST:
        n, consonant = divmod(n, len(_CONSONANTS))
        n, vowel = divmod(n, len(_VOWELS))
        letters += _CONSONANTS[consonant] + _VOWELS[vowel]
    return letters
