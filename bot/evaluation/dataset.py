"""Evaluation sets: a corpus and questions on it, one JSON object a line in each file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import ConfigurationError


class EvaluationDocument(BaseModel):
    """A document of the corpus. `text` is Markdown or plain."""

    model_config = ConfigDict(frozen=True)

    id: str
    text: str
    title: str = ""


class Utterance(BaseModel):
    """What was said in a conversation before a question."""

    model_config = ConfigDict(frozen=True)

    role: Literal["user", "assistant"]
    text: str


class EvaluationQuestion(BaseModel):
    """A question, with the grade of each document that it asks for.

    Where it is not answerable, `relevant` names what only looks as if it answered. `history` is
    the conversation before it; `answers` are texts of which a right answer holds one.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    text: str
    relevant: Mapping[str, float] = {}
    answerable: bool = True
    answers: tuple[str, ...] = ()
    history: tuple[Utterance, ...] = ()


@dataclass(frozen=True, slots=True)
class Dataset:
    """A set, checked: ids are unique, and what an answerable question asks for is there."""

    documents: Sequence[EvaluationDocument]
    questions: Sequence[EvaluationQuestion]


Line = TypeVar("Line", bound=BaseModel)


def read_dataset(corpus: Path, questions: Path) -> Dataset:
    """The set. Raises ConfigurationError, which names the file and the line that is wrong."""
    documents = _read(corpus, EvaluationDocument)
    dataset = Dataset(documents, _read(questions, EvaluationQuestion))
    ids = {document.id for document in documents}
    if len(ids) < len(documents):
        raise ConfigurationError(f"{corpus} has two documents of the same id.")
    answerable = [question for question in dataset.questions if question.answerable]
    if not answerable:
        raise ConfigurationError(f"{questions} has no answerable question to score a search by.")
    for question in answerable:
        _check_relevant(question, ids)
    return dataset


def _check_relevant(question: EvaluationQuestion, ids: AbstractSet[str]) -> None:
    if not question.relevant:
        raise ConfigurationError(
            f"The question {question.id!r} has no `relevant` document.",
            hint="Name one, or set its `answerable` to false.",
        )
    missing = question.relevant.keys() - ids
    if missing:
        raise ConfigurationError(
            f"The question {question.id!r} asks for {min(missing)!r}, which the corpus lacks.",
            hint="Correct its `relevant`, which maps ids of documents to grades.",
        )


def _read(path: Path, kind: type[Line]) -> list[Line]:
    try:
        lines = path.read_text("utf-8").split("\n")
    except OSError as exc:
        raise ConfigurationError(f"{path} cannot be read ({exc.strerror}).") from exc
    except UnicodeDecodeError as exc:
        raise ConfigurationError(f"{path} is not a text file in UTF-8.") from exc
    parsed = [_parse(path, n, line, kind) for n, line in enumerate(lines, 1) if line.strip()]
    if not parsed:
        raise ConfigurationError(f"{path} is empty.")
    return parsed


def _parse(path: Path, number: int, line: str, kind: type[Line]) -> Line:
    try:
        return kind.model_validate_json(line)
    except ValidationError as exc:
        first = exc.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the line"
        raise ConfigurationError(
            f"{path}, line {number}: {where}: {first['msg']}.",
            hint="Each line is one JSON object: a document has id, title and text; "
            "a question has id, text, relevant ({document id: grade}) and answerable.",
        ) from exc
