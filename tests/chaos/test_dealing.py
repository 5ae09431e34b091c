"""What a run of chaos deals, and what it fails for."""

from __future__ import annotations

import random

from tests.chaos.dealing import Chaos
from tests.chaos.faults import Card


async def _uncounted(_: random.Random) -> None:
    pass


def _chaos(met: int = 1) -> Chaos:
    async def counted(_: random.Random) -> int:
        return met

    deck = [
        Card("bots", "killed", 1, _uncounted, due=True),
        Card("bots", "stopped", 1, _uncounted),
        Card("platforms", "limited", 2, _uncounted),
        Card("service", "refused", 3, counted),
        Card("service", "stalled", 4, counted),
    ]
    return Chaos(deck, random.Random(1))  # noqa: S311 - a test's


async def test_a_whole_run_deals_every_card() -> None:
    chaos = _chaos()
    await chaos.reign(0.0)
    assert dict(chaos.dealt) == {
        "killed": 1,
        "stopped": 1,
        "limited": 2,
        "refused": 3,
        "stalled": 4,
    }
    assert chaos.lacking() == []


async def test_the_table_names_each_kind_with_its_count_and_who_met_it() -> None:
    chaos = _chaos(met=2)
    await chaos.reign(0.0)
    assert chaos.counts() == {
        "killed": 1,
        "stopped": 1,
        "limited": 2,
        "refused (met 6 times)": 3,
        "stalled (met 8 times)": 4,
    }


async def test_a_fault_that_nothing_met_is_lacking() -> None:
    chaos = _chaos(met=0)
    await chaos.reign(0.0)
    assert chaos.lacking() == ["refused: nothing met it", "stalled: nothing met it"]


async def test_a_short_run_deals_what_is_due_and_one_other_of_each_lane() -> None:
    chaos = _chaos()
    await chaos.reign(0.0, whole=False)
    assert chaos.dealt["killed"] == chaos.dealt["stopped"] == chaos.dealt["limited"] == 1
    assert chaos.dealt["refused"] + chaos.dealt["stalled"] == 1
    assert len(chaos.lacking()) == 1
