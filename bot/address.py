"""The address that the bot takes requests at."""

from __future__ import annotations

import socket
from typing import Final

from bot.settings import Settings
from core.errors import ConfigurationError

_DEAD: Final = 60_000
"""Milliseconds after which a reader that takes nothing any more is cut off."""


def listens(settings: Settings) -> bool:
    """Whether a running bot takes requests."""
    slack = settings.slack
    return settings.web.enabled or (slack.signing_secret is not None and slack.app_token is None)


def require_address(settings: Settings) -> None:
    """Raises ConfigurationError where the bot shall take requests and could not, as things are."""
    if listens(settings):
        listening(settings.server.host, settings.server.port).close()


def listening(host: str, port: int) -> socket.socket:
    """Raises ConfigurationError when the address is taken or none of this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as exc:
        # Which address that is stands before it already.
        reason = str(exc.strerror).partition(" (while")[0]
        raise ConfigurationError(
            f"Docent cannot listen on {host}:{port}: {reason}.",
            hint="Set SERVER_HOST and SERVER_PORT to an address of this machine that is free.",
        ) from exc
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; connections have it from their listener
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _DEAD)
    return listener
