"""What the settings mean to Discord's adapter."""

from __future__ import annotations

from adapters.discord.credentials import DiscordCredentials
from bot.settings import Settings


def discord_credentials(settings: Settings) -> DiscordCredentials | None:
    """None where Discord is not configured."""
    discord = settings.discord
    if discord.token is None:
        return None
    token = discord.token.get_secret_value().strip()
    return DiscordCredentials(token, str(discord.base_url).rstrip("/"))
