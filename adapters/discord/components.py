"""The buttons under an answer: thumbs, evidence, stop, share; and what a thumbs-down leads to.

What each does is in its id alone, so that it works after any restart.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Literal, Self, TypeAlias
from uuid import UUID

import discord
from discord.ui import DynamicItem, Item

from adapters.chat.expecting import sections_of
from adapters.chat.reactions import GONE, THANKS, Reactions, missing
from adapters.chat.wording import NOT_FROM_HERE, NOT_HERE, failed
from adapters.discord.calling import called
from adapters.discord.evidence import evidence, layout_of
from adapters.discord.expecting import ExpectedSections, offer
from adapters.discord.faults import DiscordRefused
from adapters.discord.messages import places_of
from adapters.discord.policy import DiscordPolicy
from adapters.discord.posts import posted_id
from adapters.discord.prose import escaped
from adapters.discord.rendering import Message, answer_messages, notice
from adapters.discord.replies import Reply, defer, tell
from adapters.discord.views import CUSTOM_ID, Press, view_of
from core.conversation.archive import StoredTurn
from core.conversation.postings import Postings
from core.errors import DocentError, ServiceError
from core.model import Answer

Interaction: TypeAlias = discord.Interaction[Any]
Check: TypeAlias = Callable[[Interaction], Awaitable[bool]]
Act: TypeAlias = Callable[[Interaction, Press, UUID], Awaitable[None]]

_Acknowledged: TypeAlias = Literal[
    Press.UP, Press.DOWN, Press.EVIDENCE, Press.STOP, Press.SHARE, Press.SECTION
]

TROUBLE = "Sorry, that did not work. Docent's log says why."

log = logging.getLogger(__name__)


def answer_button(act: Act, check: Check) -> type[DynamicItem[Any]]:
    """What discord.py makes of each press of a button of ours; `act` is called with it.

    Before that, `check` is asked whether it may be.
    """

    class AnswerButton(DynamicItem[Any], template=CUSTOM_ID):
        def __init__(self, item: Item[Any], press: Press, turn_id: UUID) -> None:
            super().__init__(item)
            self._press = press
            self._turn_id = turn_id

        @classmethod
        async def from_custom_id(
            cls, _: Interaction, item: Item[Any], match: re.Match[str], /
        ) -> Self:
            return cls(item, Press(match["press"]), UUID(match["turn"]))

        async def interaction_check(self, interaction: Interaction, /) -> bool:
            return await check(interaction)

        async def callback(self, interaction: Interaction) -> None:
            await act(interaction, self._press, self._turn_id)

    return AnswerButton


class Presses:
    """Does what a button says. What is said about it only the person who pressed can see."""

    def __init__(
        self,
        reactions: Reactions,
        sections: ExpectedSections,
        postings: Postings,
        policy: DiscordPolicy,
    ) -> None:
        self._reactions = reactions
        self._sections = sections
        self._postings = postings
        self._policy = policy
        self._sharing: set[UUID] = set()

    async def act(self, interaction: Interaction, press: Press, turn_id: UUID) -> None:
        """Acknowledges the press, and says what came of it, or went wrong. Raises nothing."""
        if press is Press.ANOTHER:
            await self._sections.open_form(interaction, turn_id)
            return
        try:
            await defer(interaction, thinking=False)
        except ServiceError as exc:
            log.warning("A press was not acknowledged. %s", exc)
        try:
            said = await self._done(interaction, press, turn_id)
        except DocentError as exc:
            log.warning("%s failed. %s", press, exc)
            said = notice(failed(exc))
        except Exception:
            log.exception("%s failed.", press)
            said = notice(TROUBLE)
        if said is not None:
            await tell(interaction, said)

    async def _done(
        self, interaction: Interaction, press: _Acknowledged, turn_id: UUID
    ) -> Message | None:
        match press:
            case Press.UP | Press.DOWN:
                return await self._rate(interaction, press, turn_id)
            case Press.EVIDENCE:
                return await self._show_evidence(interaction, turn_id)
            case Press.STOP:
                said = await self._reactions.stop(turn_id)
                return notice(said) if said else None
            case Press.SHARE:
                return await self._share(interaction, turn_id)
            case Press.SECTION:
                await self._sections.choose(interaction, turn_id)
                return None

    async def _rate(
        self, interaction: Interaction, press: Literal[Press.UP, Press.DOWN], turn_id: UUID
    ) -> Message:
        value: Literal["up", "down"] = "up" if press is Press.UP else "down"
        said = await self._reactions.rate(turn_id, str(interaction.user.id), value)
        if press is Press.DOWN and said == THANKS:
            return await self._which(interaction, turn_id)
        return notice(said)

    async def _which(self, interaction: Interaction, turn_id: UUID) -> Message:
        """Asks which section it should have been, of those that may be named here."""
        turn = await self._reactions.ended(turn_id)
        places = places_of(interaction.channel)
        named = turn is not None and self._policy.may_show(turn.sources, places)
        return offer(turn_id, sections_of(turn) if turn and named else ())

    async def _show_evidence(self, interaction: Interaction, turn_id: UUID) -> Message | None:
        turn = await self._reactions.ended(turn_id)
        if turn is None or turn.answer is None:
            return notice(missing(turn))
        if not self._policy.may_show(turn.sources, places_of(interaction.channel)):
            return notice(NOT_FROM_HERE)
        trace = await self._reactions.trace(turn)
        if trace is None:
            return notice(GONE)
        entries = evidence(trace)
        try:
            await _reply(interaction).send_layout(layout_of(entries))
        except DiscordRefused as exc:
            log.warning("Evidence is shown as plain text. %s", exc)
            return notice("\n\n".join(entries))
        return None

    async def _share(self, interaction: Interaction, turn_id: UUID) -> Message | None:
        if turn_id in self._sharing:
            return None  # pressed twice
        self._sharing.add(turn_id)
        try:
            return await self._share_once(interaction, turn_id)
        finally:
            self._sharing.discard(turn_id)

    async def _share_once(self, interaction: Interaction, turn_id: UUID) -> Message | None:
        turn = await self._reactions.ended(turn_id)
        if turn is None or turn.answer is None:
            return notice(missing(turn))
        places = places_of(interaction.channel)
        if interaction.guild_id and not self._policy.admits_channel(places):
            return notice(NOT_HERE)
        if not self._policy.may_show(turn.sources, places):
            return notice(NOT_FROM_HERE)
        reply = _reply(interaction)
        for message in _shared(turn, turn.answer, interaction.user.display_name):
            shared = posted_id(str(interaction.channel_id), await reply.send(message, public=True))
            if not await self._postings.add(turn_id, shared):
                log.warning("What was shared as %s was to be forgotten meanwhile.", shared)
        await _mark_as_shared(interaction, turn.answer, turn_id)
        return None


def _reply(interaction: Interaction) -> Reply:
    return Reply(interaction.client, interaction.token)


def _shared(turn: StoredTurn, answer: Answer, person: str) -> list[Message]:
    """The answer, under who shares it and what was asked."""
    quoted = "\n".join(f"> {line}" for line in turn.question.text.splitlines())
    return answer_messages(
        answer, turn.id, preface=f"**{escaped(person)} asked Docent:**\n\n{quoted}"
    )


async def _mark_as_shared(interaction: Interaction, answer: Answer, turn_id: UUID) -> None:
    """Takes the button away from the message that was pressed, which can keep it if need be."""
    *_, last = answer_messages(answer, turn_id)
    try:
        view = view_of(last.buttons)
        await called("an edit", partial(interaction.edit_original_response, view=view))
    except ServiceError as exc:
        log.info("A button that was used is still there. %s", exc)
