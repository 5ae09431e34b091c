"""What one process can tell of another, shown with real ones."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from core.ingestion.process import Life, life_of, this_process

ANOTHER = """
import sys
from core.ingestion.process import this_process
print(this_process(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def another() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", ANOTHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def _said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _changed(part: int, value: str) -> str:
    """What this process says of itself, with one part of it another's."""
    parts = (this_process() or "").split(" ")
    parts[part] = value
    return " ".join(parts)


def test_a_process_knows_that_it_runs() -> None:
    assert life_of(this_process()) is Life.RUNNING


def test_another_runs_until_it_is_killed(another: subprocess.Popen[str]) -> None:
    said = _said(another)
    assert life_of(said) is Life.RUNNING
    another.kill()
    another.wait()
    assert life_of(said) is Life.ENDED


def test_one_that_its_parent_has_not_collected_has_ended(another: subprocess.Popen[str]) -> None:
    said = _said(another)
    another.kill()
    os.waitid(os.P_PID, another.pid, os.WEXITED | os.WNOWAIT)
    assert life_of(said) is Life.ENDED


def test_a_number_that_went_to_another_process_is_not_the_same_process() -> None:
    assert life_of(_changed(-1, "1")) is Life.ENDED


@pytest.mark.parametrize(
    ("part", "value"),
    [(0, "elsewhere"), (1, "00000000-0000-0000-0000-000000000000"), (2, "pid:[1]")],
)
def test_nothing_is_known_of_another_machine_boot_or_container(part: int, value: str) -> None:
    assert life_of(_changed(part, value)) is Life.UNKNOWN


@pytest.mark.parametrize("said", [None, "", "laptop", "a b c d", "a b c d e"])
def test_nothing_is_concluded_from_what_cannot_be_read(said: str | None) -> None:
    assert life_of(said) is Life.UNKNOWN
    assert life_of(_changed(-2, "many")) is Life.UNKNOWN
