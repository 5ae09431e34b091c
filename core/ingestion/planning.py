"""What a sync starts from: what is served, what the sources have now, and whether to go on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TypeAlias

from core.errors import CorpusError, DocumentUnreadable, ShrinkRefused
from core.ingestion.corpus import CorpusStore, Served
from core.ingestion.documents import SourceProfile
from core.model import Corpus, DocumentRecord
from core.ports import Entry, Source, VectorIndex
from core.text.unicode import storable

ConfiguredSource: TypeAlias = tuple[Source, SourceProfile]


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is served when a sync starts.

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


@dataclass(frozen=True, slots=True)
class Survey:
    """A source's listing and its served documents, both by path."""

    source: Source
    profile: SourceProfile
    entries: Mapping[str, Entry]
    records: Mapping[str, DocumentRecord]

    @property
    def gone(self) -> list[DocumentRecord]:
        """The documents that are served, but not listed any more."""
        return [record for path, record in self.records.items() if path not in self.entries]


@dataclass(frozen=True, slots=True)
class Plan:
    """The sources to go through, and the documents of those that are `dropped` altogether.

    `not_synced` are sources that are served, and stay as they are.
    """

    baseline: Baseline
    surveys: tuple[Survey, ...]
    dropped: tuple[DocumentRecord, ...]
    not_synced: tuple[str, ...]

    @property
    def sources(self) -> set[str]:
        """The names of all that this sync touches."""
        return {found.profile.name for found in self.surveys} | {r.source for r in self.dropped}


async def plan_sync(
    store: CorpusStore,
    baseline: Baseline,
    sources: Sequence[ConfiguredSource],
    remove: Collection[str],
) -> Plan:
    """Lists the sources. Raises SourceUnavailable, and CorpusError when one would get lost."""
    named = {profile.name for _, profile in sources} | set(remove)
    _require_all(baseline, named)
    surveys = [
        await _survey(source, profile, await store.records(profile.name, baseline.generation))
        for source, profile in sources
    ]
    dropped = [
        record
        for name in sorted(remove)
        for record in (await store.records(name, baseline.generation)).values()
    ]
    left = tuple(name for name in baseline.served if name not in named)
    return Plan(baseline, tuple(surveys), tuple(dropped), left)


async def read_baseline(
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


def _require_all(baseline: Baseline, named: Collection[str]) -> None:
    """An index that is made afresh would lose the sources that are not part of the sync."""
    missing = [name for name in baseline.served if name not in named]
    if baseline.afresh and missing:
        raise CorpusError(
            "The index has to be written anew, and these sources are served but not part of "
            f"this sync: {', '.join(missing)}.",
            hint="Sync all sources at once; one that is no longer configured must be removed "
            "by name.",
        )


async def _survey(
    source: Source, profile: SourceProfile, records: Mapping[str, DocumentRecord]
) -> Survey:
    listed = {entry.path: _labelled(entry) for entry in await source.entries()}
    return Survey(source, profile, listed, records)


def _labelled(entry: Entry) -> Entry:
    """As it will be stored, so that it compares equal with what was."""
    version, date = (storable(text) if text else None for text in (entry.version, entry.date))
    return replace(entry, version=version, date=date)


@dataclass(frozen=True, slots=True)
class Reading:
    """A document's fingerprint, and its bytes if they had to be read for it."""

    fingerprint: str
    data: bytes | None


async def look(source: Source, profile: SourceProfile, entry: Entry) -> Reading:
    """Reads the document only if the listing does not tell its content. DocumentUnreadable."""
    if entry.fingerprint is not None:
        return Reading(profile.fingerprint(entry.fingerprint), None)
    data = await source.read(entry)
    return Reading(profile.fingerprint(blake2b(data, digest_size=16).hexdigest()), data)


async def refuse_shrink(survey: Survey, limit: float) -> None:
    """Raises ShrinkRefused when more than `limit` (a share) of the documents would be lost.

    A document that only moved is not lost.
    """
    gone = survey.gone
    most = limit * len(survey.records)
    if len(gone) <= most:
        return
    moved = await _new_fingerprints(survey)
    lost = sum(record.fingerprint not in moved for record in gone)
    if lost > most:
        raise ShrinkRefused(
            f"{survey.profile.name}: {lost} of {len(survey.records)} documents are no longer "
            "listed, which looks like a broken listing; nothing was changed and all are still "
            "served.",
            hint="If they were removed on purpose, sync with --allow-shrink.",
        )


def refuse_losses(plan: Plan, removed: Collection[tuple[str, str]], limit: float) -> None:
    """Raises ShrinkRefused when more than `limit` of a source's documents could not be read.

    Only an index that is made afresh loses what is listed and unreadable.
    """
    for survey in plan.surveys:
        name, known = survey.profile.name, len(survey.records)
        lost = sum(source == name and path in survey.entries for source, path in removed)
        if lost > limit * known:
            raise ShrinkRefused(
                f"{name}: {lost} of {known} documents could not be read, and the index is being "
                "written anew; nothing was changed and all are still served.",
                hint="Make them readable, or sync with --allow-shrink to go on without them.",
            )


async def _new_fingerprints(survey: Survey) -> set[str]:
    found = set()
    for path, entry in survey.entries.items():
        if path not in survey.records:
            try:
                found.add((await look(survey.source, survey.profile, entry)).fingerprint)
            except DocumentUnreadable:
                continue  # a document that cannot be read is not one that moved
    return found
