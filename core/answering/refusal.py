"""Saying that the docs do not answer, in a way that helps."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.answering.links import escaped_link
from core.answering.prompting import NOT_COVERED
from core.answering.wording import CLARIFYING, NEAREST, NOTHING_FOUND
from core.model import Passage
from core.text.relevance import terms

_MOST_SECTIONS = 3
_FEW_WORDS = 2
_NOT_COVERED = re.compile("[^A-Z]*+".join(["", *filter(str.isupper, NOT_COVERED), ""]))
_DENIAL = re.compile(
    r"(?:\b(?:do|does|did|is|are|was|were|could|can)(?:n't|n’t| not)|\bcannot|\bno)\b"
    r"[^.!?\n]{0,60}?"
    r"\b(?:cover|mention|contain|includ|provid|say|state|address|specif|describ|document|inform"
    r"|find|found|answer|discuss|explain)",
    re.IGNORECASE,
)
_BEGINNING = 200


def refusal(passages: Sequence[Passage], question: str = "") -> str:
    """That the docs do not say, and up to three sections, linked, that come nearest.

    An ambiguous question is asked back: one of a word or two that several documents are about.
    """
    nearest = {p.url or (p.path, *p.heading_path): p for p in reversed(passages)}
    sections = [_section(p) for p in passages if p in nearest.values()][:_MOST_SECTIONS]
    if not sections:
        return NOTHING_FOUND
    introduction = CLARIFYING if _ambiguous(question, passages) else NEAREST
    return "\n".join([f"{NOTHING_FOUND} {introduction}\n", *sections])


def _ambiguous(question: str, passages: Sequence[Passage]) -> bool:
    words = set(terms(question))
    if not 0 < len(words) <= _FEW_WORDS:
        return False
    about = {(p.source, p.path) for p in passages if words <= set(terms(f"{p.place} {p.text}"))}
    return len(about) > 1


def says_not_covered(claim: str) -> bool:
    """Whether a claim is the reply that the prompt asks for where the docs do not answer."""
    return _NOT_COVERED.fullmatch(claim) is not None


def denies(text: str) -> bool:
    """Whether a text without a source begins by saying that the docs do not answer."""
    return bool(_DENIAL.search(text[:_BEGINNING]))


def _section(passage: Passage) -> str:
    return f"- {escaped_link(passage.place or passage.path, passage.url)}"
