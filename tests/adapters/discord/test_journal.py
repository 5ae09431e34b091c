"""What is left of a process that is killed, for the next one in its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.discord.journal import Journal


def test_what_was_noted_is_left_until_it_is_struck(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "discord")
    for channel in ("2", "1", "1", "3"):
        journal.note(channel)
    journal.strike("3")
    journal.strike("4")
    after = Journal(tmp_path / "discord")
    assert after.load() == ["1", "2"]
    after.strike("1")
    assert Journal(tmp_path / "discord").load() == ["2"]


def test_what_another_process_struck_meanwhile_can_be_struck(tmp_path: Path) -> None:
    journal, other = Journal(tmp_path), Journal(tmp_path)
    for each in (journal, other):
        each.note("1")
    for each in (journal, other):
        each.strike("1")
    assert Journal(tmp_path).load() == []


def test_files_of_others_are_no_channels(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").touch()
    assert Journal(tmp_path).load() == []


def test_without_a_folder_nothing_is_left() -> None:
    journal = Journal()
    journal.note("1")
    journal.strike("1")
    assert journal.load() == []


def test_where_nothing_can_be_written_it_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    journal = Journal(tmp_path / "file")
    assert journal.load() == []
    for channel in ("1", "2"):
        journal.note(channel)
        journal.strike(channel)
    assert [each.message[:24] for each in caplog.records] == ["Unstored direct messages"]


def test_what_cannot_be_struck_is_left(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal = Journal(tmp_path)
    journal.note("1")
    (tmp_path / "1").unlink()
    (tmp_path / "1").mkdir()
    journal.strike("1")
    assert "read again at the next start" in caplog.text
