"""Which section should have answered, asked in Discord: a menu, and a form for any other."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias, cast
from uuid import UUID

import discord
from discord import TextStyle
from discord.ui import Modal, TextInput

from adapters.chat.expecting import FIELD, FORM, LONGEST_WORDS, WHICH, Expecting, label_of
from adapters.chat.reactions import THANKS
from adapters.chat.wording import failed
from adapters.discord.calling import called
from adapters.discord.rendering import Message, notice
from adapters.discord.replies import defer, tell
from adapters.discord.views import Button, Menu, Press
from core.errors import DocentError, ServiceError
from core.model import Passage

Interaction: TypeAlias = discord.Interaction[Any]
Take: TypeAlias = Callable[[Interaction, str], Awaitable[None]]

_LONGEST_LABEL = 100
_TO_FILL_IN = 900.0
"""Seconds: a token lives as long."""

log = logging.getLogger(__name__)


def offer(turn_id: UUID, sections: Sequence[Passage]) -> Message:
    """Thanks for a thumbs-down, and the question which of the sections it should have been."""
    shown = {each.content_hash: label_of(each, _LONGEST_LABEL) for each in sections}
    another = (Button(Press.ANOTHER, turn_id),)
    return Message(f"{THANKS} {WHICH}", another, Menu(turn_id, shown) if shown else None)


def form(take: Take) -> Modal:
    """A field for a section that is not in the menu; `take` is called with what it is filled with.

    To be called in the event loop.
    """
    words: TextInput[Modal] = TextInput(
        label=FIELD, style=TextStyle.short, max_length=LONGEST_WORDS
    )

    class SectionForm(Modal, title=FORM):
        async def on_submit(self, interaction: Interaction, /) -> None:
            await take(interaction, words.value)

    made = SectionForm(timeout=_TO_FILL_IN)
    made.add_item(words)
    return made


class ExpectedSections:
    """Takes what people choose or write. What was asked makes way for what came of it."""

    def __init__(self, expecting: Expecting) -> None:
        self._expecting = expecting

    async def choose(self, interaction: Interaction, turn_id: UUID) -> None:
        """Of a section in the menu, in a press that was acknowledged. Raises DocentError."""
        data = cast("Mapping[str, Any]", interaction.data or {})
        section, person = str(*data["values"]), str(interaction.user.id)
        await _replace(interaction, await self._expecting.chosen(turn_id, person, section))

    async def open_form(self, interaction: Interaction, turn_id: UUID) -> None:
        """In the place of an acknowledgement. Raises nothing."""
        made = form(partial(self._written, turn_id))
        try:
            await called("a form", partial(interaction.response.send_modal, made), pauses=())
        except ServiceError as exc:
            log.warning("A form was not shown. %s", exc)

    async def _written(self, turn_id: UUID, interaction: Interaction, words: str) -> None:
        try:
            await defer(interaction, thinking=False)
            said = await self._expecting.written(turn_id, str(interaction.user.id), words)
        except DocentError as exc:
            log.warning("An expected section was not stored. %s", exc)
            said = failed(exc)
        await _replace(interaction, said)


async def _replace(interaction: Interaction, said: str) -> None:
    message = notice(said)
    edit = partial(interaction.edit_original_response, content=message.text, view=None)
    try:
        await called("an edit", edit)
    except ServiceError as exc:
        log.info("A question stays beside its answer. %s", exc)
        await tell(interaction, message)
