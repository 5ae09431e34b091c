"""The help that the command shows, as wide as a terminal is at least."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from bot.cli.program import app


@pytest.mark.parametrize("group", [[], ["keys"]], ids=["docent", "docent keys"])
def test_what_a_command_does_is_told_in_full(group: list[str]) -> None:
    shown = CliRunner(env={"COLUMNS": "80"}).invoke(app, [*group, "--help"]).output
    commands = shown.partition("Commands:\n")[2].splitlines()
    assert commands
    cut = [line for line in commands if line.endswith("...") or not line.endswith(".")]
    assert cut == []
