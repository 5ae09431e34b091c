"""A sync as people see it: a bar while it runs, a few lines when it has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from adapters.chat.sync_texts import spent_text
from core.ingestion.report import ProgressListener, SyncProgress, SyncReport

MOST_NAMES = 10
"""Documents that are named of each kind before the rest is only counted."""

STOPPED = "Stopped. The next sync takes up what was embedded so far."


@contextmanager
def show_progress(console: Console, *, after: float = 0.0) -> Iterator[ProgressListener]:
    """Draws each moment that the listener is told; nothing where nobody watches.

    A sync that takes no longer than `after` seconds leaves no trace on the screen. One that is
    stopped says what it leaves to the next.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[counts]}"))
    bar = Progress(*columns, console=console, transient=True)
    task = bar.add_task("listing", total=None, counts="")
    embedded = 0
    with _told_of_a_stop(console, lambda: embedded), ExitStack() as shown:

        def listen(now: SyncProgress) -> None:
            nonlocal embedded
            embedded = now.embedded
            if console.is_terminal and now.seconds >= after and not bar.live.is_started:
                shown.enter_context(bar)
            bar.update(
                task,
                description=now.phase.value,
                total=now.total or None,
                completed=now.documents,
                counts=counts(now),
            )

        yield listen


@contextmanager
def _told_of_a_stop(console: Console, embedded: Callable[[], int]) -> Iterator[None]:
    try:
        yield
    except asyncio.CancelledError:
        if embedded():
            console.print(Text(STOPPED, style="dim"), soft_wrap=True)
        raise


def counts(now: SyncProgress) -> str:
    """`40/155 documents · 320 chunks (300 embedded, 20 reused) · 12/s · 10 s left`."""
    parts = [
        f"{now.documents}/{now.total} documents",
        f"{now.chunks} chunks ({now.embedded} embedded, {now.reused} reused)",
    ]
    if now.rate is not None:
        parts.append(f"{now.rate:.0f}/s")
    if now.seconds_left is not None:
        parts.append(f"{now.seconds_left:.0f} s left")
    return " · ".join(parts)


def amount(count: int, thing: str) -> str:
    """`1 document`, `2 documents`."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def report_as_text(report: SyncReport, configured: Collection[str]) -> str:
    """What happened, document by document where there are few.

    `configured` are the names of all sources that the settings have.
    """
    verb = "Found" if report.dry_run else "Done"
    lines = [f"{verb}: {report.tally or _nothing(report)}. {_served(report)}"]
    lines += [f"  {m.source} is read from {m.now} now, not from {m.before}" for m in report.moved]
    if report.dry_run:
        lines += [line for kind, names in report.by_kind.items() for line in _named(kind, names)]
    lines += [f"  failed: {name}: {reason}" for name, reason in report.failed.items()]
    lines += _left(report.not_synced, configured)
    if report.refused:
        lines.append(f"The sync would be refused. {report.refused}")
    return "\n".join(lines)


def _nothing(report: SyncReport) -> str:
    return f"nothing to do, all {'else ' if report.failed else ''}is in step"


def _left(names: Collection[str], configured: Collection[str]) -> list[str]:
    """The sources that stay as they are: one that nobody configured is of no use any more."""
    waiting = [name for name in names if name in configured]
    lines = [f"  not part of this sync: {', '.join(waiting)}"] if waiting else []
    return lines + [
        f"  no longer configured: {name}; answers leave it out, and "
        f"`docent sync --remove {name}` deletes it"
        for name in names
        if name not in configured
    ]


def _served(report: SyncReport) -> str:
    done = f"{report.embedded} embedded{spent_text(report)}, {report.reused} reused"
    return (
        f"{amount(report.documents, 'document')} in {amount(report.chunks, 'chunk')}; "
        f"{f'{report.written} to write' if report.dry_run else done}, "
        f"in {report.seconds:.1f} s (generation {report.generation})."
    )


def _named(kind: str, names: tuple[str, ...]) -> list[str]:
    lines = [f"  {kind}: {name}" for name in names[:MOST_NAMES]]
    if len(names) > MOST_NAMES:
        lines.append(f"  {kind}: and {len(names) - MOST_NAMES} more")
    return lines
