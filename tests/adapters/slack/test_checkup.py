"""What can be told of a Slack app's set-up is told, with what to do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from adapters.slack.checkup import (
    check_app,
    check_scopes,
    check_signed_requests,
    check_socket_mode,
    check_token,
)
from adapters.slack.credentials import SlackCredentials
from adapters.slack.manifest import bot_scopes
from core.errors import AccessDenied, ConfigurationError, MalformedReply, ServiceUnavailable
from tests.support.slack_app_settings import AppSettings, open_app_settings


@pytest.fixture
async def app() -> AsyncIterator[AppSettings]:
    async with open_app_settings() as opened:
        yield opened


def credentials(app: AppSettings, **values: str | None) -> SlackCredentials:
    good = SlackCredentials("xoxb-good", app.url, "xapp-good", None, "xoxe.xoxp-good")
    return replace(good, **values)  # type: ignore[arg-type] # fields by name


async def test_an_app_as_it_should_be_is_well(app: AppSettings) -> None:
    good = credentials(app)
    assert await check_token(good) == "@docent in Acme."
    assert await check_scopes(good) == f"all {len(bot_scopes())} that are needed."
    assert await check_socket_mode(good) == "Socket Mode, reached."
    assert await check_app(good) == "subscribed to all events, with all commands."


@pytest.mark.parametrize("ahead", [-240.0, 0.0, 240.0])
async def test_signed_requests_are_taken_while_the_clocks_about_agree(
    app: AppSettings, ahead: float
) -> None:
    app.ahead = ahead
    assert await check_signed_requests(credentials(app)) == "signed requests to /slack/events."


@pytest.mark.parametrize(
    ("ahead", "said"), [(-900.0, "15 minutes ahead of"), (3600.0, "60 minutes behind")]
)
async def test_a_clock_that_has_signed_requests_refused_is_told(
    app: AppSettings, ahead: float, said: str
) -> None:
    app.ahead = ahead
    with pytest.raises(ConfigurationError, match=f"clock is {said} Slack's") as caught:
        await check_signed_requests(credentials(app))
    assert "NTP" in caught.value.hint


async def test_a_token_that_slack_does_not_take_is_named(app: AppSettings) -> None:
    with pytest.raises(AccessDenied, match="invalid_auth") as caught:
        await check_token(credentials(app, bot_token="xoxb-revoked"))
    assert "SLACK_BOT_TOKEN" in caught.value.hint


async def test_a_slack_that_is_away_is_not_taken_for_a_refusal(app: AppSettings) -> None:
    with pytest.raises(ServiceUnavailable):
        await check_token(credentials(app, base_url="http://127.0.0.1:9/api/"))


@pytest.mark.parametrize(
    ("lacking", "said", "advice"),
    [
        (["chat:write"], "lacks chat:write", "Add the scope under"),
        (["chat:write", "commands"], "lacks chat:write, commands", "Add the scopes under"),
    ],
)
async def test_missing_scopes_are_named(
    app: AppSettings, lacking: list[str], said: str, advice: str
) -> None:
    app.scopes = [scope for scope in bot_scopes() if scope not in lacking]
    with pytest.raises(AccessDenied, match=said) as caught:
        await check_scopes(credentials(app))
    assert advice in caught.value.hint
    assert "install it to the workspace again" in caught.value.hint


async def test_scopes_beyond_ours_do_no_harm(app: AppSettings) -> None:
    app.scopes = [*bot_scopes(), "reactions:write"]
    assert "all" in await check_scopes(credentials(app))


async def test_without_the_header_nothing_is_concluded(app: AppSettings) -> None:
    app.scopes = None
    assert await check_scopes(credentials(app)) == "not told by Slack."


async def test_an_app_token_that_slack_does_not_take_is_named(app: AppSettings) -> None:
    with pytest.raises(AccessDenied, match=r"apps\.connections\.open"):
        await check_socket_mode(credentials(app, app_token="xapp-revoked"))


async def test_without_a_configuration_token_it_says_where_to_look(app: AppSettings) -> None:
    said = await check_app(credentials(app, config_token=None))
    assert "Event Subscriptions" in said
    assert "docent slack-manifest" in said


def without_event(made: dict[str, Any]) -> None:
    made["settings"]["event_subscriptions"]["bot_events"].remove("message.im")


def without_events(made: dict[str, Any]) -> None:
    del made["settings"]["event_subscriptions"]


def without_command(made: dict[str, Any]) -> None:
    commands = made["features"]["slash_commands"]
    commands[:] = [each for each in commands if each["command"] != "/reingest"]


def without_shortcut(made: dict[str, Any]) -> None:
    del made["features"]["shortcuts"]


def without_interactivity(made: dict[str, Any]) -> None:
    made["settings"]["interactivity"]["is_enabled"] = False


def without_socket_mode(made: dict[str, Any]) -> None:
    made["settings"]["socket_mode_enabled"] = False


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (without_event, "the event message.im."),
        (without_events, "the events app_home_opened, app_mention"),
        (without_command, "the command /reingest."),
        (without_shortcut, "the shortcut ask_about_this."),
        (without_interactivity, "interactivity, without which no button works."),
        (without_socket_mode, "Socket Mode on."),
    ],
)
async def test_what_the_app_lacks_is_named(
    app: AppSettings, break_it: Callable[[dict[str, Any]], None], said: str
) -> None:
    break_it(app.manifest)
    with pytest.raises(ConfigurationError) as caught:
        await check_app(credentials(app))
    assert str(caught.value).startswith("The app lacks ")
    assert said in str(caught.value)
    assert "docent slack-manifest" in caught.value.hint


async def test_an_app_for_http_is_compared_with_the_manifest_for_http(app: AppSettings) -> None:
    http = credentials(app, app_token=None, signing_secret="0123456789")
    with pytest.raises(ConfigurationError, match="Socket Mode off"):
        await check_app(http)
    app.transport("http")
    assert "all events" in await check_app(http)


async def test_an_odd_reply_is_no_fault_of_ours(app: AppSettings) -> None:
    app.bot = {}
    with pytest.raises(MalformedReply):
        await check_app(credentials(app))
