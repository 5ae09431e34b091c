"""A clone may lie in a folder of any name."""

from __future__ import annotations

import pytest

from tests.support.command import Shell
from tests.support.postgres import server_folder


@pytest.mark.parametrize("name", ["my docs", 'Katja\'s "Käse" $HOME', "deep/" * 30])
def test_a_question_is_answered_in_a_folder_of_any_name(name: str) -> None:
    with server_folder() as made:
        (made / name / "docs").mkdir(parents=True)
        page = "# The kitchen\n\nThe coffee machine is cleaned every Friday.\n"
        (made / name / "docs" / "kitchen.md").write_text(page, "utf-8")
        shell = Shell(made / name, {"DOCS_FOLDER": "docs"})
        result = shell.run("ask", "Who cleans the coffee machine?")
    assert result.returncode == 0, result.stderr
    assert "every Friday" in result.stdout
