"""Questions that waited while the settings took a source from where they were asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from core.answering.stopping import Stop
from core.answering.turns import Answerer
from core.model import AnswerEvent, Question, Scope


class NarrowedAnswerer:
    """Answers within a scope, also what was accepted within a wider one."""

    def __init__(self, answerer: Answerer, scope: Scope) -> None:
        self._answerer = answerer
        self._scope = scope

    def answer(self, question: Question, stop: Stop) -> AsyncIterator[AnswerEvent]:
        """As the other one does."""
        scope = question.scope.within(self._scope)
        if scope is not question.scope:
            question = replace(question, scope=scope)
        return self._answerer.answer(question, stop)
