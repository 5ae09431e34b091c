"""How much people may ask."""

from __future__ import annotations

from pydantic import Field

from bot.settings.fields import Group


class LimitsSettings(Group):
    """How much people may ask in Slack and Discord."""

    per_person: int | None = Field(
        None, ge=1, description="questions that a person may ask in a while; any when not set"
    )
    per_channel: int | None = Field(
        None, ge=1, description="the same for all that is asked in a channel"
    )
    minutes: int = Field(60, ge=1, le=1440, description="how long that while is, in minutes")
    characters: int = Field(
        20_000, ge=100, description="characters of the longest question, with its files"
    )
