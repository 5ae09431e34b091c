"""A `Date` for each reply of a stand-in server, by a clock of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from email.utils import formatdate

from aiohttp import web


def dated(now: Callable[[], float]) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """To be called as a response is prepared."""

    async def date(_: web.Request, response: web.StreamResponse) -> None:
        response.headers["Date"] = formatdate(now(), usegmt=True)

    return date
