"""Who comes for the same key waits, and nobody else does."""

from __future__ import annotations

import gc

from adapters.chat.lines import Lines


async def test_a_line_is_one_for_each_key() -> None:
    lines = Lines()
    async with lines.of("one"):
        assert lines.of("one").locked()
        assert not lines.of("other").locked()


async def test_a_line_in_which_nobody_waits_is_forgotten() -> None:
    lines = Lines()
    async with lines.of("one"):
        pass
    gc.collect()
    assert not lines._locks
