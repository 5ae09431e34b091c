"""The embedded engines on a disk that is full, which is one of their own."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.backends.qdrant_edge_errors import require_room
from core.errors import ServiceUnavailable
from tests.support.postgres import server_folder

_MEGABYTES = 200


def _mounted(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Runs a command for which a small file system is mounted on the folder."""
    mount = f"mount -t tmpfs -o size={_MEGABYTES}m,mode=755 none {shlex.quote(str(folder))}"
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", f"{mount} && exec {command}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def _on_a_small_disk(engine: str) -> dict[str, Any]:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("mounting a small disk takes root and util-linux")
    with server_folder() as folder:
        folder.chmod(0o755)
        if _mounted(folder, "true").returncode != 0:
            pytest.skip("this machine admits no mounts")
        python = shlex.quote(sys.executable)
        child = f"{python} -m tests.support.full_disk_child {engine} {shlex.quote(str(folder))}"
        ended = _mounted(folder, child)
    assert ended.returncode == 0, ended.stderr
    report: dict[str, Any] = json.loads(ended.stdout)
    return report


def test_the_vector_index_refuses_to_fill_the_disk_and_keeps_what_it_has() -> None:
    report = _on_a_small_disk("edge")
    assert report["error"] == "ServiceUnavailable"
    assert "the disk has" in report["said"]
    assert "Make room on the disk" in report["said"]
    full, opened_again, after = report["found"]
    assert report["written"] <= full == opened_again == after - 1


def test_the_database_says_that_the_disk_is_full_and_keeps_what_it_has() -> None:
    report = _on_a_small_disk("postgres")
    assert report["error"] in {"ServiceUnavailable", "QuotaExceeded"}
    started_again, after = report["found"]
    assert report["written"] == started_again == after - 1


def test_room_is_what_the_disk_has_left(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    require_room(tmp_path, room=free // 2)
    with pytest.raises(ServiceUnavailable, match="MB left, and a write could fill it"):
        require_room(tmp_path, room=2 * free)
