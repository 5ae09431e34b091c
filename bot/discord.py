"""What the settings mean to Discord's adapter."""

from __future__ import annotations

from collections.abc import Iterable

from adapters.discord.credentials import DiscordCredentials
from adapters.discord.policy import DiscordPolicy
from bot.settings import Settings
from bot.sources import bound_sources
from core.errors import ConfigurationError
from core.model import Scope


def discord_credentials(settings: Settings) -> DiscordCredentials | None:
    """None where Discord is not configured."""
    discord = settings.discord
    if discord.token is None:
        return None
    token = discord.token.get_secret_value().strip()
    return DiscordCredentials(token, str(discord.base_url).rstrip("/"))


def discord_policy(settings: Settings, scope: Scope) -> DiscordPolicy:
    """Where and whom the bot answers, from the sources in `scope`. Raises ConfigurationError."""
    discord = settings.discord
    return DiscordPolicy(
        auto_answer_channels=_named(discord.auto_answer_channels, "#"),
        allowed_channels=_named(discord.allowed_channels, "#") or None,
        blocked_channels=_named(discord.blocked_channels, "#"),
        auto_answer_roles=_named(discord.auto_answer_roles, "@"),
        allowed_roles=_named(discord.allowed_roles, "@") or None,
        blocked_roles=_named(discord.blocked_roles, "@"),
        follow_ups=discord.follow_ups,
        scope=scope,
        bound=_bound(settings),
    )


def _named(given: Iterable[str], sign: str) -> frozenset[str]:
    """Ids as they are, names with their sign, however people write them."""
    return frozenset(each if each.isdecimal() else sign + each.lstrip(sign) for each in given)


def _bound(settings: Settings) -> dict[str, frozenset[str]]:
    bound = bound_sources(settings, "discord")
    for channel in bound:
        if not channel.isdecimal():
            raise ConfigurationError(
                f"A source names the channel discord:{channel}, which may be in any server.",
                hint="Name it by its id: Copy Channel ID, in the channel's menu.",
            )
    return bound
