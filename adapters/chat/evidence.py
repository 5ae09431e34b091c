"""What an answer rests on."""

from __future__ import annotations

from collections.abc import Sequence

from core.conversation.traces import Trace
from core.model import Answer, Passage

NO_EVIDENCE = "This answer quotes nothing from the docs."


def cited(answer: Answer, passages: Sequence[Passage]) -> list[tuple[int, Passage]]:
    """Each citation's number with its passage: of those at its section, the one it quotes."""
    found = []
    for citation in answer.citations:
        there = [
            p
            for p in passages
            if (p.source, p.url, p.heading_path)
            == (citation.source, citation.url, citation.heading_path)
        ]
        quoting = [p for p in there if citation.quote.rstrip("…") in " ".join(p.text.split())]
        found += [(citation.n, passage) for passage in (quoting or there)[:1]]
    return found


def is_stale(trace: Trace) -> bool:
    """Whether a section that the answer cites was changed or removed since."""
    turn = trace.turn
    rests = cited(turn.answer, turn.passages) if turn.answer else []
    changed = any(passage.content_hash in trace.changed for _, passage in rests)
    return changed or trace.stale_since is not None
