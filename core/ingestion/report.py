"""What a sync tells while it runs and when it has ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from enum import Enum, StrEnum
from typing import Any, TypeAlias

from core.model import EmbeddingUsage, Scope


class Phase(StrEnum):
    """Where a sync stands."""

    LISTING = "listing"
    INDEXING = "indexing"
    FLIPPING = "flipping"
    PRUNING = "pruning"


class Kind(Enum):
    """What a person would call the change of a document.

    `REWRITTEN`: the index is made anew, and nothing that anybody could see changes.
    """

    ADDED = "added"
    CHANGED = "changed"
    RELABELLED = "relabelled"
    REMOVED = "removed"
    REWRITTEN = "rewritten"


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """A moment of a sync.

    `documents` of `total` are done, which for a changed one means that its chunks are stored. Of a
    source that reads them to list them, they are read meanwhile, of those known so far.
    `chunks` were stored so far, `embedded` of them with new vectors and `reused` with vectors
    that were at hand. `seconds` have passed since the start.
    """

    phase: Phase
    documents: int
    total: int
    chunks: int
    embedded: int
    reused: int
    seconds: float

    @property
    def rate(self) -> float | None:
        """Documents a second; None before the first is done."""
        return self.documents / self.seconds if self.documents and self.seconds else None

    @property
    def seconds_left(self) -> float | None:
        """At the rate so far; None before the first document is done."""
        return (self.total - self.documents) / self.rate if self.rate else None


ProgressListener: TypeAlias = Callable[[SyncProgress], None]


@dataclass(frozen=True, slots=True)
class Move:
    """A source that is read from another place than the last time."""

    source: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did, or in a dry run what it would do; documents are named source/path.

    `relabelled` changed their address, date, version or flags alone, which costs no chunk.
    `failed` maps a document to the reason; what was served of it before still is.
    `not_synced` are sources that are served, but were not part of this sync.
    `rewritten` counts the documents that were indexed anew without any change to see.
    `refused` is why the sync itself would end without a change, where a dry run finds that.
    `documents` and `chunks` count what is served in the end, over all sources; `written`,
    `embedded`, `reused` and `closed` count chunks. In a dry run nothing is embedded or reused.
    `calls` of the embedding model were made, with so many `tokens` of text. `unnamed` documents
    failed beside those that are named, and `hidden` counts those that differ beside them by kind.
    """

    generation: int
    added: tuple[str, ...]
    changed: tuple[str, ...]
    relabelled: tuple[str, ...]
    removed: tuple[str, ...]
    failed: dict[str, str]
    not_synced: tuple[str, ...]
    documents: int
    chunks: int
    written: int
    embedded: int
    reused: int
    closed: int
    seconds: float
    dry_run: bool
    rewritten: int = 0
    moved: tuple[Move, ...] = ()
    refused: str | None = None
    calls: int = 0
    tokens: int = 0
    unnamed: int = 0
    hidden: dict[str, int] = field(default_factory=dict)

    def within(self, scope: Scope) -> SyncReport:
        """For those who may see no more: the documents of other sources are counted alone."""
        if scope.sources is None:
            return self
        seen = {kind: tuple(_within(scope, names)) for kind, names in self.by_kind.items()}
        failed = {name: self.failed[name] for name in _within(scope, self.failed)}
        hidden = {kind: self._count(kind) - len(names) for kind, names in seen.items()}
        return replace(
            self,
            added=seen["added"],
            changed=seen["changed"],
            relabelled=seen["relabelled"],
            removed=seen["removed"],
            failed=failed,
            not_synced=tuple(name for name in self.not_synced if name in scope.sources),
            moved=tuple(move for move in self.moved if move.source in scope.sources),
            unnamed=self.unnamed + len(self.failed) - len(failed),
            hidden={kind: count for kind, count in hidden.items() if count},
        )

    @property
    def by_kind(self) -> dict[str, tuple[str, ...]]:
        """The documents that differ, by what became of them."""
        return {
            "added": self.added,
            "changed": self.changed,
            "relabelled": self.relabelled,
            "removed": self.removed,
        }

    @property
    def tally(self) -> str:
        """`3 added, 1 removed`; empty when nothing was done."""
        counts = {kind: self._count(kind) for kind in self.by_kind}
        counts["indexed anew"] = self.rewritten
        return ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)

    def as_json(self) -> dict[str, Any]:
        """Lists, numbers, booleans and strings."""
        return asdict(self)

    def _count(self, kind: str) -> int:
        return len(self.by_kind[kind]) + self.hidden.get(kind, 0)


def _within(scope: Scope, names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if scope.admits({name.partition("/")[0]}))


@dataclass(slots=True)
class Tally:
    """Counts while a sync runs, and tells the listener of each step."""

    listener: ProgressListener
    phase: Phase = Phase.LISTING
    total: int = 0
    done: int = 0
    written: int = 0
    embedded: int = 0
    reused: int = 0
    closed: int = 0
    spent: EmbeddingUsage = field(default_factory=EmbeddingUsage)
    named: dict[Kind, list[str]] = field(default_factory=lambda: {kind: [] for kind in Kind})
    failed: dict[str, str] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)

    def enter(self, phase: Phase) -> None:
        """The next phase begins."""
        self.phase = phase
        self._tell()

    def tell_listing(self, read: int, known: int) -> None:
        """Of the source that is being listed."""
        self.done, self.total = read, known
        self._tell()

    def finish_documents(self, count: int = 1) -> None:
        """Nothing is left to do for so many documents."""
        self.done += count
        self._tell()

    def store(self, *, embedded: int, reused: int) -> None:
        """So many chunks were written."""
        self.written += embedded + reused
        self.embedded += embedded
        self.reused += reused

    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self.started

    def _tell(self) -> None:
        self.listener(
            SyncProgress(
                phase=self.phase,
                documents=self.done,
                total=self.total,
                chunks=self.written,
                embedded=self.embedded,
                reused=self.reused,
                seconds=self.seconds(),
            )
        )

    def report(
        self,
        *,
        generation: int,
        not_synced: tuple[str, ...],
        documents: int,
        chunks: int,
        dry_run: bool,
        moved: tuple[Move, ...] = (),
        refused: str | None = None,
    ) -> SyncReport:
        """The end of it."""
        return SyncReport(
            generation=generation,
            added=tuple(sorted(self.named[Kind.ADDED])),
            changed=tuple(sorted(self.named[Kind.CHANGED])),
            relabelled=tuple(sorted(self.named[Kind.RELABELLED])),
            removed=tuple(sorted(self.named[Kind.REMOVED])),
            failed=dict(sorted(self.failed.items())),
            not_synced=not_synced,
            documents=documents,
            chunks=chunks,
            written=self.written,
            embedded=self.embedded,
            reused=self.reused,
            closed=self.closed,
            seconds=self.seconds(),
            dry_run=dry_run,
            rewritten=len(self.named[Kind.REWRITTEN]),
            moved=moved,
            refused=refused,
            calls=self.spent.calls,
            tokens=self.spent.tokens,
        )
