"""A sync of one source or of all, whoever asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from logging import getLogger

from bot.sources import chosen
from core.errors import CorpusError, PartialRebuild
from core.ingestion.planning import ConfiguredSource
from core.ingestion.report import ProgressListener, SyncReport
from core.ingestion.sync import Syncer
from core.model import EVERYTHING, Scope

log = getLogger(__name__)

_PRIVATE = "A private source could not be brought in, and so nothing was changed."


async def sync_chosen(
    syncer: Syncer,
    sources: Sequence[ConfiguredSource],
    source: str | None,
    progress: ProgressListener,
    *,
    scope: Scope = EVERYTHING,
) -> SyncReport:
    """Syncs one source, or all: without one, and where the index has to be written anew.

    Neither the report nor an error names what is beyond the `scope`; the log does. Raises
    DocentError; SyncRunning while another process syncs.
    """
    try:
        report = await _sync(syncer, sources, chosen(sources, source, told=scope), progress)
    except CorpusError as error:
        if error.source is None or scope.admits({error.source}):
            raise
        log.warning("%s %s", error, error.hint)
        raise type(error)(_PRIVATE, hint="`docent status` says why.") from error
    return report.within(scope)


async def _sync(
    syncer: Syncer,
    sources: Sequence[ConfiguredSource],
    wanted: Sequence[ConfiguredSource],
    progress: ProgressListener,
) -> SyncReport:
    try:
        return await syncer.sync(wanted, progress=progress)
    except PartialRebuild as error:
        log.warning("%s All sources are synced.", error)
        return await syncer.sync(sources, progress=progress)
