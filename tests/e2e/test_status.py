"""`docent status`, and `docent rebuild` after the vector store was deleted."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import rmtree

import pytest

from tests.support.command import Shell

TEA = "# Tea\n\nTea is brewed by the trainees at four o'clock.\n"


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    folder = tmp_path_factory.mktemp("office")
    (folder / "docs").mkdir()
    (folder / "docs" / "tea.md").write_text(TEA, "utf-8")
    (folder / "docs" / "broken.md").symlink_to("nowhere")
    return Shell(folder, {"DOCS_FOLDER": "docs", "DOCS_SCHEDULE": "6h"})


def test_before_the_first_sync_nothing_is_indexed(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    found = Shell(tmp_path, {"DOCS_FOLDER": "docs", "DOCS_SCHEDULE": "off"}).run("status")
    assert (found.returncode, found.stdout) == (
        0,
        "Nothing is indexed yet; `docent sync` brings the docs in.\n",
    )


def test_it_tells_what_is_served_and_what_could_not_be_read(shell: Shell) -> None:
    shell.run("sync")
    said = shell.run("status").stdout
    assert said.startswith("1 document in 1 chunk, generation 1, served since 20")
    assert "  docs: 1 document in 1 chunk; synced 20" in said
    assert "; next 20" in said
    assert "    could not be read: broken.md: it is gone" in said
    found = json.loads(shell.run("status", "--json").stdout)
    assert (found["generation"], found["documents"], found["budgets"]) == (1, 1, [])
    (source,) = found["sources"]
    assert source["unreadable"].keys() == {"broken.md"}
    assert source["synced"] < source["next_sync"]


def test_it_tells_why_the_last_sync_failed(shell: Shell) -> None:
    (shell.folder / "docs").rename(shell.folder / "away")
    assert shell.run("sync").returncode == 1
    said = shell.run("status").stdout
    (shell.folder / "away").rename(shell.folder / "docs")
    assert "  docs: 1 document in 1 chunk; synced 20" in said
    assert "of source 'docs' does not exist." in said
    shell.run("sync")
    assert "failed" not in shell.run("status").stdout


def test_it_works_beside_a_running_bot(shell: Shell) -> None:
    with shell.running("run", "--no-chat") as bot:
        assert bot.stderr is not None
        bot.stderr.readline()
        found = shell.run("status")
    assert found.returncode == 0, found.stderr
    assert found.stdout.startswith("1 document in 1 chunk")


def test_an_index_that_was_deleted_is_rebuilt_from_the_docs(shell: Shell) -> None:
    rmtree(shell.folder / ".docent" / "qdrant")
    told = shell.run("doctor")
    assert told.returncode == 1
    assert "✗ Indexed docs: Vector index: it holds nothing of the 1 chunks" in told.stdout
    assert "`docent rebuild`" in told.stdout
    rebuilt = shell.run("rebuild")
    assert "holds nothing of the 1 chunks that are on record." in rebuilt.stderr
    assert "Done: 1 indexed anew. 1 document in 1 chunk; 1 embedded" in rebuilt.stdout
    assert "trainees" in shell.run("ask", "Who brews tea?").stdout
    assert "✓ Indexed docs: 1 document in 1 chunk, generation" in shell.run("doctor").stdout
