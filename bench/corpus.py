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


def _prose(chance: random.Random) -> str:
    sentences = (" ".join(_words(chance, _WORDS)) for _ in range(_SENTENCES))
    return " ".join(f"The {sentence}." for sentence in sentences)


def _words(chance: random.Random, count: int) -> list[str]:
    """As unevenly frequent as in real text."""
    return [f"word{int(_VOCABULARY * chance.random() ** 3):x}" for _ in range(count)]
