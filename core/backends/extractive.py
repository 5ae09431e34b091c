"""A chat model without a model: it answers with the sentences of the docs that answer best."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncGenerator, Sequence

from core.model import ModelEvent, ModelFinished, ModelStarted, ModelText, Passage, Prompt
from core.text.quotable import Piece, pieces
from core.text.relevance import Group, Ranked, rank_sentences, terms

_NAME = "quotes"
_PASSAGES = 8
_ALIKE = 0.6
_HEARD = 2
_AS_GOOD = 0.9
_TELLING = 0.3
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
    found, priors = [pieces(p.text) for p in passages], _priors(passages)
    groups = [
        Group([piece.text for piece in own], prior, p.place)
        for own, p, prior in zip(found, passages, priors, strict=True)
    ]
    sentences = _telling(rank_sentences(question, groups))
    best = {number for number, prior in enumerate(priors[:_HEARD]) if prior >= _AS_GOOD}
    of_best = [each for each in sentences if each.group in best]
    ranked = _all_heard(_different(sentences, found, count), of_best, found)
    order = list(dict.fromkeys(r.group for r in ranked))
    chosen = sorted(ranked, key=lambda r: (order.index(r.group), r.index))
    return [_block(found[r.group][r.index], f"[{r.group + 1}]") for r in chosen]


def _telling(ranked: Sequence[Ranked]) -> list[Ranked]:
    """Those that hold enough of the question, measured by what the best of them holds."""
    most = max((each.evidence for each in ranked), default=0.0)
    return [each for each in ranked if each.evidence >= _TELLING * most]


def _different(
    ranked: Sequence[Ranked], found: Sequence[Sequence[Piece]], count: int
) -> list[Ranked]:
    """The best ones that do not say the same twice; one that is cut off only for want of others."""
    chosen: list[Ranked] = []
    for each in sorted(ranked, key=lambda r: found[r.group][r.index].dangling):
        if len(chosen) == count or (chosen and found[each.group][each.index].dangling):
            break
        if not _said(each, chosen, found):
            chosen.append(each)
    return chosen


def _all_heard(
    chosen: Sequence[Ranked], of_best: Sequence[Ranked], found: Sequence[Sequence[Piece]]
) -> list[Ranked]:
    """With one of each of the best passages, in place of the weakest that can be spared.

    What the search prefers may answer in other words than the question's.
    """
    quoted = Counter(each.group for each in chosen)
    best = {each.group for each in of_best}
    unheard = [each for each in of_best if each.group not in quoted]
    whole = [each for each in unheard if not found[each.group][each.index].dangling]
    new = [each for each in whole if not _said(each, chosen, found)]
    spare = [each for each in chosen[1:] if each.group not in best or quoted[each.group] > 1]
    if not new or not spare:
        return list(chosen)
    weakest = min(spare, key=lambda each: each.score)
    return [*(each for each in chosen if each is not weakest), new[0]]


def _said(one: Ranked, chosen: Sequence[Ranked], found: Sequence[Sequence[Piece]]) -> bool:
    words = _words(found[one.group][one.index])
    others = (_words(found[each.group][each.index]) for each in chosen)
    return any(len(words & other) >= _ALIKE * len(words | other) for other in others)


def _words(piece: Piece) -> frozenset[str]:
    return frozenset(terms(piece.text))


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
