"""Buttons and menus under a message, which work for ever: what each means is in its own id."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from discord import ButtonStyle, SelectOption
from discord.ui import Button as _Button
from discord.ui import Select, View

from adapters.chat.expecting import ANOTHER, NEAREST


class Press(StrEnum):
    """What a button does."""

    UP = "up"
    DOWN = "down"
    EVIDENCE = "evidence"
    STOP = "stop"
    SHARE = "share"
    SECTION = "section"
    ANOTHER = "another"


@dataclass(frozen=True, slots=True)
class Button:
    """A button about a turn."""

    press: Press
    turn: UUID


@dataclass(frozen=True, slots=True)
class Menu:
    """The sections that a turn may be about: the label of each, by the hash that names it."""

    turn: UUID
    sections: Mapping[str, str]


CUSTOM_ID = re.compile(rf"docent:(?P<press>{'|'.join(Press)}):(?P<turn>[0-9a-f-]{{36}})")
"""The `custom_id` of every button and menu, as `custom_id` makes it."""

_LOOKS = {
    Press.UP: ("👍", ButtonStyle.secondary),
    Press.DOWN: ("👎", ButtonStyle.secondary),
    Press.EVIDENCE: ("Show evidence", ButtonStyle.secondary),
    Press.STOP: ("Stop", ButtonStyle.danger),
    Press.SHARE: ("Share", ButtonStyle.primary),
    Press.ANOTHER: (ANOTHER, ButtonStyle.secondary),
}


def custom_id(button: Button) -> str:
    """What Discord sends back when it is pressed."""
    return f"docent:{button.press}:{button.turn}"


def view_of(buttons: Sequence[Button], menu: Menu | None = None) -> View | None:
    """The buttons in a row, under the menu; None where there is neither.

    The view is stopped, so that discord.py keeps nothing of it: presses are told apart by their
    ids alone. To be called in the event loop.
    """
    if not buttons and menu is None:
        return None
    view = View(timeout=None)
    if menu is not None:
        options = [SelectOption(label=label, value=n) for n, label in menu.sections.items()]
        name = custom_id(Button(Press.SECTION, menu.turn))
        view.add_item(Select(custom_id=name, placeholder=NEAREST, options=options))
    for button in buttons:
        label, style = _LOOKS[button.press]
        view.add_item(_Button(label=label, style=style, custom_id=custom_id(button)))
    view.stop()
    return view
