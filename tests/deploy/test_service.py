"""The unit of systemd."""

from __future__ import annotations

import configparser
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli import EXIT_MISUSED
from bot.server import GOODBYE
from core.answering.dispatcher import DispatcherSettings
from tests.support.dockerfile import ROOT

UNIT = ROOT / "deploy" / "docent.service"
MOST_EXPOSED = 15
"""Tenths, of the 100 that systemd gives an unprotected service."""

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="this machine has no systemd to ask"
)


def _settings() -> dict[str, str]:
    """Of the service, by names in small letters."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.read(UNIT, "utf-8")
    return dict(parser["Service"])


def _analyze(*arguments: str | Path) -> str:
    command = ["systemd-analyze", "--no-pager", *arguments]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stderr


@needs_systemd
def test_systemd_finds_nothing_wrong_in_it(tmp_path: Path) -> None:
    # The command has to be there.
    text = UNIT.read_text("utf-8").replace("/opt/docent/.venv/bin/docent", sys.executable)
    unit = tmp_path / "docent.service"
    unit.write_text(text, "utf-8")
    assert "docent.service" not in _analyze("verify", "--man=no", unit)


@needs_systemd
def test_it_exposes_little() -> None:
    _analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", UNIT)


def test_the_bot_ends_well_before_it_is_killed() -> None:
    settings = _settings()
    assert settings["killmode"] == "mixed"
    assert int(settings["timeoutstopsec"]) > DispatcherSettings().drain + GOODBYE


def test_a_stop_before_it_is_up_is_no_failure() -> None:
    assert int(_settings()["successexitstatus"]) == 128 + signal.SIGTERM


def test_wrong_settings_are_not_tried_again() -> None:
    assert int(_settings()["restartpreventexitstatus"]) == EXIT_MISUSED
