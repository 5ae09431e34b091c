"""Several chat models as one: where one breaks off, the next takes over."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from core.errors import MalformedReply, ServiceError
from core.model import ModelEvent, ModelFinished, ModelStarted, ModelText, Prompt
from core.ports import ChatModel

log = logging.getLogger(__name__)


class FallbackChatModel:
    """A ChatModel that asks `models` in order, each only when those before it failed.

    A model that fails before or in its text, or that says nothing, is followed by the next; its
    ModelStarted has `fallback` set and makes the text before it void. Raises the last one's error.
    """

    def __init__(self, models: Sequence[ChatModel]) -> None:
        self._models = tuple(models)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent, None]:
        """The events of the first model that comes through, after those of failed ones."""
        last = len(self._models) - 1
        for rank, model in enumerate(self._models):
            # Where there is no next model, silence is an answer for the caller to judge.
            spoke = rank == last
            try:
                async with aclosing(model.stream(prompt)) as events:
                    async for event in events:
                        spoke = spoke or _says(event)
                        yield _ranked(event, rank) if rank else event
            except ServiceError as exc:
                if rank == last:
                    raise
                log.warning("Asking the next model. %s", exc)
            else:
                return


def _ranked(event: ModelEvent, rank: int) -> ModelEvent:
    if isinstance(event, ModelStarted) and rank:
        return replace(event, fallback=True)
    return event


def _says(event: ModelEvent) -> bool:
    """Whether there is something to read. Raises MalformedReply where the reply ends instead."""
    if isinstance(event, ModelFinished):
        raise MalformedReply(event.model, "the reply is empty.")
    return isinstance(event, ModelText) and bool(event.text.strip())
