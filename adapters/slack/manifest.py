"""The app manifest: exactly the scopes, events, commands and shortcuts that this adapter uses.

Scopes and events are as documented at docs.slack.dev/reference, limits of the manifest's fields
as in the schema at github.com/slackapi/manifest-schema.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

Transport: TypeAlias = Literal["socket", "http"]

EVENTS_PATH = "/slack/events"
"""Where the HTTP transport takes events, commands and interactions."""

_HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")
_CHANNELS = ("channels:read", "groups:read", "im:read", "mpim:read")

METHOD_SCOPES: Mapping[str, Sequence[str]] = {
    "assistant.threads.setStatus": ("chat:write",),
    "assistant.threads.setSuggestedPrompts": ("assistant:write",),
    "assistant.threads.setTitle": ("assistant:write",),
    "auth.test": (),
    "bots.info": ("users:read",),
    "chat.appendStream": ("chat:write",),
    "chat.delete": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.startStream": ("chat:write",),
    "chat.stopStream": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.history": _HISTORY,
    "conversations.info": _CHANNELS,
    "conversations.replies": _HISTORY,
    "users.conversations": _CHANNELS,
    "users.info": ("users:read",),
    "views.open": (),
    "views.publish": (),
}
"""The bot token's scopes that each Web API method in use needs."""

OTHER_TOKENS = {"apps.connections.open", "apps.manifest.export"}
"""Methods in use that take another token than the bot's, and none of its scopes."""

EVENT_SCOPES: Mapping[str, Sequence[str]] = {
    "app_home_opened": (),
    "app_mention": ("app_mentions:read",),
    "message.channels": ("channels:history",),
    "message.groups": ("groups:history",),
    "message.im": ("im:history",),
    "message.mpim": ("mpim:history",),
}
"""The events in use, with the scopes that each needs."""

OTHER_SCOPES = ("commands", "files:read")
"""For commands and shortcuts, and for the text files that come with a question."""

ASK = "/ask"
REINGEST = "/reingest"
QUOTA = "/quota"
FORGET = "/forget"
ASK_ABOUT_THIS = "ask_about_this"

COMMANDS: Sequence[Mapping[str, str]] = (
    {
        "command": ASK,
        "description": "Ask the docs. Only you see the answer, until you share it.",
        "usage_hint": "How do I …?",
    },
    {
        "command": REINGEST,
        "description": "Bring the docs in again, for workspace admins.",
        "usage_hint": "[source]",
    },
    {
        "command": QUOTA,
        "description": "Show what is left of the budgets. Only you see it.",
    },
    {
        "command": FORGET,
        "description": "Delete all that you asked, and the answers.",
    },
)

SHORTCUTS: Sequence[Mapping[str, str]] = (
    {
        "name": "Ask the docs about this",
        "type": "message",
        "callback_id": ASK_ABOUT_THIS,
        "description": "Answers this message from the docs.",
    },
)

_SUMMARY = "Answers questions from your docs, and cites the exact section."
_AGENT = "Ask how something works. Docent answers from your docs, with a link behind every claim."


def bot_scopes() -> list[str]:
    """What the bot token must be allowed, sorted."""
    tables = (*METHOD_SCOPES.values(), *EVENT_SCOPES.values(), OTHER_SCOPES)
    return sorted({scope for scopes in tables for scope in scopes})


def manifest(transport: Transport, address: str = "") -> dict[str, Any]:
    """What Slack takes under "From a manifest".

    `address` is where Slack reaches our server, without a path; the HTTP transport needs it.
    """
    endpoint = {"url": address.rstrip("/") + EVENTS_PATH} if transport == "http" else {}
    request = {"request_url": endpoint["url"]} if endpoint else {}
    return {
        "display_information": {"name": "Docent", "description": _SUMMARY},
        "features": {
            "agent_view": {"agent_description": _AGENT},
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "docent", "always_online": True},
            "shortcuts": [dict(shortcut) for shortcut in SHORTCUTS],
            "slash_commands": [{**command, **endpoint} for command in COMMANDS],
        },
        "oauth_config": {"scopes": {"bot": bot_scopes()}},
        "settings": {
            "event_subscriptions": {"bot_events": sorted(EVENT_SCOPES), **request},
            "interactivity": {"is_enabled": True, **request},
            "org_deploy_enabled": False,
            "socket_mode_enabled": transport == "socket",
            "token_rotation_enabled": False,
        },
    }
