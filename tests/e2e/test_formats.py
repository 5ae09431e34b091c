"""Documents that are no text: what is read of them, and where a citation leads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command import Shell
from tests.support.office import pdf


@pytest.mark.parametrize("base", ["", "https://docs.example.com/"])
def test_a_citation_of_a_pdf_leads_to_its_page(tmp_path: Path, base: str) -> None:
    folder = tmp_path / "docs" / "annual reports"
    folder.mkdir(parents=True)
    pages = [["The harbour opened in May."], [], ["The turbine came from Bremen."]]
    (folder / "Jahr (2025) é.pdf").write_bytes(pdf(pages))
    shell = Shell(tmp_path, {"DOCS_FOLDER": "docs", **({"DOCS_BASE_URL": base} if base else {})})
    asked = shell.run("ask", "--json", "Where did the turbine come from?")
    assert asked.returncode == 0, asked.stderr
    citation = json.loads(asked.stdout)["citations"][0]
    assert citation["heading_path"] == ["Page 3"]
    assert citation["url"] == f"{base}annual%20reports/Jahr%20%282025%29%20%C3%A9.pdf#page=3"
