"""The buttons under a message, which work for ever: what each means is in its own id."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from discord import ButtonStyle
from discord.ui import Button as _Button
from discord.ui import View


class Press(StrEnum):
    """What a button does."""

    UP = "up"
    DOWN = "down"
    EVIDENCE = "evidence"
    STOP = "stop"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class Button:
    """A button about a turn."""

    press: Press
    turn: UUID


CUSTOM_ID = re.compile(r"docent:(?P<press>up|down|evidence|stop|share):(?P<turn>[0-9a-f-]{36})")
"""The `custom_id` of every button, as `custom_id` makes it."""

_LOOKS = {
    Press.UP: ("👍", ButtonStyle.secondary),
    Press.DOWN: ("👎", ButtonStyle.secondary),
    Press.EVIDENCE: ("Show evidence", ButtonStyle.secondary),
    Press.STOP: ("Stop", ButtonStyle.danger),
    Press.SHARE: ("Share", ButtonStyle.primary),
}


def custom_id(button: Button) -> str:
    """What Discord sends back when it is pressed."""
    return f"docent:{button.press}:{button.turn}"


def view_of(buttons: Sequence[Button]) -> View | None:
    """The buttons in a row; None where there are none.

    The view is stopped, so that discord.py keeps nothing of it: presses are told apart by their
    ids alone. To be called in the event loop.
    """
    if not buttons:
        return None
    view = View(timeout=None)
    for button in buttons:
        label, style = _LOOKS[button.press]
        view.add_item(_Button(label=label, style=style, custom_id=custom_id(button)))
    view.stop()
    return view
