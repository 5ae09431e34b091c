"""A sync as people see it: a bar while it runs, a few lines when it has ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from core.ingestion.report import ProgressListener, SyncProgress, SyncReport

MOST_NAMES = 10
"""Documents that are named of each kind before the rest is only counted."""


@contextmanager
def show_progress(console: Console) -> Iterator[ProgressListener]:
    """Draws each moment that the listener is told; nothing where nobody watches."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[counts]}"))
    watched = console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=not watched) as bar:
        task = bar.add_task("listing", total=None, counts="")

        def listen(now: SyncProgress) -> None:
            bar.update(
                task,
                description=now.phase.value,
                total=now.total or None,
                completed=now.documents,
                counts=counts(now),
            )

        yield listen


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


def report_as_text(report: SyncReport) -> str:
    """What happened, document by document where there are few."""
    verb = "Would be" if report.dry_run else "Done"
    lines = [f"{verb}: {report.tally or 'nothing to do, all is in step'}. {_served(report)}"]
    if report.dry_run:
        lines += [line for kind, names in report.by_kind.items() for line in _named(kind, names)]
    lines += [f"  failed: {name}: {reason}" for name, reason in report.failed.items()]
    if report.not_synced:
        lines.append(f"  not part of this sync: {', '.join(report.not_synced)}")
    return "\n".join(lines)


def _served(report: SyncReport) -> str:
    return (
        f"{report.documents} documents in {report.chunks} chunks; {report.embedded} embedded, "
        f"{report.reused} reused, in {report.seconds:.1f} s (generation {report.generation})."
    )


def _named(kind: str, names: tuple[str, ...]) -> list[str]:
    lines = [f"  {kind}: {name}" for name in names[:MOST_NAMES]]
    if len(names) > MOST_NAMES:
        lines.append(f"  {kind}: and {len(names) - MOST_NAMES} more")
    return lines
