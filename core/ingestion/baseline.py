"""What is served when a sync starts, and whether the index can be built upon."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from core.errors import CorpusError
from core.ingestion.corpus import CorpusStore, Served
from core.model import Corpus
from core.ports import VectorIndex


@dataclass(frozen=True, slots=True)
class Baseline:
    """The state that a sync starts from.

    `afresh` says that no point in the collection can be kept: it is another model's, or lost,
    or not to be trusted. Vectors in it are reused nevertheless.
    """

    corpus: Corpus | None
    served: Mapping[str, Served]
    afresh: bool

    @property
    def generation(self) -> int:
        """The one that is served; 0 before the first."""
        return self.corpus.generation if self.corpus else 0

    @property
    def next_generation(self) -> int:
        """The one that the sync writes."""
        return self.generation + 1

    @property
    def chunks(self) -> int:
        """How many points are kept unless they are closed."""
        return 0 if self.afresh else sum(part.chunks for part in self.served.values())

    @property
    def documents(self) -> int:
        """How many documents are served."""
        return sum(part.documents for part in self.served.values())


async def baseline(
    store: CorpusStore, index: VectorIndex, collection: str, *, rebuild: bool
) -> Baseline:
    """Raises CorpusError when the index misses chunks that are recorded, or holds others."""
    corpus = await store.current()
    if corpus is None:
        return Baseline(None, {}, afresh=True)
    served = await store.served(corpus.generation)
    if rebuild or corpus.collection != collection:
        return Baseline(corpus, served, afresh=True)
    expected = sum(part.chunks for part in served.values())
    found = await index.count(collection, corpus.generation)
    if found not in {0, expected}:
        raise CorpusError(
            f"The vector index holds {found} chunks where {expected} are recorded.",
            hint="Sync with --rebuild to write them all anew.",
        )
    return Baseline(corpus, served, afresh=found != expected)


def require_all(baseline: Baseline, named: Collection[str]) -> None:
    """An index that is made afresh would lose the sources that are not part of the sync."""
    missing = [name for name in baseline.served if name not in named]
    if baseline.afresh and missing:
        raise CorpusError(
            "The index has to be written anew, and these sources are served but not part of "
            f"this sync: {', '.join(missing)}.",
            hint="Sync all sources at once; one that is no longer configured must be removed "
            "by name.",
        )
