"""Replies to commands, shortcuts and buttons at the address that Slack sent along.

Such an address takes five messages within half an hour, also where the bot may not post.
"""

from __future__ import annotations

import aiohttp
from slack_sdk.errors import SlackClientError
from slack_sdk.webhook.async_client import AsyncWebhookClient

from adapters.slack.api_errors import SERVICE, translated
from adapters.slack.rendering import Message
from core.errors import RequestRejected, ServiceUnavailable

_FAILED_INSIDE = 500


async def respond(
    url: str,
    message: Message,
    *,
    public: bool = False,
    replace: bool = False,
    thread: str | None = None,
) -> None:
    """Shows the message to the person, or with `public` to everybody in the channel.

    `replace` puts it in the place of the message with the button. Raises ServiceError.
    """
    body = {
        "text": message.text,
        "blocks": message.blocks,
        "response_type": "in_channel" if public else "ephemeral",
        "replace_original": replace,
        "unfurl_links": False,
        "unfurl_media": False,
    }
    # The SDK is not to send it again by itself: it would be shown twice.
    client = AsyncWebhookClient(url, retry_handlers=[])
    try:
        reply = await client.send_dict({**body, **({"thread_ts": thread} if thread else {})})
    except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError) as exc:
        raise translated("the reply", exc) from exc
    if reply.status_code >= _FAILED_INSIDE:
        raise ServiceUnavailable(SERVICE, f"the reply failed inside Slack ({reply.status_code})")
    if reply.status_code != 200:  # noqa: PLR2004 — "ok" in HTTP
        raise RequestRejected(SERVICE, f"the reply was refused ({reply.body[:100]})")
