"""The token of a Discord bot, and telling it from what else the portal shows. Pure."""

from __future__ import annotations

import base64
import re
from binascii import Error
from dataclasses import dataclass

from core.errors import ConfigurationError

PORTAL = "https://discord.com/developers/applications"
API_URL = "https://discord.com/api/v10"

_TOKEN = re.compile(r"[\w-]{18,}\.[\w-]+\.[\w-]+")
_OTHERS = (
    (re.compile(r"\d{15,21}"), "an application's id"),
    (re.compile(r"[0-9a-f]{64}"), "an application's public key"),
    (re.compile(r"[\w-]{32}"), "an application's client secret"),
    (re.compile(r"Bot .*"), "a token with the word Bot before it"),
)


@dataclass(frozen=True, slots=True, repr=False)
class DiscordCredentials:
    """What the bot is run with; `api_url` ends without a slash."""

    token: str
    api_url: str = API_URL

    @property
    def application(self) -> str | None:
        """The id that the token begins with, where one can be read in it."""
        first = self.token.partition(".")[0]
        try:
            found = base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)).decode("ascii")
        except (Error, ValueError):
            return None
        return found if found.isdecimal() else None

    def check(self) -> None:
        """Raises ConfigurationError when it is something else than a bot's token."""
        if _TOKEN.fullmatch(self.token):
            return
        kind = next((name for form, name in _OTHERS if form.fullmatch(self.token)), None)
        raise ConfigurationError(
            f"DISCORD_TOKEN holds {kind or 'no token that Discord issues'}.",
            hint=f"Set it to the bot's token: Bot, Reset Token, at {PORTAL}.",
        )
