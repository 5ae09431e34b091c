"""The bot on embedded parts alone, in short."""

from __future__ import annotations

from pathlib import Path

from bench.embedded import arguments, measure
from tests.support.local_model import local_files

PAGE = "# {0}\n\n{0} is what the {1} does first.\n\n## Undoing {0}\n\nAsk the {1} to stop it.\n"


async def test_every_question_is_answered_once(tmp_path: Path) -> None:
    for page in ("Boiling water/kettle", "Sorting letters/postman"):
        title, who = page.split("/")
        (tmp_path / f"{who}.md").write_text(PAGE.format(title, who), "utf-8")
    local_files()
    run = ["--chunks", "50", "--rate", "20", "--seconds", "0.7", "--warm-up", "0.2"]

    report = await measure(arguments(["--docs", str(tmp_path), *run]))

    assert (report.answered, report.again) == (report.asked, 0)
    assert report.by_status.keys() <= {"quoted", "refused"}
    assert report.chunks == 50
