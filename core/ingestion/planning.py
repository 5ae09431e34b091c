"""What a sync starts from: what is served, what the sources have now, and whether to go on."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from logging import getLogger
from typing import TypeAlias

from core.errors import (
    ConfigurationError,
    CorpusError,
    DocumentUnreadable,
    IndexLost,
    PartialRebuild,
    ShrinkRefused,
)
from core.ingestion.corpus import CorpusStore, Served
from core.ingestion.documents import SourceProfile
from core.ingestion.fingerprints import fingerprints, read
from core.ingestion.origins import SourceChanges, SourceState, state_of
from core.ingestion.report import Move
from core.model import Corpus, DocumentRecord
from core.ports import Entry, ListingProgress, Source, VectorIndex
from core.text.unicode import storable

log = getLogger(__name__)

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
    """A source's listing and its served documents, both by path.

    `last` is what the source was when it was last synced, if that is known.
    """

    source: Source
    profile: SourceProfile
    entries: Mapping[str, Entry]
    records: Mapping[str, DocumentRecord]
    last: SourceState | None

    @property
    def state(self) -> SourceState:
        """What the source is now."""
        return state_of(self.source, self.profile)

    @property
    def moved(self) -> Move | None:
        """From where to where, if the settings have sent the source elsewhere."""
        if self.last is None or self.last.origin == self.state.origin:
            return None
        return Move(self.profile.name, self.last.origin, self.state.origin)

    @property
    def gone(self) -> list[DocumentRecord]:
        """The documents that are served, but not listed any more."""
        return [record for path, record in self.records.items() if path not in self.entries]


@dataclass(frozen=True, slots=True)
class Plan:
    """The sources to go through, and the documents of those that are `dropped` altogether.

    `removed` names the latter. `not_synced` are sources that are served, and stay as they are.
    """

    baseline: Baseline
    surveys: tuple[Survey, ...]
    dropped: tuple[DocumentRecord, ...]
    removed: tuple[str, ...]
    not_synced: tuple[str, ...]

    @property
    def sources(self) -> set[str]:
        """The names of all that this sync touches."""
        return {found.profile.name for found in self.surveys} | set(self.removed)

    @property
    def changes(self) -> SourceChanges:
        """What is to be noted of the sources when the sync has ended."""
        states = {found.profile.name: found.state for found in self.surveys}
        return SourceChanges(states, self.removed)

    @property
    def moved(self) -> tuple[Move, ...]:
        """The sources that are read from elsewhere than the last time."""
        return tuple(found.moved for found in self.surveys if found.moved)


async def plan_sync(
    store: CorpusStore,
    baseline: Baseline,
    sources: Sequence[ConfiguredSource],
    remove: Collection[str],
    progress: ListingProgress,
) -> Plan:
    """Lists the sources.

    Raises SourceUnavailable, CorpusError when a source would get lost, and ConfigurationError
    for one to `remove` that nobody knows.
    """
    states = await store.states()
    _require_known(remove, {*baseline.served, *states})
    named = {profile.name for _, profile in sources} | set(remove)
    _require_all(baseline, named)
    surveys = [
        Survey(
            source,
            profile,
            await asyncio.to_thread(_by_path, await source.entries(progress)),
            await store.records(profile.name, baseline.generation),
            states.get(profile.name),
        )
        for source, profile in sources
    ]
    dropped = [
        record
        for name in sorted(remove)
        for record in (await store.records(name, baseline.generation)).values()
    ]
    left = tuple(name for name in baseline.served if name not in named)
    return Plan(baseline, tuple(surveys), tuple(dropped), tuple(remove), left)


async def read_baseline(
    store: CorpusStore, index: VectorIndex, collection: str, *, rebuild: bool
) -> Baseline:
    """Raises CorpusError when the index misses some of the chunks that are recorded, or has others.

    One that lost them all is written anew.
    """
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
    if found != expected:
        log.warning("%s It is written anew.", IndexLost(expected))
    return Baseline(corpus, served, afresh=found != expected)


async def index_lost(store: CorpusStore, index: VectorIndex) -> IndexLost | None:
    """The error to tell of it, where the index holds nothing of what is recorded."""
    corpus = await store.current()
    expected = 0 if corpus is None else await store.chunks(corpus.generation)
    if corpus is None or not expected or await index.count(corpus.collection, corpus.generation):
        return None
    return IndexLost(expected)


def _require_all(baseline: Baseline, named: Collection[str]) -> None:
    """An index that is made afresh would lose the sources that are not part of the sync."""
    missing = [name for name in baseline.served if name not in named]
    if baseline.afresh and missing:
        raise PartialRebuild(
            "The index has to be written anew, and these sources are served but not part of "
            f"this sync: {', '.join(missing)}.",
            hint="Sync all sources at once; one that is no longer configured has to go: "
            f"docent sync --remove {missing[0]}",
        )


def _require_known(remove: Collection[str], known: Collection[str]) -> None:
    unknown = [name for name in remove if name not in known]
    if unknown:
        raise ConfigurationError(
            f"There is no source {unknown[0]!r} to remove.",
            hint=f"Indexed: {', '.join(sorted(known))}." if known else "Nothing is indexed yet.",
        )


def _by_path(entries: Sequence[Entry]) -> dict[str, Entry]:
    return {entry.path: _labelled(entry) for entry in entries}


def _labelled(entry: Entry) -> Entry:
    """As it will be stored, so that it compares equal with what was."""
    version, date = (storable(text) if text else None for text in (entry.version, entry.date))
    return replace(entry, version=version, date=date)


async def refuse_shrink(survey: Survey, limit: float) -> None:
    """Raises ShrinkRefused when more than `limit` (a share) of the documents would be lost.

    A document that only moved is not lost. Where the settings have another place or choose other
    documents, only a listing without any is refused.
    """
    if survey.last is not None and not survey.last.lists_as(survey.state):
        _refuse_nothing(survey, limit)
        return
    gone = survey.gone
    most = limit * len(survey.records)
    if len(gone) <= most:
        return
    moved = await _new_fingerprints(survey)
    lost = sum(record.fingerprint not in moved for record in gone)
    if lost > most:
        raise ShrinkRefused(
            f"{survey.profile.name}: {lost} of {len(survey.records)} documents "
            f"{'is' if lost == 1 else 'are'} no longer listed, which looks like a broken listing; "
            "nothing was changed and all are still served.",
            hint="If they were removed on purpose, sync with --allow-shrink.",
            source=survey.profile.name,
        )


def _refuse_nothing(survey: Survey, limit: float) -> None:
    if survey.entries or not survey.records or limit >= 1:
        return
    raise ShrinkRefused(
        f"{survey.profile.name}: there is no document in {survey.state.origin} that its settings "
        "choose; nothing was changed, and what was indexed before still is.",
        hint="Correct the source's settings, or sync with --allow-shrink to serve none.",
        source=survey.profile.name,
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
                source=name,
            )


async def _new_fingerprints(survey: Survey) -> set[str]:
    new = [entry for path, entry in survey.entries.items() if path not in survey.records]
    found = await asyncio.to_thread(fingerprints, survey.profile, new)
    for entry in new:
        if entry.fingerprint is None:
            # A document that cannot be read is not one that moved.
            with suppress(DocumentUnreadable):
                found.add((await read(survey.source, survey.profile, entry)).fingerprint)
    return found
