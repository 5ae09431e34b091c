"""A chat model without a model: it answers with the sentences of the docs that answer best."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence

from core.model import ModelEvent, ModelFinished, ModelStarted, ModelText, Passage, Prompt
from core.text.claims import split_claims
from core.text.relevance import Group, rank_sentences

_NAME = "quotes"
_PASSAGES = 8
_LONGEST = 1500
_HEADING = re.compile(r"#{1,6}\s")
_ITEM = re.compile(r"^(?:[-*+]|\d{1,3}[.)])\s+")
_QUOTE = re.compile(r"^[ \t]*>[ \t]?", re.MULTILINE)
_BLOCKS = ("```", "~~~", "|")
_LINE_BREAK = re.compile(r"\s*\n\s*")


class ExtractiveChatModel:
    """Quotes the up to `quotes` sentences, list items, tables or short code blocks that fit best.

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
    groups = [
        Group(_quotable(p.text), prior, " ".join((p.title, *p.heading_path)))
        for p, prior in zip(passages, _priors(passages), strict=True)
    ]
    ranked = rank_sentences(question, groups)[:count]
    order = list(dict.fromkeys(r.group for r in ranked))
    chosen = sorted(ranked, key=lambda r: (order.index(r.group), r.index))
    return [_block(groups[r.group].sentences[r.index], f"[{r.group + 1}]") for r in chosen]


def _quotable(text: str) -> list[str]:
    """The claims that make sense by themselves; an announced code block or table with its lead."""
    quotable: list[str] = []
    for claim in (claim.strip() for claim in split_claims(text)):
        if not claim or _HEADING.match(claim):
            continue
        announced = bool(quotable) and quotable[-1].endswith(":") and _is_block(claim)
        if announced and len(quotable[-1]) + len(claim) <= _LONGEST:
            quotable[-1] += f"\n\n{claim}"
        elif len(claim) <= _LONGEST:
            quotable.append(claim)
    return quotable


def _is_block(claim: str) -> bool:
    return claim.startswith(_BLOCKS)


def _priors(passages: Sequence[Passage]) -> list[float]:
    scores = [p.scores.fused if p.scores.rerank is None else p.scores.rerank for p in passages]
    best = max(scores, default=0.0)
    return [score / best if best > 0 else 1.0 for score in scores]


def _block(claim: str, mark: str) -> str:
    lead, _, block = claim.partition("\n\n")
    if _is_block(claim):
        return f"{claim}\n\n{mark}\n\n"
    quoted = _LINE_BREAK.sub(" ", _ITEM.sub("", _QUOTE.sub("", lead)))
    return f"> {quoted} {mark}\n\n" + (f"{block}\n\n" if block else "")
