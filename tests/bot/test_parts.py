"""Numbers that only together keep a promise."""

from __future__ import annotations

from bot.parts import SWEEP_PAUSE
from core.backends.postgres import Postgres
from core.conversation.inbox import Inbox


async def test_what_a_dead_instance_held_is_taken_over_within_a_minute(database: Postgres) -> None:
    assert Inbox(database, worker="dead").lease_seconds + SWEEP_PAUSE <= 60
