"""From ranked chunks to the passages that are read and cited (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from core.model import Chunk, Passage
from core.retrieval.links import SAFE_IN_FRAGMENT, Records, with_published_links
from core.retrieval.ranked_hits import RankedHit

_CHARACTERS_PER_TOKEN = 4


def to_passages(
    ranking: Iterable[RankedHit], records: Records, token_budget: int
) -> tuple[Passage, ...]:
    """The best hits that fit the budget, at least one, with neighbours of a section merged.

    A passage stands where its best hit does and has that hit's scores. Tokens are estimated at
    four characters. Chunks of documents that `records` lacks are left out: they are not served.
    Links that are relative in the docs lead to where `records` says that things are published.
    """
    served = (hit for hit in ranking if (hit.chunk.source, hit.chunk.path) in records)
    runs = _neighbours(_within(served, token_budget))
    return tuple(_passage(run, records) for run in runs)


def _within(ranking: Iterable[RankedHit], token_budget: int) -> list[RankedHit]:
    room = token_budget * _CHARACTERS_PER_TOKEN
    taken: list[RankedHit] = []
    for hit in ranking:
        room -= len(hit.chunk.text)
        if room < 0 and taken:
            break
        taken.append(hit)
    return taken


def _neighbours(ranking: Sequence[RankedHit]) -> list[list[RankedHit]]:
    """Runs of adjacent chunks, in the order of their best hits; each run in reading order."""
    by_place = {_place(hit.chunk): hit for hit in ranking}
    runs: list[list[RankedHit]] = []
    for place in list(by_place):
        if place in by_place:
            section, first = place
            while (section, first - 1) in by_place:
                first -= 1
            run = []
            while hit := by_place.pop((section, first), None):
                run.append(hit)
                first += 1
            runs.append(run)
    return runs


def _place(chunk: Chunk) -> tuple[tuple[str, str, str], int]:
    return (chunk.source, chunk.path, chunk.anchor), chunk.ordinal


def _passage(run: Sequence[RankedHit], records: Records) -> Passage:
    best = run[0] if len(run) == 1 else max(run, key=_relevance)
    chunk = best.chunk
    record = records[chunk.source, chunk.path]
    text = "\n\n".join([hit.chunk.text for hit in run])
    return Passage(
        source=chunk.source,
        path=chunk.path,
        title=record.title,
        heading_path=chunk.heading_path,
        url=deep_link(record.url, record.fragments.get(chunk.anchor, chunk.anchor)),
        text=with_published_links(text, record, records),
        peer_reviewed=record.peer_reviewed,
        scores=best.scores,
        date=record.date,
        chunks=tuple([hit.chunk.key for hit in run]),
    )


def _relevance(hit: RankedHit) -> tuple[float, float]:
    return hit.scores.rerank or 0.0, hit.scores.fused


def deep_link(document_url: str, anchor: str) -> str:
    """The address of a section; text before the first heading has the document's own."""
    return f"{document_url}#{quote(anchor, safe=SAFE_IN_FRAGMENT)}" if anchor else document_url
