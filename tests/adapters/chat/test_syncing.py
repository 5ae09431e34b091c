"""How often the message that shows a sync is renewed, by a clock that takes no time."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from adapters.chat.syncing import shown_sync
from core.ingestion.report import ProgressListener, SyncReport
from tests.support.skipping_loop import SkippingLoop
from tests.support.slack_surfaces import moment, report


class Watched:
    """A board that notes when it is written to."""

    def __init__(self) -> None:
        self.glances: list[float] = []
        self.shown: list[str] = []

    async def glance(self, _: str) -> None:
        self.glances.append(asyncio.get_running_loop().time())

    async def show(self, text: str) -> None:
        self.shown.append(text)


async def _restless(_: str | None, progress: ProgressListener) -> SyncReport:
    """Tells of something new ten times a second, for a minute."""
    for n in range(600):
        progress(moment(n % 40))
        await asyncio.sleep(0.1)
    return report()


async def _watch(board: Watched) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SkippingLoop)
    loop.skipping = True
    await shown_sync(_restless, None, board)


def test_it_is_renewed_every_two_seconds_and_no_more_often() -> None:
    board = Watched()
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        runner.run(_watch(board))
    apart = [later - earlier for earlier, later in pairwise(board.glances)]
    assert len(board.glances) >= 20
    assert min(apart) >= 1.99
    assert len(board.shown) == 1
