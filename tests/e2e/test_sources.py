"""The command when the settings have other sources than what was indexed."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests.support.command import Shell

TEA = "# Tea\n\nTea is brewed by the trainees at four o'clock.\n"
COFFEE = "# Coffee\n\nCoffee is brewed by the engineers at nine o'clock.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {"a/tea.md": TEA, "b/coffee.md": COFFEE}.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def test_the_folder_that_is_set_is_the_one_that_is_answered_from(folder: Path) -> None:
    first = Shell(folder, {"DOCS_FOLDER": "a"}).run("ask", "Who brews tea?")
    assert "trainees" in first.stdout, first.stderr
    moved = Shell(folder, {"DOCS_FOLDER": "b", "DOCS_BASE_URL": "https://docs.example.com/"})
    second = moved.run("ask", "--json", "Who brews coffee?")
    assert json.loads(second.stdout)["citations"][0]["url"] == (
        "https://docs.example.com/coffee#coffee"
    )
    assert f"docs is read from {folder}/b now, not from {folder}/a" in second.stderr
    gone = Shell(folder, {"DOCS_FOLDER": "c"}).run("run", typed="Who brews coffee?\n")
    assert (gone.returncode, gone.stdout) == (1, "")
    assert gone.stderr.startswith(f"✗ The folder {folder}/c of source 'docs' does not exist.")


def test_a_chat_answers_from_the_docs_as_they_are_now(folder: Path) -> None:
    shell = Shell(folder, {"DOCS_FOLDER": "a/tea.md"})
    assert "trainees" in shell.run("run", typed="Who brews tea?\n").stdout
    (folder / "a" / "tea.md").write_text(TEA.replace("trainees", "novices"), "utf-8")
    changed = shell.run("run", typed="Who brews tea?\n")
    assert "novices" in changed.stdout
    assert "Done: 1 changed." in changed.stderr
    assert shell.run("run", typed="Who brews tea?\n").stderr == ""
    (folder / "a" / "tea.md").unlink()
    for command in (["run"], ["chat"], ["ask", "Who brews tea?"]):
        gone = shell.run(*command)
        assert (gone.returncode, gone.stdout) == (1, "")
        assert gone.stderr.startswith(f"✗ The folder {folder}/a/tea.md of source 'docs' does not")


def test_a_sync_that_would_be_refused_says_so_before_it_is_made(folder: Path) -> None:
    shell = Shell(folder, {"DOCS_FOLDER": "a"})
    (folder / "a" / "milk.md").write_text("# Milk\n\nMilk is fetched.\n", "utf-8")
    shell.run("sync")
    (folder / "a" / "milk.md").unlink()
    dry, real = shell.run("sync", "--dry-run"), shell.run("sync")
    assert dry.returncode == real.returncode == 1
    assert "The sync would be refused. docs: 1 of 2 documents is no longer listed" in dry.stdout
    unknown = shell.run("sync", "--remove", "nosuch")
    assert unknown.returncode == 2
    assert unknown.stderr == "✗ There is no source 'nosuch' to remove.\n  Indexed: docs.\n"


def test_a_sync_beside_a_running_bot_is_told_who_runs_and_what_to_do(folder: Path) -> None:
    shell = Shell(folder, {"DOCS_FOLDER": "a"})
    with shell.running("run", "--no-chat") as bot:
        assert bot.stderr is not None
        assert any("is up" in line for line in bot.stderr)
        refused = shell.run("sync")
        bot.send_signal(signal.SIGTERM)
        bot.communicate()
    assert refused.returncode == 1
    assert f"in use by process {bot.pid} (python" in refused.stderr
    assert "-m bot run --no-chat)" in refused.stderr
    assert "/reingest" in refused.stderr
