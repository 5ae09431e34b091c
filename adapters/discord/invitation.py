"""What the bot is invited to a server with: exactly what it uses."""

from __future__ import annotations

from discord import Permissions
from discord.utils import oauth_url

SCOPES = ("bot", "applications.commands")

PERMISSIONS = Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    read_message_history=True,
)


def invite_link(application: str) -> str:
    """The page where a server's owner lets the application in."""
    return oauth_url(application, permissions=PERMISSIONS, scopes=SCOPES)
