"""`docent trace` and `docent replay`, as an operator runs them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.command import Shell


def test_the_id_of_an_answer_leads_to_its_trace_and_to_a_replay(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "tea.md").write_text(
        "# Tea\n\nTea is brewed by the trainees at four o'clock.\n", "utf-8"
    )
    shell = Shell(tmp_path, {"DOCS_FOLDER": "docs"})
    given = json.loads(shell.run("ask", "Who brews tea?", "--json").stdout)
    listed = shell.run("trace")
    assert listed.stdout.startswith(given["turn"]), listed.stderr
    assert [each["turn"] for each in json.loads(shell.run("trace", "--json").stdout)] == [
        given["turn"]
    ]
    traced = json.loads(shell.run("trace", given["turn"], "--json").stdout)
    assert traced["answer"]["text"] == given["text"]
    assert traced["prompt"]["same"]
    assert "Who brews tea?" in shell.run("trace", given["turn"]).stdout
    again = json.loads(shell.run("replay", given["turn"], "--json").stdout)
    assert (again["text"], again["status"]) == (given["text"], "quoted")
    assert "Now, by " in shell.run("replay", given["turn"]).stdout
    unknown = shell.run("trace", "none")
    assert unknown.returncode == 2
    assert "There is no turn none." in unknown.stderr
