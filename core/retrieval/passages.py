"""From ranked chunks to the passages that are read and cited (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from core.model import Chunk, Passage
from core.retrieval.links import SAFE_IN_FRAGMENT, Records, with_published_links
from core.retrieval.ranked_hits import RankedHit

_CHARACTERS_PER_TOKEN = 4


class Published:
    """How the sections of a generation are published, as its records say.

    What was made of the last ones is remembered: to look for links in a section takes longer than
    all else that is done with it.
    """

    def __init__(self, records: Records, *, most: int = 1024) -> None:
        self.records = records
        self._most = most
        self._made: dict[tuple[str, ...], tuple[str, str]] = {}

    def section(self, keys: tuple[str, ...], run: Sequence[RankedHit]) -> tuple[str, str]:
        """The address and the text of adjacent chunks, whose keys these are."""
        made = self._made.get(keys)
        if made is None:
            made = self._made[keys] = self._make([hit.chunk for hit in run])
            if len(self._made) > self._most:
                del self._made[next(iter(self._made))]
        return made

    def _make(self, chunks: Sequence[Chunk]) -> tuple[str, str]:
        first = chunks[0]
        record = self.records[first.source, first.path]
        url = deep_link(record.url, record.fragments.get(first.anchor, first.anchor))
        text = "\n\n".join(chunk.text for chunk in chunks)
        return url, with_published_links(text, record, self.records)


def to_passages(
    ranking: Iterable[RankedHit], published: Published, token_budget: int
) -> tuple[Passage, ...]:
    """The best hits that fit the budget, at least one, with neighbours of a section merged.

    A passage stands where its best hit does and has that hit's scores. Tokens are estimated at
    four characters. Chunks of documents that the records lack are left out: they are not served.
    Links that are relative in the docs lead to where the records say that things are published.
    """
    runs = _neighbours(_within(ranking, published.records, token_budget))
    return tuple([_passage(run, published) for run in runs])


def fills(chunks: Iterable[Chunk], records: Records, token_budget: int) -> bool:
    """Whether the chunks of documents that are served are more than the budget has room for."""
    served = (chunk for chunk in chunks if (chunk.source, chunk.path) in records)
    return sum(len(chunk.text) for chunk in served) > token_budget * _CHARACTERS_PER_TOKEN


def _within(ranking: Iterable[RankedHit], records: Records, token_budget: int) -> list[RankedHit]:
    room = token_budget * _CHARACTERS_PER_TOKEN
    taken: list[RankedHit] = []
    for hit in ranking:
        chunk = hit.chunk
        if (chunk.source, chunk.path) not in records:
            continue
        room -= len(chunk.text)
        if room < 0 and taken:
            break
        taken.append(hit)
    return taken


def _neighbours(ranking: Sequence[RankedHit]) -> list[list[RankedHit]]:
    """Runs of adjacent chunks, in the order of their best hits; each run in reading order."""
    sections: dict[tuple[str, str, str], dict[int, RankedHit]] = {}
    places = []
    for hit in ranking:
        chunk = hit.chunk
        section = sections.setdefault((chunk.source, chunk.path, chunk.anchor), {})
        section[chunk.ordinal] = hit
        places.append((section, chunk.ordinal))
    return [_run(*place) for place in places if place[1] in place[0]]


def _run(section: dict[int, RankedHit], ordinal: int) -> list[RankedHit]:
    """Takes the hit out of its section, and those beside it."""
    while ordinal - 1 in section:
        ordinal -= 1
    run = []
    while hit := section.pop(ordinal, None):
        run.append(hit)
        ordinal += 1
    return run


def _passage(run: Sequence[RankedHit], published: Published) -> Passage:
    best = run[0] if len(run) == 1 else max(run, key=_relevance)
    chunk = best.chunk
    record = published.records[chunk.source, chunk.path]
    keys = tuple([hit.chunk.key for hit in run])
    url, text = published.section(keys, run)
    return Passage(
        source=chunk.source,
        path=chunk.path,
        title=record.title,
        heading_path=chunk.heading_path,
        url=url,
        text=text,
        peer_reviewed=record.peer_reviewed,
        scores=best.scores,
        date=record.date,
        chunks=keys,
    )


def _relevance(hit: RankedHit) -> tuple[float, float]:
    return hit.scores.rerank or 0.0, hit.scores.fused


def deep_link(document_url: str, anchor: str) -> str:
    """The address of a section; text before the first heading has the document's own."""
    return f"{document_url}#{quote(anchor, safe=SAFE_IN_FRAGMENT)}" if anchor else document_url
