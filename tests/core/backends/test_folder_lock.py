from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.backends.folder_lock import hold_folder
from core.errors import ConfigurationError, DataFolderLocked


def test_a_held_folder_is_refused_with_the_holders_pid(tmp_path: Path) -> None:
    with (
        hold_folder(tmp_path),
        pytest.raises(DataFolderLocked, match=rf"in use by process {os.getpid()}\b") as caught,
        hold_folder(tmp_path),
    ):
        pass

    assert caught.value.hint


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="the system does not tell it")
@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("docent", r"\(docent run --no-chat\)"),
        (None, r"\(python[\d.]* -c .{50,70}\)"),
    ],
)
def test_the_holder_is_told_by_its_command(tmp_path: Path, script: str | None, said: str) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(Path.cwd())!r})\n"
        "from pathlib import Path\nfrom core.backends.folder_lock import hold_folder\n"
        f"with hold_folder(Path({str(tmp_path)!r})): print(flush=True); sys.stdin.read()\n"
    )
    if script is not None:
        (tmp_path / script).write_text(code, "utf-8")
    how = ["-c", code] if script is None else [str(tmp_path / script), "run", "--no-chat"]
    with subprocess.Popen(
        [sys.executable, *how], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with (
            pytest.raises(DataFolderLocked, match=rf"process {holder.pid} {said},"),
            hold_folder(tmp_path),
        ):
            pass
        holder.communicate()


def test_a_holder_that_cannot_be_looked_at_is_told_by_its_number(tmp_path: Path) -> None:
    with hold_folder(tmp_path):
        (tmp_path / "lock").write_bytes(b"999999999")
        with pytest.raises(DataFolderLocked, match="process 999999999,"), hold_folder(tmp_path):
            pass


def test_a_folder_that_was_let_go_can_be_held_again(tmp_path: Path) -> None:
    for _ in range(2):
        with hold_folder(tmp_path / "made" / "here"):
            assert (tmp_path / "made" / "here").is_dir()


def test_what_a_dead_process_left_in_the_lock_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "lock").write_bytes(b"99999 \xff")

    with hold_folder(tmp_path):
        assert (tmp_path / "lock").read_text() == str(os.getpid())


def test_a_holder_that_has_not_said_its_name_is_another_process(tmp_path: Path) -> None:
    with hold_folder(tmp_path):
        (tmp_path / "lock").write_bytes(b"")
        with pytest.raises(DataFolderLocked, match="another process"), hold_folder(tmp_path):
            pass


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with (
        pytest.raises(ConfigurationError, match="cannot be written: Not a directory"),
        hold_folder(tmp_path / "file" / "folder"),
    ):
        pass


def test_a_folder_can_be_held_though_the_disk_is_full(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to("/dev/full")

    with hold_folder(tmp_path), pytest.raises(DataFolderLocked), hold_folder(tmp_path):
        pass
