"""What answers a command or a press: by its token, which lives for 15 minutes.

Such an answer needs no permission of the bot's, and can be shown to the person alone.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

import discord
from discord import Webhook, WebhookType
from discord.ui import LayoutView

from adapters.discord.calling import called
from adapters.discord.rendering import Message, notice
from adapters.discord.views import view_of
from core.errors import ServiceError

log = logging.getLogger(__name__)


class Reply:
    """The messages that answer one command or press. All methods raise ServiceError."""

    def __init__(self, client: discord.Client, token: str) -> None:
        assert client.application_id is not None  # noqa: S101 - a client that is logged in has one
        self._hook = Webhook.partial(client.application_id, token, client=client)
        # A partial one is taken for a channel's webhook, which shows everything to everybody.
        self._hook.type = WebhookType.application

    async def send(self, message: Message, *, public: bool = False) -> str:
        """A further message, whose id is returned; the first one ends a command's waiting."""
        return await self._send(public=public, **content_of(message))

    async def send_layout(self, layout: LayoutView) -> str:
        """The same, to the person alone."""
        return await self._send(public=False, view=layout)

    async def edit(self, message_id: str, message: Message) -> None:
        """Exchanges a message's content and buttons."""
        view = view_of(message.buttons)
        edit = partial(self._hook.edit_message, int(message_id), content=message.text, view=view)
        await called("the edit of a reply", edit)

    async def delete(self, message_id: str) -> None:
        """Removes a message."""
        await called("the deletion of a reply", partial(self._hook.delete_message, int(message_id)))

    async def _send(self, *, public: bool, **content: Any) -> str:
        send = partial(
            self._hook.send, **content, ephemeral=not public, suppress_embeds=True, wait=True
        )
        return str((await called("a reply", send, pauses=())).id)


async def tell(interaction: discord.Interaction[Any], message: Message) -> None:
    """Says it to the person alone, who can do without when Discord is away. Raises nothing."""
    try:
        if interaction.response.is_done():
            await Reply(interaction.client, interaction.token).send(message)
            return
        send = partial(interaction.response.send_message, **content_of(message))
        await called("a reply", partial(send, ephemeral=True, suppress_embeds=True), pauses=())
    except ServiceError as exc:
        # Not what: it may be evidence, or somebody's question.
        log.warning("A person was not told something. %s", exc)


async def defer(interaction: discord.Interaction[Any], *, thinking: bool = True) -> None:
    """Tells Discord within its three seconds that an answer follows, for the person alone.

    With `thinking` the person sees that one follows. Raises ServiceError.
    """
    wait = partial(interaction.response.defer, ephemeral=True, thinking=thinking)
    await called("the acknowledgement", wait, pauses=())


async def say(interaction: discord.Interaction[Any], text: str) -> None:
    """The same of a word from Docent itself."""
    await tell(interaction, notice(text))


def content_of(message: Message) -> dict[str, Any]:
    """The message as arguments of discord.py's, which takes no None for a view to be sent."""
    view = view_of(message.buttons, message.menu)
    return {"content": message.text, **({} if view is None else {"view": view})}
