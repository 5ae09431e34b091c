"""A sync of one source or of all, whoever asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from logging import getLogger

from bot.sources import chosen
from core.errors import PartialRebuild
from core.ingestion.planning import ConfiguredSource
from core.ingestion.report import ProgressListener, SyncReport
from core.ingestion.sync import Syncer
from core.model import EVERYTHING, Scope

log = getLogger(__name__)


async def sync_chosen(
    syncer: Syncer,
    sources: Sequence[ConfiguredSource],
    source: str | None,
    progress: ProgressListener,
    *,
    scope: Scope = EVERYTHING,
) -> SyncReport:
    """Syncs one source, or all: without one, and where the index has to be written anew.

    The report names no document beyond the `scope`. Raises DocentError; SyncRunning while another
    process syncs.
    """
    try:
        report = await syncer.sync(chosen(sources, source), progress=progress)
    except PartialRebuild as error:
        log.warning("%s All sources are synced.", error)
        report = await syncer.sync(sources, progress=progress)
    return report.within(scope)
