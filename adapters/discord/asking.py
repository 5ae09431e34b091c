"""Questions that come by a command: `/ask`, and the one in a message's menu.

Discord never delivers these again, so whatever fails is said at once.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import discord

from adapters.chat.handing_in import Submit, hand_in
from adapters.discord.api import DiscordApi
from adapters.discord.faults import DiscordRefused
from adapters.discord.mapping import session_of
from adapters.discord.messages import Said, places_of, plain, roles_of, said_of
from adapters.discord.policy import DiscordPolicy
from adapters.discord.private import private_question
from adapters.discord.replies import defer, say
from core.errors import ServiceError
from core.model import Question

Interaction: TypeAlias = discord.Interaction[Any]
FindRoles: TypeAlias = Callable[[str], Awaitable[frozenset[str]]]

PATIENCE = 5.0
"""Seconds to store a question in, before its author is told that it is lost."""

BELOW = "The answer comes under the message."
ASKED_BEFORE = "This message was asked before: the answer is under it."
NO_TEXT = "There is no text in this message that I could look up."
NOT_YOU = "Docent is set up not to answer you here."

log = logging.getLogger(__name__)


class Asking:
    """Takes the questions, and hands them to the core.

    `find_roles` tells those of a person who asks in a direct conversation.
    """

    def __init__(
        self, api: DiscordApi, submit: Submit, policy: DiscordPolicy, find_roles: FindRoles
    ) -> None:
        self._api = api
        self._submit = submit
        self._policy = policy
        self._find_roles = find_roles

    async def ask(self, interaction: Interaction, text: str) -> None:
        """`/ask question`: the answer is for the person alone."""
        if not await _deferred(interaction):
            return
        text = plain(text, self._api.us, {})
        if not text:
            await say(interaction, NO_TEXT)
        elif not await self._admits(interaction):
            await say(interaction, NOT_YOU)
        else:
            await self._ask_privately(interaction, text)

    async def ask_about(self, interaction: Interaction, message: discord.Message) -> None:
        """Answers a message where it is, or privately where we may not."""
        if not await _deferred(interaction):
            return
        said = said_of(message, self._api.us, interaction.channel)
        if not said.text:
            await say(interaction, NO_TEXT)
        elif not await self._admits(interaction):
            await say(interaction, NOT_YOU)
        elif self._may_answer_below(interaction, said):
            await self._ask_below(interaction, said)
        else:
            await self._ask_privately(interaction, said.text)

    async def _admits(self, interaction: Interaction) -> bool:
        """Whether the person is answered. Raises ServiceError."""
        roles = roles_of(interaction.user)
        if interaction.guild_id is None and self._policy.by_role:
            roles = await self._find_roles(str(interaction.user.id))
        return self._policy.admits_person(roles)

    def _may_answer_below(self, interaction: Interaction, said: Said) -> bool:
        if said.guild is None:
            return True
        ours = interaction.app_permissions
        sending = ours.send_messages_in_threads if said.in_thread else ours.send_messages
        visible = ours.view_channel and ours.read_message_history
        return sending and visible and self._policy.admits_channel(said.places)

    async def _ask_privately(self, interaction: Interaction, text: str) -> None:
        question = private_question(
            None if interaction.guild_id is None else str(interaction.guild_id),
            str(interaction.channel_id),
            interaction.token,
            str(interaction.id),
            str(interaction.user.id),
            text,
            self._policy.scope_in(places_of(interaction.channel)),
        )
        accepted = await hand_in(self._submit, question, patience=PATIENCE)
        if isinstance(accepted, str):
            await say(interaction, accepted)

    async def _ask_below(self, interaction: Interaction, said: Said) -> None:
        person, scope = str(interaction.user.id), self._policy.scope_in(said.places)
        question = Question(session_of(said), said.id, person, said.text, scope)
        accepted = await hand_in(self._submit, question, patience=PATIENCE)
        if not isinstance(accepted, str):
            accepted = BELOW if accepted else ASKED_BEFORE
        await say(interaction, accepted)


async def _deferred(interaction: Interaction) -> bool:
    """Acknowledges the command; False when Discord no longer waits for an answer."""
    try:
        await defer(interaction)
    except DiscordRefused as exc:
        log.warning("A command was acknowledged too late. %s", exc)
        return False
    except ServiceError as exc:
        log.warning("A command may not be acknowledged. %s", exc)
    return True
