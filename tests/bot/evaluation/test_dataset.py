from __future__ import annotations

from pathlib import Path

import pytest

from bot.evaluation.dataset import EvaluationDocument, EvaluationQuestion, read_dataset
from core.errors import ConfigurationError

DOCUMENT = '{"id": "a", "title": "Install", "text": "Run it."}'
QUESTION = '{"id": "1", "text": "How?", "relevant": {"a": 2}, "answers": ["So."]}'


def write(folder: Path, corpus: str, questions: str) -> tuple[Path, Path]:
    paths = folder / "corpus.jsonl", folder / "questions.jsonl"
    for path, text in zip(paths, (corpus, questions), strict=True):
        path.write_text(text, "utf-8")
    return paths


def test_a_set_is_read_line_by_line(tmp_path: Path) -> None:
    other = '{"id": "2", "text": "Why?", "relevant": {}, "answerable": false}'

    dataset = read_dataset(*write(tmp_path, f"{DOCUMENT}\n\n", f"{QUESTION}\n{other}\n"))

    assert dataset.documents == [EvaluationDocument(id="a", title="Install", text="Run it.")]
    assert dataset.questions == [
        EvaluationQuestion(id="1", text="How?", relevant={"a": 2.0}, answers=("So.",)),
        EvaluationQuestion(id="2", text="Why?", answerable=False),
    ]


def test_a_line_may_hold_any_character_but_a_line_feed(tmp_path: Path) -> None:
    document = '{"id": "a", "text": "one\u2028two\x85three"}'

    dataset = read_dataset(*write(tmp_path, document, QUESTION))

    assert dataset.documents[0].text == "one\u2028two\x85three"


@pytest.mark.parametrize(
    ("corpus", "questions", "message"),
    [
        ("", QUESTION, r"corpus\.jsonl is empty"),
        (DOCUMENT, "\n", r"questions\.jsonl is empty"),
        (f"{DOCUMENT}\nnonsense", QUESTION, r"corpus\.jsonl, line 2: the line: Invalid JSON"),
        ('{"id": "a"}', QUESTION, r"corpus\.jsonl, line 1: text: Field required"),
        (DOCUMENT, '{"id": "1", "text": 5}', r"questions\.jsonl, line 1: text: "),
        (f"{DOCUMENT}\n{DOCUMENT}", QUESTION, "two documents of the same id"),
        (DOCUMENT, '{"id": "1", "text": "How?", "relevant": {"b": 1}}', "asks for 'b', which"),
        (DOCUMENT, '{"id": "1", "text": "How?"}', "'1' has no `relevant` document"),
        (DOCUMENT, '{"id": "1", "text": "?", "answerable": false}', "no answerable question"),
    ],
)
def test_what_is_wrong_with_a_set_is_said(
    tmp_path: Path, corpus: str, questions: str, message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read_dataset(*write(tmp_path, corpus, questions))


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_dataset(tmp_path / "none", tmp_path / "none")


def test_a_file_that_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ConfigurationError, match="is not a text file in UTF-8"):
        read_dataset(tmp_path / "binary", tmp_path / "binary")
