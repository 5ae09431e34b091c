"""The manifest asks for what the adapter uses, and for nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from slack_sdk.web.async_client import AsyncWebClient

import adapters.slack
from adapters.slack import rendering
from adapters.slack.actions import Actions
from adapters.slack.commands import Commands
from adapters.slack.forgetting import Forgetting
from adapters.slack.home import Home
from adapters.slack.manifest import (
    COMMANDS,
    EVENT_SCOPES,
    EVENTS_PATH,
    METHOD_SCOPES,
    OTHER_TOKENS,
    SHORTCUTS,
    Transport,
    bot_scopes,
    manifest,
)
from adapters.slack.quota import Quota
from adapters.slack.trying import Trying

FOLDER = Path(adapters.slack.__file__).parent
METHOD = re.compile(r"[a-z]+(\.[a-zA-Z]+)+")


def constants() -> Iterator[str]:
    """Every string in the adapter's code, but for the tables that are tested here."""
    for path in FOLDER.rglob("*.py"):
        if path.name != "manifest.py":
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def attributes() -> set[str]:
    """Every attribute that the code names."""
    trees = (ast.parse(path.read_text("utf-8")) for path in FOLDER.rglob("*.py"))
    return {n.attr for tree in trees for n in ast.walk(tree) if isinstance(n, ast.Attribute)}


def methods_in_use() -> set[str]:
    known = {name for name in vars(AsyncWebClient) if not name.startswith("_")}
    named = {text for text in constants() if METHOD.fullmatch(text)}
    called = {name.replace("_", ".") for name in attributes() & known if "_" in name}
    return {text for text in named if text.replace(".", "_") in known} | (called - {"api.call"})


def test_every_method_that_is_called_is_in_the_table_and_no_other() -> None:
    assert methods_in_use() == set(METHOD_SCOPES) | OTHER_TOKENS


class Registry:
    """Takes registrations as Bolt does, and keeps them."""

    def __init__(self) -> None:
        self.kept: dict[str, list[Any]] = {}

    def __getattr__(self, kind: str) -> Callable[[Any], Callable[[Any], Any]]:
        def register(constraint: Any) -> Callable[[Any], Any]:
            self.kept.setdefault(kind, []).append(constraint)
            return lambda listener: listener

        return register


def registered() -> dict[str, list[Any]]:
    registry, nothing = Registry(), cast("Any", None)
    for listener in (
        Commands(nothing, nothing, nothing, nothing, nothing, nothing),
        Actions(nothing, nothing, nothing),
        Quota(nothing, nothing),
        Forgetting(nothing, nothing),
        Trying(nothing, nothing, nothing),
        Home(nothing, nothing, ()),
    ):
        listener.register(cast("Any", registry))
    return registry.kept


def events_in_the_middleware() -> set[str]:
    """Those that the listener takes before they are acknowledged."""
    tree = ast.parse((FOLDER / "listener.py").read_text("utf-8"))
    constants = (n.value for n in ast.walk(tree) if isinstance(n, ast.Constant))
    words = {value for value in constants if isinstance(value, str)}
    return words & {"message", "app_mention"}


def test_every_event_that_is_listened_to_is_subscribed_to_and_no_other() -> None:
    listened = set(registered()["event"]) | events_in_the_middleware()
    assert {event.partition(".")[0] for event in EVENT_SCOPES} == listened
    assert manifest("socket")["settings"]["event_subscriptions"]["bot_events"] == sorted(
        EVENT_SCOPES
    )


def test_messages_are_subscribed_to_in_every_kind_of_conversation() -> None:
    kinds = {event.partition(".")[2] for event in EVENT_SCOPES if event.startswith("message.")}
    assert kinds == {"channels", "groups", "im", "mpim"}


def test_every_command_and_shortcut_has_a_listener_and_no_other_is_listened_to() -> None:
    found = registered()
    assert [each["command"] for each in COMMANDS] == found["command"]
    wanted = [{"type": "message_action", "callback_id": s["callback_id"]} for s in SHORTCUTS]
    assert wanted == found["shortcut"]


def test_every_button_has_a_listener() -> None:
    buttons = {value for value in vars(rendering).values() if _is_action(value)}
    assert set(registered()["action"]) == buttons


def _is_action(value: object) -> bool:
    return isinstance(value, str) and value.startswith("docent_")


def test_the_scopes_are_those_of_the_methods_and_events() -> None:
    assert bot_scopes() == [
        "app_mentions:read",
        "assistant:write",
        "channels:history",
        "channels:read",
        "chat:write",
        "commands",
        "files:read",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "mpim:history",
        "mpim:read",
        "users:read",
    ]
    assert manifest("socket")["oauth_config"]["scopes"] == {"bot": bot_scopes()}


def test_socket_mode_needs_no_address() -> None:
    made = manifest("socket")
    assert made["settings"]["socket_mode_enabled"]
    assert "http" not in repr(made)


def test_signed_http_names_one_address_for_everything() -> None:
    made = manifest("http", "https://docs.example.com/")
    address = f"https://docs.example.com{EVENTS_PATH}"
    assert not made["settings"]["socket_mode_enabled"]
    assert made["settings"]["event_subscriptions"]["request_url"] == address
    assert made["settings"]["interactivity"]["request_url"] == address
    assert {each["url"] for each in made["features"]["slash_commands"]} == {address}


@pytest.mark.parametrize("transport", ["socket", "http"])
def test_every_text_is_as_short_as_slack_wants_it(transport: Transport) -> None:
    made = manifest(transport, "https://docs.example.com")
    features = made["features"]
    assert len(made["display_information"]["description"]) <= 140
    assert len(features["agent_view"]["agent_description"]) <= 300
    assert all(len(each["name"]) <= 24 for each in features["shortcuts"])
    assert all(len(each["description"]) <= 150 for each in features["shortcuts"])
    assert all(len(each["command"]) <= 32 for each in features["slash_commands"])
