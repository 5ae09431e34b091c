"""`python -m bot.evaluation`, where there is nothing to evaluate."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import Shell


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "✗ There is no folder nowhere.\n  Name the one that has"),
        ([".", "scifact"], "✗ scifact.corpus.jsonl cannot be read (No such file or directory)."),
        ([".", "nosuch"], "✗ There is no evaluation set 'nosuch'.\n  There is: vendor-docs,"),
    ],
)
def test_a_set_that_is_not_there_is_a_sentence_and_a_code(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "bot.evaluation", *arguments],
        cwd=tmp_path,
        env=Shell(tmp_path, {}).environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stderr.startswith(said)
    assert "Traceback" not in ended.stderr
    assert ended.returncode == 2
