"""Keeps to the rates that Slack allows, so that what must be sent is never refused for long.

Slack counts by method and workspace, and posting by channel, about one message a second
(docs.slack.dev/apis/web-api/rate-limits).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping

from core.errors import RateLimited

Clock = Callable[[], float]

CALLS_A_MINUTE: Mapping[str, float] = {
    "chat.startStream": 20,
    "chat.appendStream": 100,
    "chat.update": 50,
}
"""What may be spent on showing an answer while it is written, which can be left out."""

POSTING_INTERVAL = 1.0
_CHANNELS = 1000


class Allowance:
    """Calls that may be spent: `a_minute` of them at once, and as many each minute."""

    def __init__(self, a_minute: float, clock: Clock) -> None:
        self._rate = a_minute / 60
        self._most = a_minute
        self._left = a_minute
        self._clock = clock
        self._since = clock()

    def take(self) -> bool:
        """Spends a call; False when there is none left just now."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._since) * self._rate)
        self._since = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Pacing:
    """When each method may be called again, and each channel be posted to."""

    def __init__(
        self,
        *,
        posting_interval: float = POSTING_INTERVAL,
        a_minute: Mapping[str, float] = CALLS_A_MINUTE,
        clock: Clock | None = None,
    ) -> None:
        self._interval = posting_interval
        self._clock = clock or asyncio.get_running_loop().time
        self._allowances = {method: Allowance(n, self._clock) for method, n in a_minute.items()}
        self._closed_until: dict[str, float] = {}
        self._next_post: OrderedDict[str, float] = OrderedDict()
        self._no_streams_until: OrderedDict[str, float] = OrderedDict()

    def spare(self, method: str) -> bool:
        """Spends a call that could be left out; False when it had better be."""
        return self.wait(method) == 0 and self._allowances[method].take()

    def wait(self, method: str) -> float:
        """Seconds until Slack takes calls of the method again."""
        return max(0.0, self._closed_until.get(method, 0.0) - self._clock())

    def close(self, method: str, seconds: float) -> None:
        """Slack asked not to call the method for so long."""
        until = self._clock() + seconds
        self._closed_until[method] = max(until, self._closed_until.get(method, 0.0))

    def reserve_post(self, channel: str) -> float:
        """Takes the next free moment for a message in the channel; the seconds until then."""
        now = self._clock()
        at = max(now, self._next_post.pop(channel, 0.0))
        self._next_post[channel] = at + self._interval
        _bound(self._next_post)
        return at - now

    def refuse_streams(self, channel: str, seconds: float) -> None:
        """The channel takes no streams; asking again can wait."""
        self._no_streams_until[channel] = self._clock() + seconds
        _bound(self._no_streams_until)

    def streams(self, channel: str) -> bool:
        """Whether a stream may be tried in the channel now; it is then spent."""
        refused = self._no_streams_until.get(channel, 0.0) > self._clock()
        return not refused and self.spare("chat.startStream")

    async def until_open(self, method: str, patience: float) -> None:
        """Waits as long as Slack asked to. Raises RateLimited when that is beyond `patience`."""
        seconds = self.wait(method)
        if seconds > patience:
            raise RateLimited("Slack", f"{method} is called too often", retry_after=seconds)
        if seconds:
            await asyncio.sleep(seconds)


def _bound(times: OrderedDict[str, float]) -> None:
    """Forgets the channels that were longest unused."""
    while len(times) > _CHANNELS:
        times.popitem(last=False)
