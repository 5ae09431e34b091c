"""`/quota`: what is left of the budgets, told to the person alone."""

from __future__ import annotations

from typing import Any, TypeAlias

import discord

from adapters.chat.quota import ReadQuota
from adapters.discord.replies import defer, say

Interaction: TypeAlias = discord.Interaction[Any]


class Quota:
    """Answers the command."""

    def __init__(self, read: ReadQuota) -> None:
        self._read = read

    async def tell(self, interaction: Interaction) -> None:
        """Raises ServiceError."""
        await defer(interaction)
        await say(interaction, await self._read(str(interaction.user.id)))
