"""Which section should have answered, asked in Slack: a menu, and a form for any other."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from adapters.chat.expecting import (
    ANOTHER,
    FIELD,
    FORM,
    LONGEST_WORDS,
    NEAREST,
    WHICH,
    Expecting,
    label_of,
)
from adapters.chat.reactions import THANKS
from adapters.chat.wording import failed
from adapters.slack.api import SlackApi
from adapters.slack.blocks import actions, button
from adapters.slack.rendering import Message, notice
from adapters.slack.response_url import respond
from core.errors import DocentError, ServiceError
from core.model import Passage

Json: TypeAlias = Mapping[str, Any]

CHOOSE = "docent_expected_section"
WRITE = "docent_expected_other"
FORM_ID = "docent_expected_form"

_BLOCK = "section"
_INPUT = "words"
_LONGEST_LABEL = 75

log = logging.getLogger(__name__)


def offer(turn_id: UUID, sections: Sequence[Passage]) -> Message:
    """Thanks for a thumbs-down, and the question which of the sections it should have been."""
    asked = notice(f"{THANKS} {WHICH}")
    another = button(ANOTHER, WRITE, str(turn_id))
    offered = [_menu(turn_id, sections), another] if sections else [another]
    return Message(asked.text, [*asked.blocks, actions(offered)])


def form(turn_id: UUID, response_url: str) -> dict[str, Any]:
    """A field for a section that is not in the menu; what came of it is told at the address."""
    field = {"type": "plain_text_input", "action_id": _INPUT, "max_length": LONGEST_WORDS}
    return {
        "type": "modal",
        "callback_id": FORM_ID,
        "private_metadata": json.dumps({"turn": str(turn_id), "url": response_url}),
        "title": _plain(FORM),
        "submit": _plain("Send"),
        "close": _plain("Cancel"),
        "blocks": [{"type": "input", "block_id": _BLOCK, "label": _plain(FIELD), "element": field}],
    }


class ExpectedSections:
    """Listens to the menu and the form. What was asked makes way for what came of it."""

    def __init__(self, api: SlackApi, expecting: Expecting) -> None:
        self._api = api
        self._expecting = expecting

    def register(self, app: AsyncApp) -> None:
        """Has Bolt call us."""
        app.action(CHOOSE)(self.chosen)
        app.action(WRITE)(self.asked_for_form)
        app.view(FORM_ID)(self.written)

    async def chosen(self, ack: AsyncAck, body: Json, action: Json) -> None:
        """A section in the menu."""
        await ack()
        turn, _, section = action["selected_option"]["value"].partition(":")
        try:
            said = await self._expecting.chosen(UUID(turn), body["user"]["id"], section)
        except DocentError as exc:
            said = _sorry(exc)
        await _replace(body["response_url"], said)

    async def asked_for_form(self, ack: AsyncAck, body: Json, action: Json) -> None:
        """The button beside it: Slack takes a form for three seconds, so nothing is read first."""
        await ack()
        view = form(UUID(action["value"]), body["response_url"])
        try:
            await self._api.call("views.open", patience=0, trigger_id=body["trigger_id"], view=view)
        except ServiceError as exc:
            await _replace(body["response_url"], _sorry(exc))

    async def written(self, ack: AsyncAck, body: Json, view: Json) -> None:
        """What the form was filled with."""
        await ack()
        about = json.loads(view["private_metadata"])
        words = view["state"]["values"][_BLOCK][_INPUT]["value"]
        try:
            said = await self._expecting.written(UUID(about["turn"]), body["user"]["id"], words)
        except DocentError as exc:
            said = _sorry(exc)
        await _replace(about["url"], said)


def _menu(turn_id: UUID, sections: Sequence[Passage]) -> dict[str, Any]:
    options = [
        {"text": _plain(label_of(each, _LONGEST_LABEL)), "value": f"{turn_id}:{each.content_hash}"}
        for each in sections
    ]
    menu = {"type": "static_select", "action_id": CHOOSE, "placeholder": _plain(NEAREST)}
    return {**menu, "options": options}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _sorry(exc: DocentError) -> str:
    log.warning("An expected section was not stored. %s", exc)
    return failed(exc)


async def _replace(url: str, said: str) -> None:
    try:
        await respond(url, notice(said), replace=True)
    except ServiceError as exc:
        log.warning("A person was not told: %s. %s", said, exc)
