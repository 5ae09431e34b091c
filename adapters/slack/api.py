"""Slack's Web API, with its rates kept and its errors translated."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.chat.clock import PlatformClock
from adapters.slack.api_errors import SERVICE, translated
from adapters.slack.pacing import Pacing
from core.errors import AccessDenied, MalformedReply, RateLimited, RequestRejected

BASE_URL = "https://slack.com/api/"
PATIENCE = 120.0
"""Seconds that a call which must get through waits for Slack in all."""

_FILE_HOSTS = (".slack.com", ".slack-gov.com", ".slack-files.com")
_TIMEOUT = 20
_CONNECTIONS = 100

log = logging.getLogger(__name__)
# The SDK's own log, under a name by which it can be set apart.
_vendor_log = logging.getLogger("slack")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are in a workspace."""

    team: str
    user: str
    bot: str


class SlackApi:
    """Calls Slack as the bot `identity`."""

    def __init__(
        self,
        client: AsyncWebClient,
        session: aiohttp.ClientSession,
        pacing: Pacing,
        identity: Identity,
        clock: PlatformClock,
    ) -> None:
        self._client = client
        self._session = session
        self.pacing = pacing
        self.identity = identity
        self.clock = clock

    @property
    def token(self) -> str:
        """The bot's token."""
        return self._client.token or ""

    @property
    def base_url(self) -> str:
        """Where the Web API is, with a slash at the end."""
        return self._client.base_url

    async def call(
        self,
        method: str,
        *,
        patience: float = PATIENCE,
        before: Callable[[], Awaitable[None]] | None = None,
        **arguments: Any,
    ) -> Mapping[str, Any]:
        """The reply to one call of a method such as "chat.update".

        A rate limit is waited out within `patience` seconds in all. Whatever else fails is raised
        at once, as a ServiceError, SlackRefused among them: after a ServiceUnavailable the call
        may have had its effect or not. `before` is awaited after all waiting, at each attempt.
        """
        clock = asyncio.get_running_loop().time
        until = clock() + patience
        while True:
            await self.pacing.until_open(method, max(0.0, until - clock()))
            if before is not None:
                await before()
            try:
                return await call_once(self._client, method, self.clock, **arguments)
            except RateLimited as exc:
                self.pacing.close(method, exc.retry_after or 0.0)
                if self.pacing.wait(method) > until - clock():
                    raise

    async def post(self, channel: str, thread: str | None, text: str, **arguments: Any) -> str:
        """Posts a message in its channel's turn; its ts. Nothing in it is unfurled."""
        await self.channel_turn(channel)
        reply = await self.call(
            "chat.postMessage",
            channel=channel,
            thread_ts=thread,
            text=text,
            unfurl_links=False,
            unfurl_media=False,
            **arguments,
        )
        return str(reply["ts"])

    async def channel_turn(self, channel: str) -> None:
        """Waits until the channel may be posted to, after those who asked before."""
        if seconds := self.pacing.reserve_post(channel):
            await asyncio.sleep(seconds)

    async def download(self, url: str, most: int) -> bytes:
        """A file's content, cut after `most` bytes. Raises ServiceError."""
        if not self._ours(url):
            raise RequestRejected(SERVICE, "the file is not kept by Slack")
        headers = {"Authorization": f"Bearer {self._client.token}"}
        try:
            async with self._session.get(url, headers=headers, allow_redirects=False) as reply:
                if reply.status != HTTPStatus.OK:
                    raise RequestRejected(SERVICE, f"the file was refused ({reply.status})")
                if reply.content_type == "text/html" and not url.endswith((".html", ".htm")):
                    # Instead of a refusal, Slack sends its page for signing in.
                    raise AccessDenied(
                        SERVICE, "the file was refused", hint="Add the scope files:read to the app."
                    )
                return await _read(reply.content, most)
        except (aiohttp.ClientError, TimeoutError, OSError) as exc:
            raise translated("the download", exc) from exc

    def _ours(self, url: str) -> bool:
        """Whether the bot's token may be shown to whoever serves the address."""
        asked, api = urlsplit(url), urlsplit(self.base_url)
        if (asked.scheme, asked.netloc) == (api.scheme, api.netloc):
            return True
        return asked.scheme == "https" and (asked.hostname or "").endswith(_FILE_HOSTS)


@asynccontextmanager
async def open_slack_api(
    token: str, *, base_url: str = BASE_URL, pacing: Pacing | None = None
) -> AsyncIterator[SlackApi]:
    """The API with the bot's token, after a first call that tells who we are.

    Raises AccessDenied when Slack does not take the token.
    """
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=_TIMEOUT),
        connector=aiohttp.TCPConnector(limit=_CONNECTIONS),
    ) as session:
        client, clock = web_client(session, base_url, token), PlatformClock()
        identity = await _identity(client, clock)
        yield SlackApi(client, session, pacing or Pacing(), identity, clock)


def web_client(
    session: aiohttp.ClientSession, base_url: str, token: str | None = None
) -> AsyncWebClient:
    """The SDK's client, which is not to call twice by itself: a message would be posted twice."""
    return AsyncWebClient(
        token, base_url=base_url, session=session, retry_handlers=[], logger=_vendor_log
    )


async def call_once(
    client: AsyncWebClient, method: str, clock: PlatformClock | None = None, **arguments: Any
) -> Mapping[str, Any]:
    """The reply to one call, which the clock hears. Arguments that are None are left out.

    Raises ServiceError.
    """
    call = getattr(client, method.replace(".", "_"))
    given = {name: value for name, value in arguments.items() if value is not None}
    try:
        reply = await call(**given)
    except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError) as exc:
        raise translated(method, exc) from exc
    except (AttributeError, ValueError) as exc:
        # The SDK trips over replies that are not JSON.
        raise translated(method, exc) from exc
    if clock is not None:
        clock.heard(reply.headers.get("Date"))
    if not isinstance(reply.data, dict):
        raise MalformedReply(SERVICE, f"{method} was answered with something that is no reply")
    return reply.data


async def _read(stream: aiohttp.StreamReader, most: int) -> bytes:
    content = bytearray()
    while len(content) < most and (part := await stream.read(most - len(content))):
        content += part
    return bytes(content)


async def _identity(client: AsyncWebClient, clock: PlatformClock) -> Identity:
    reply = await call_once(client, "auth.test", clock)
    return Identity(str(reply["team_id"]), str(reply["user_id"]), str(reply.get("bot_id", "")))
