"""How far back we look for what nobody told us."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from discord.utils import snowflake_time, time_snowflake

from adapters.chat.watch import PAUSE


@dataclass(frozen=True, slots=True)
class Window:
    """Times are in seconds.

    `overlap` is read again before what was seen last. At most so many `messages` of each channel
    are read, so many `directs` and `threads` that are not active any more looked into, and so many
    `questions` looked after. After a failure it tries again in `pause`.
    """

    seconds: float = 43_200.0
    overlap: float = 60.0
    messages: int = 200
    directs: int = 200
    threads: int = 20
    questions: int = 100
    pause: float = PAUSE

    def after(self, seen: str, now: float) -> str:
        """The message after which to read, where that one was seen; `now` is Discord's time."""
        begin = snowflake_time(int(seen)).timestamp() - self.overlap
        return message_at(max(begin, now - self.seconds))


def message_at(moment: float) -> str:
    """What a message would be called that was written then, in seconds since 1970."""
    return str(time_snowflake(datetime.fromtimestamp(moment, UTC)))
