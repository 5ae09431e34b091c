"""Hands in a question that its platform delivers only once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from adapters.chat.wording import LOST, refused
from core.errors import QuestionRefused, ServiceError
from core.model import Question

Submit: TypeAlias = Callable[[Question], Awaitable[bool]]
"""Whether the question is new. Raises QuestionRefused and ServiceError."""

log = logging.getLogger(__name__)


async def hand_in(submit: Submit, question: Question, *, patience: float) -> bool | str:
    """As `submit`; why not, when it is beyond the limits or was not stored in `patience` seconds.

    The reason is a sentence for its author.
    """
    try:
        async with asyncio.timeout(patience):
            return await submit(question)
    except (ServiceError, TimeoutError) as exc:
        log.warning("A question could not be taken. %s", exc)
        return LOST
    except QuestionRefused as exc:
        return refused(exc)
