"""A sync in words, as Markdown: where it stands, what it did. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.errors import DocentError
from core.ingestion.report import Phase, SyncProgress, SyncReport

MOST_FAILURES = 10
"""Documents that are named before the rest is only counted."""

STARTED = "**Bringing the docs in again…**"
ALREADY = "**The docs are being brought in already.** This is how far it is…"
STOPPED = "**Stopped,** because Docent is shut down. What was served before still is."
FAULT = "**The docs were not brought in.** Docent's log says why."

_BAR = 20
_PHASES = {
    Phase.LISTING: "Listing the sources",
    Phase.INDEXING: "Bringing the docs in",
    Phase.FLIPPING: "Switching to the new docs",
    Phase.PRUNING: "Tidying up",
}


def progress_text(now: SyncProgress) -> str:
    """The phase, a bar, and the counts; the time that is left once it can be told."""
    lines = [f"**{_PHASES[now.phase]}…**"]
    if now.total:
        filled = min(_BAR, _BAR * now.documents // now.total)
        lines.append(f"`{'█' * filled}{'░' * (_BAR - filled)}` {now.documents}/{now.total} docs")
    if now.chunks:
        lines.append(f"{now.chunks} chunks: {now.embedded} embedded, {now.reused} reused")
    if now.phase is Phase.INDEXING and now.seconds_left is not None:
        lines.append(f"about {duration(now.seconds_left)} left")
    return "\n\n".join(lines)


def report_text(report: SyncReport) -> str:
    """What changed, what is served now, and which documents failed."""
    served = f"{report.documents} docs in {report.chunks} chunks are served now"
    counts = f"{report.embedded} newly embedded{spent_text(report)}, {report.reused} reused"
    lines = [
        f"**Done in {duration(report.seconds)}:** {report.tally or 'nothing had changed'}.",
        f"{served} (generation {report.generation}); {counts}.",
    ]
    if report.failed or report.unnamed:
        lines.append("\n".join(_failures(report.failed, report.unnamed)))
    if report.not_synced:
        lines.append(f"Not part of it: {', '.join(report.not_synced)}.")
    return "\n\n".join(lines)


def spent_text(report: SyncReport) -> str:
    """` (in 3 calls, 1,204 tokens)`; empty where nothing was embedded."""
    if not report.calls:
        return ""
    calls = "1 call" if report.calls == 1 else f"{report.calls:,} calls"
    return f" (in {calls}, {report.tokens:,} tokens)"


def fault_text(error: DocentError) -> str:
    """Why it ended early, and what to do."""
    return " ".join(filter(None, ["**The docs were not brought in.**", str(error), error.hint]))


def duration(seconds: float) -> str:
    """`8 s`, `3 min` or `2 h 5 min`."""
    whole = max(round(seconds), 1)
    if whole < 90:  # noqa: PLR2004 — up to here, seconds say more
        return f"{whole} s"
    minutes = round(whole / 60)
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours else f"{minutes} min"


def _failures(failed: Mapping[str, str], unnamed: int) -> Iterable[str]:
    yield f"**{len(failed) + unnamed} could not be read** and are served as they were:\n"
    for name, reason in list(failed.items())[:MOST_FAILURES]:
        yield f"- `{name}`: {reason}"
    if len(failed) > MOST_FAILURES:
        yield f"- and {len(failed) - MOST_FAILURES} more"
    if unnamed:
        yield f"- {unnamed} in private sources, which `docent status` names"
