"""A chat model without a model: it answers with the sentences of the docs that answer best."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence

from core.model import ModelEvent, ModelFinished, ModelStarted, ModelText, Passage, Prompt
from core.text.quotable import Piece, pieces
from core.text.relevance import Group, Ranked, rank_sentences, terms

_NAME = "quotes"
_PASSAGES = 8
_ALIKE = 0.6
_ITEM = re.compile(r"\A(?:[-*+]|\d{1,3}[.)])\s+")
_QUOTE = re.compile(r"^[ \t]*>[ \t]?", re.MULTILINE)
_LINE_BREAK = re.compile(r"\s*\n\s*")


class ExtractiveChatModel:
    """Quotes the up to `quotes` sentences, lists, tables or short code blocks that fit best.

    Each is a Markdown quote with the mark of its passage. It needs no service and cannot fail; a
    prompt whose passages hold nothing that can be quoted gets an empty text.
    """

    def __init__(self, *, quotes: int = 3) -> None:
        self._quotes = quotes

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent, None]:
        """ModelStarted with `quoting`, a ModelText for each quote, ModelFinished."""
        yield ModelStarted(_NAME, quoting=True)
        for text in quote(prompt.question, prompt.passages[:_PASSAGES], self._quotes):
            yield ModelText(text)
        yield ModelFinished(_NAME)


def quote(question: str, passages: Sequence[Passage], count: int) -> list[str]:
    """The quotes as Markdown blocks: passages in the order of their best quote, text in its own."""
    found = [pieces(p.text) for p in passages]
    groups = [
        Group([piece.text for piece in own], prior, p.place)
        for own, p, prior in zip(found, passages, _priors(passages), strict=True)
    ]
    ranked = _different(rank_sentences(question, groups), found, count)
    order = list(dict.fromkeys(r.group for r in ranked))
    chosen = sorted(ranked, key=lambda r: (order.index(r.group), r.index))
    return [_block(found[r.group][r.index], f"[{r.group + 1}]") for r in chosen]


def _different(
    ranked: Sequence[Ranked], found: Sequence[Sequence[Piece]], count: int
) -> list[Ranked]:
    """The best ones that do not say the same twice; one that is cut off only for want of others."""
    chosen: list[Ranked] = []
    said: list[frozenset[str]] = []
    for each in sorted(ranked, key=lambda r: found[r.group][r.index].dangling):
        piece = found[each.group][each.index]
        words = frozenset(terms(piece.text))
        if len(chosen) == count or (chosen and piece.dangling):
            break
        if not any(_alike(words, other) for other in said):
            chosen.append(each)
            said.append(words)
    return chosen


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= _ALIKE * len(one | other)


def _priors(passages: Sequence[Passage]) -> list[float]:
    scores = [p.scores.fused if p.scores.rerank is None else p.scores.rerank for p in passages]
    best = max(scores, default=0.0)
    return [score / best if best > 0 else 1.0 for score in scores]


def _block(piece: Piece, mark: str) -> str:
    if not piece.lead:
        return f"{piece.block}\n\n{mark}\n\n"
    lead = _LINE_BREAK.sub(" ", _ITEM.sub("", _QUOTE.sub("", piece.lead)))
    if _ITEM.match(piece.block):
        items = piece.block.replace("\n", "\n> ")
        return f"> {lead} {mark}\n>\n> {items}\n\n"
    return f"> {lead} {mark}\n\n" + (f"{piece.block}\n\n" if piece.block else "")
