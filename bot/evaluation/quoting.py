"""Whether the quotes that stand for an answer, where no model writes one, hold the answer."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.evaluation.dataset import Dataset, EvaluationQuestion
from core.answering.prompting import build_prompt
from core.model import ModelText, Retrieval
from core.ports import ChatModel

_MARK = re.compile(r"\[\d+\]")
_QUOTED = re.compile(r"(?m)^>[ \t]?")


async def holds_answer(
    question: str, answers: Iterable[str], found: Retrieval, model: ChatModel
) -> bool:
    """Whether what the model quotes from the passages contains one of the answers.

    A question that is refused is one whose answer is not shown.
    """
    if not found.sufficient:
        return False
    prompt = build_prompt(question, (), found.passages)
    quoted = [event.text async for event in model.stream(prompt) if isinstance(event, ModelText)]
    text = _plain(_MARK.sub("", _QUOTED.sub("", "".join(quoted))))
    return any(_plain(answer) in text for answer in answers if _plain(answer))


def with_verbatim_answers(dataset: Dataset) -> list[EvaluationQuestion]:
    """The questions with those answers alone that a relevant document holds word by word.

    No quote can hold an answer that somebody put into other words.
    """
    texts = {document.id: _plain(document.text) for document in dataset.documents}
    return [
        each.model_copy(
            update={
                "answers": tuple(
                    answer
                    for answer in each.answers
                    if any(_plain(answer) in texts.get(document, "") for document in each.relevant)
                )
            }
        )
        for each in dataset.questions
    ]


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
