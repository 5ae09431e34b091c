"""How the stand-in Slack delivers: Socket Mode or signed HTTP, acknowledged or sent again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.support.slack_state import Json


@dataclass
class Attempt:
    """One sending. `status` is 200 when acknowledged; `reason` says why it was sent again."""

    number: int
    reason: str | None = None
    status: int | None = None
    seconds: float = 0.0


@dataclass
class Delivery:
    """One event, command or interaction, and what became of it.

    `kind` is Socket Mode's: events_api, slash_commands or interactive. `reply` is what the
    acknowledgement carried.
    """

    kind: str
    payload: Json
    attempts: list[Attempt] = field(default_factory=list)
    reply: Json | str | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def acknowledged(self) -> bool:
        return any(attempt.status == 200 for attempt in self.attempts)


@dataclass(frozen=True)
class Receipt:
    """What a transport learned: 200 and the reply, or a failure with Slack's reason for it."""

    status: int | None
    reply: Json | str | None = None
    reason: str = "timeout"
    retry: bool = True


Send = Callable[[Delivery, Attempt], Awaitable[Receipt]]


@dataclass
class Courier:
    """Sends, and sends events again at `retry_after` seconds; commands and buttons never.

    `copies` is how many times each event is sent, as if Slack had lost the acknowledgement.
    """

    send: Send
    ack_seconds: float = 3.0
    retry_after: tuple[float, ...] = (0.1, 60.0, 300.0)
    copies: int = 1
    deliveries: list[Delivery] = field(default_factory=list)
    under_way: set[asyncio.Task[None]] = field(default_factory=set)

    def start(self, kind: str, payload: Json) -> Delivery:
        """Sends in the background; `settled` waits for the end of it."""
        delivery = Delivery(kind, payload)
        self.deliveries.append(delivery)
        for _ in range(self.copies if kind == "events_api" else 1):
            task = asyncio.create_task(self._deliver(delivery))
            self.under_way.add(task)
            task.add_done_callback(self.under_way.discard)
        return delivery

    async def settled(self) -> None:
        """Returns once everything was acknowledged or given up."""
        while self.under_way:
            await asyncio.gather(*self.under_way)

    async def stop(self) -> None:
        """Gives up what is under way."""
        tasks = list(self.under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _deliver(self, delivery: Delivery) -> None:
        waits = self.retry_after if delivery.kind == "events_api" else ()
        reason = None
        for number, wait in enumerate((0.0, *waits)):
            await asyncio.sleep(wait)
            attempt = Attempt(number, reason)
            delivery.attempts.append(attempt)
            receipt = await self._attempt(delivery, attempt)
            if receipt.status == 200:
                delivery.reply = receipt.reply
            if receipt.status == 200 or not receipt.retry:
                break
            reason = receipt.reason
        delivery.ended.set()

    async def _attempt(self, delivery: Delivery, attempt: Attempt) -> Receipt:
        began = time.monotonic()
        try:
            async with asyncio.timeout(self.ack_seconds):
                receipt = await self.send(delivery, attempt)
        except TimeoutError:
            receipt = Receipt(None, reason="http_timeout")
        attempt.status, attempt.seconds = receipt.status, time.monotonic() - began
        return receipt
