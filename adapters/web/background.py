"""Work that goes on where its client does not wait for it any longer."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from adapters.chat.errands import Start

T = TypeVar("T")


async def waited_for(start: Start, work: Coroutine[Any, Any, T], seconds: float) -> T | None:
    """What the work returns; None where it takes longer, and goes on. Raises as the work does."""
    done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    start(_settle(done, work))
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            return await asyncio.shield(done)
    return None


async def _settle(done: asyncio.Future[T], work: Coroutine[Any, Any, T]) -> None:
    try:
        done.set_result(await work)
    except asyncio.CancelledError:
        done.cancel()
        raise
    except Exception as exc:  # noqa: BLE001 - raised where it is waited for
        done.set_exception(exc)
        done.exception()  # it counts as seen where nobody waits any longer
