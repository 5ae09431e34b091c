from __future__ import annotations

from bot.evaluation.conversations import alone, another_topic, follow_ups
from bot.evaluation.dataset import (
    Dataset,
    EvaluationDocument,
    EvaluationQuestion,
    Utterance,
)

SAID = (Utterance(role="user", text="Hi?"), Utterance(role="assistant", text="Hello."))
DOCUMENTS = [EvaluationDocument(id=key, text=f"Text of {key}.") for key in "abc"]


def question(
    key: str, *, history: tuple[Utterance, ...] = (), **grades: float
) -> EvaluationQuestion:
    return EvaluationQuestion(
        id=key, text=f"{key}?", relevant=grades, answerable=bool(grades), history=history
    )


DATASET = Dataset(
    DOCUMENTS,
    [
        question("1", a=1.0),
        question("2", a=1.0, b=2.0, history=SAID),
        question("3"),
        question("4", c=1.0),
    ],
)


def test_by_themselves_all_questions_are_asked_without_what_was_said() -> None:
    asked = alone(DATASET)

    assert [q.id for q in asked.questions] == ["1", "2", "3", "4"]
    assert not any(q.history for q in asked.questions)
    assert asked.documents == DOCUMENTS


def test_follow_ups_are_the_questions_with_a_history() -> None:
    assert [(q.id, q.history) for q in follow_ups(DATASET).questions] == [("2", SAID)]


def test_another_topic_is_a_question_on_other_documents_with_its_best_one() -> None:
    said = {q.id: [u.text for u in q.history] for q in another_topic(DATASET).questions}

    assert said == {
        "1": ["4?", "Text of c."],
        "2": ["4?", "Text of c."],
        "4": ["1?", "Text of a."],
    }


def test_where_all_ask_for_the_same_there_is_no_other_topic() -> None:
    dataset = Dataset(DOCUMENTS, [question("1", a=1.0), question("2", a=1.0)])

    assert another_topic(dataset).questions == []
