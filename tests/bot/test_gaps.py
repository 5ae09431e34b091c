"""`docent gaps`: what it prints, and the cases that it keeps."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from bot.evaluation.dataset import read_dataset
from bot.gaps import GapReport, keep_cases
from core.conversation.gaps import Expected, Gap, Lack, grouped
from core.errors import ConfigurationError
from tests.support.command import Shell
from tests.support.conversations import passage

WHEN = datetime(2026, 11, 20, tzinfo=UTC)
TURNS = [UUID(int=n) for n in range(4)]


def report(*gaps: Gap) -> GapReport:
    return GapReport(30, grouped(gaps))


def gap(n: int, text: str, *lacks: Lack) -> Gap:
    return Gap(TURNS[n], ("slack", "T1", "C1"), text, WHEN, lacks, (passage(),))


FOUND = report(
    gap(1, "How do I rotate the key?", Lack.DOWNVOTED),
    gap(2, "rotating keys", Lack.REFUSED),
    gap(3, "Who brews tea?", Lack.REFUSED),
)


def test_a_group_shows_its_counts_examples_and_nearest_sections() -> None:
    assert FOUND.as_text().splitlines() == [
        "3 questions without a good answer in the last 30 days:",
        "",
        "2x How do I rotate the key? (1 refused, 1 downvoted)",
        "    also: rotating keys",
        "    nearest: Install › Linux https://docs.example/install#linux",
        f"    trace: {TURNS[1]}",
        "",
        "1x Who brews tea? (1 refused)",
        "    nearest: Install › Linux https://docs.example/install#linux",
        f"    trace: {TURNS[3]}",
    ]
    found = json.loads(json.dumps(FOUND.as_json()))
    assert (found["questions"], [group["count"] for group in found["groups"]]) == (3, [2, 1])
    assert found["groups"][0]["lacks"] == {"refused": 1, "downvoted": 1}
    assert found["groups"][0]["questions"][0]["turn"] == str(TURNS[1])
    assert found["groups"][0]["nearest"][0]["path"] == "install.md"


def test_a_long_question_takes_a_line() -> None:
    assert len(report(gap(1, "why\n" * 500, Lack.REFUSED)).as_text().splitlines()[2]) < 250


def test_without_a_gap_it_says_so() -> None:
    said = "No question in the last 1 day is without a good answer, as far as Docent knows."
    assert GapReport(1, []).as_text() == said


def test_a_thumbs_down_with_its_document_is_a_case_that_eval_reads(tmp_path: Path) -> None:
    cases, corpus = tmp_path / "cases.jsonl", tmp_path / "corpus.jsonl"
    corpus.write_text('{"id": "keys.md", "text": "Rotate keys weekly."}\n', "utf-8")
    expected = {str(TURNS[1]): "keys.md"}
    assert keep_cases(FOUND, cases, expected) == 1
    assert keep_cases(FOUND, cases, expected) == 0, "it is there"
    (question,) = read_dataset(corpus, cases).questions
    assert (question.text, question.relevant) == ("How do I rotate the key?", {"keys.md": 1.0})


def test_what_people_named_in_a_chat_is_shown_and_kept_as_cases(tmp_path: Path) -> None:
    named = gap(1, "How do I rotate the key?", Lack.DOWNVOTED)
    sections = Expected("https://d.example/keys#r", "keys.md"), Expected("b.md", "b.md")
    vague = replace(gap(2, "Who brews tea?", Lack.DOWNVOTED), expected=(Expected("the tea one"),))
    found = report(replace(named, expected=sections), vague)
    assert "    expected: https://d.example/keys#r\n    expected: b.md\n" in found.as_text()
    assert "    expected: the tea one\n" in found.as_text()
    [first, second] = [group["questions"][0] for group in found.as_json()["groups"]]
    assert first["expected"][0] == {"text": "https://d.example/keys#r", "path": "keys.md"}
    assert second["expected"] == [{"text": "the tea one", "path": None}]
    cases = tmp_path / "cases.jsonl"
    assert keep_cases(found, cases, {}) == 1, "of the other one nobody knows the document"
    assert keep_cases(found, cases, {str(TURNS[2]): "tea.md"}) == 1
    kept = [json.loads(line) for line in cases.read_text("utf-8").splitlines()]
    assert [case["relevant"] for case in kept] == [{"b.md": 1, "keys.md": 1}, {"tea.md": 1}]


def test_a_case_needs_a_thumbs_down(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No question with a thumbs-down"):
        keep_cases(FOUND, tmp_path / "cases.jsonl", {str(TURNS[2]): "keys.md"})
    assert not (tmp_path / "cases.jsonl").exists()


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not mine\n", "utf-8")
    with pytest.raises(ConfigurationError, match="holds something other than cases"):
        keep_cases(FOUND, file, {str(TURNS[1]): "keys.md"})
    assert file.read_text("utf-8") == "not mine\n"


@pytest.mark.parametrize("place", [".", "missing/cases.jsonl"])
def test_a_file_that_cannot_be_added_to_is_said_to_be_one(tmp_path: Path, place: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be added to"):
        keep_cases(FOUND, tmp_path / place, {str(TURNS[1]): "keys.md"})


def test_a_refused_question_is_found_from_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "tea.md").write_text("# Tea\n\nTea is brewed at four.\n", "utf-8")
    shell = Shell(tmp_path, {"DOCS_FOLDER": "docs"})
    asked = json.loads(shell.run("ask", "--json", "Which quorum do zookeepers need?").stdout)
    assert asked["status"] == "refused"
    said = shell.run("gaps")
    assert "1x Which quorum do zookeepers need? (1 refused)" in said.stdout, said.stderr
    assert f"trace: {asked['turn']}" in said.stdout
    assert json.loads(shell.run("gaps", "--json", "--days", "1").stdout)["questions"] == 1
    for wrong in (["--expect", "a=b"], ["--as-cases", "x", "--expect", "a"]):
        assert shell.run("gaps", *wrong).returncode == 2
    assert shell.run("gaps", "--as-cases", "x").stdout == "0 cases added to x.\n"
