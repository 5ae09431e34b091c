"""`docent run` in Slack: a process of its own, on a bare machine, stopped by SIGTERM."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from adapters.slack.manifest import ASK, REINGEST, manifest
from tests.support.command import Shell
from tests.support.kitchen import ANSWER, DOCS, QUESTION, kitchen_folder, running
from tests.support.slack_app_settings import open_app_settings
from tests.support.slack_server import ADMIN, ALICE, SlackWorkspace

UP = b"up in Slack"


@pytest.fixture
def folder() -> Iterator[Path]:
    with kitchen_folder() as made:
        yield made


def shell(folder: Path, workspace: SlackWorkspace, **variables: str) -> Shell:
    usual = {
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_BASE_URL": workspace.api_url,
    }
    return Shell(folder, {**DOCS, **usual, **variables})


async def ask_everywhere(workspace: SlackWorkspace) -> None:
    """A mention, a private question and a sync, each answered."""
    ts = await workspace.mention(workspace.general, QUESTION)
    [answer] = await workspace.answered(workspace.general, ts, seconds=60.0)
    assert ANSWER in answer.shown
    await workspace.command(ASK, QUESTION)
    await workspace.until(
        lambda: any("last cup" in whisper.shown for whisper in workspace.whispers(ALICE)), 60.0
    )
    await workspace.command(REINGEST, user=ADMIN)
    await workspace.until(
        lambda: any("Done in" in m.shown for m in workspace.slack.in_channel(workspace.general)),
        60.0,
    )


async def test_over_socket_mode(folder: Path, workspace: SlackWorkspace) -> None:
    async with running(shell(folder, workspace, SLACK_APP_TOKEN=workspace.app_token), UP):
        await ask_everywhere(workspace)
    await workspace.until(lambda: not workspace.socket.connections)


async def test_over_signed_http(folder: Path, workspace: SlackWorkspace) -> None:
    variables = {"SLACK_SIGNING_SECRET": workspace.signing_secret, "SERVER_PORT": "0"}
    async with (
        aiohttp.ClientSession() as client,
        running(shell(folder, workspace, **variables), UP) as said,
    ):
        served = re.search(r"http://127\.0\.0\.1:\d+/slack/events", said)
        assert served is not None, said
        workspace.use_http(served[0], client)
        await ask_everywhere(workspace)


@pytest.mark.parametrize(
    ("variables", "code", "said"),
    [
        ({"SLACK_APP_TOKEN": "xoxb-1"}, 2, "SLACK_APP_TOKEN holds a bot token"),
        ({"SLACK_APP_TOKEN": "xapp-revoked"}, 1, "invalid_auth"),
        ({"SLACK_APP_TOKEN": "xapp-1", "SLACK_BOT_TOKEN": "xoxb-revoked"}, 1, "invalid_auth"),
    ],
)
async def test_what_is_wrong_is_one_sentence_and_a_code(
    folder: Path, workspace: SlackWorkspace, variables: dict[str, str], code: int, said: str
) -> None:
    result = await asyncio.to_thread(shell(folder, workspace, **variables).run, "run")
    assert result.returncode == code, result.stderr
    assert said in result.stderr
    assert "Traceback" not in result.stderr


async def test_the_doctor_names_what_the_app_lacks(folder: Path) -> None:
    async with open_app_settings() as app:
        app.scopes = ["chat:write", "commands"]
        app.manifest["settings"]["event_subscriptions"]["bot_events"].remove("message.im")
        variables = {
            "DOCS_FOLDER": "docs",
            "SLACK_BOT_TOKEN": "xoxb-good",
            "SLACK_APP_TOKEN": "xapp-good",
            "SLACK_CONFIG_TOKEN": "xoxe.xoxp-good",
            "SLACK_BASE_URL": app.url,
        }
        result = await asyncio.to_thread(Shell(folder, variables).run, "doctor")
    assert result.returncode == 1
    lines = dict(line.split(": ", 1) for line in result.stdout.splitlines())
    assert lines["✓ Slack"] == "@docent in Acme."
    assert "app_mentions:read" in lines["✗ Slack scopes"]
    assert "the event message.im" in lines["✗ Slack app"]
    assert lines["✓ Slack deliveries"] == "Socket Mode, reached."


async def test_the_doctor_names_a_token_of_the_wrong_kind(folder: Path) -> None:
    variables = {"SLACK_BOT_TOKEN": "xoxp-1", "SLACK_APP_TOKEN": "xapp-1", "DOCS_FOLDER": "docs"}
    result = await asyncio.to_thread(Shell(folder, variables).run, "doctor")
    assert result.returncode == 1
    assert "✗ Slack: SLACK_BOT_TOKEN holds a user token. → " in result.stdout


async def test_the_manifest_is_printed_to_be_pasted(folder: Path) -> None:
    bare = Shell(folder, {})
    printed = await asyncio.to_thread(bare.run, "slack-manifest")
    assert json.loads(printed.stdout) == manifest("socket")
    as_yaml = await asyncio.to_thread(bare.run, "slack-manifest", "--yaml")
    assert as_yaml.stdout.startswith("display_information:\n  name: Docent\n")
