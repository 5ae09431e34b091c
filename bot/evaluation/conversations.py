"""What is asked of a set: its questions by themselves, or within a conversation (pure)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from bot.evaluation.dataset import Dataset, EvaluationQuestion, Utterance


def alone(dataset: Dataset) -> Dataset:
    """Every question without what was said before: of a conversation the last turn only."""
    return _asking(dataset, [_after(question) for question in dataset.questions])


def follow_ups(dataset: Dataset) -> Dataset:
    """The questions that have a history, after it."""
    return _asking(dataset, [question for question in dataset.questions if question.history])


def another_topic(dataset: Dataset) -> Dataset:
    """Each answerable question after another one, which asks for other documents, and its answer.

    The answer is the document that the other one asks for.
    """
    texts = {document.id: document.text for document in dataset.documents}
    answerable = [question for question in dataset.questions if question.answerable]
    asked = []
    for n, question in enumerate(answerable):
        others = [*answerable[n + 1 :], *answerable[:n]]
        other = next((o for o in others if o.relevant.keys().isdisjoint(question.relevant)), None)
        if other is not None:
            answer = texts[max(other.relevant, key=lambda key: other.relevant[key])]
            said = Utterance(role="user", text=other.text), Utterance(role="assistant", text=answer)
            asked.append(_after(question, *said))
    return _asking(dataset, asked)


VIEWS: Final[Mapping[str, Callable[[Dataset], Dataset]]] = {
    "": alone,
    "follow-ups": follow_ups,
    "another-topic": another_topic,
}
"""By what stands behind the slash in the name of a set."""


def _after(question: EvaluationQuestion, *said: Utterance) -> EvaluationQuestion:
    return question.model_copy(update={"history": said})


def _asking(dataset: Dataset, questions: list[EvaluationQuestion]) -> Dataset:
    return Dataset(dataset.documents, questions)
