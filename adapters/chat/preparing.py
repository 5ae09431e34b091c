"""What a question brings along: what was said in its thread before, and its text files."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from adapters.chat.attachments import Download, FileLimits, ReadFiles, read_files
from adapters.chat.incoming import Asked
from core.errors import ServiceError
from core.model import Message, Question

SaidBefore: TypeAlias = Callable[[Question], Awaitable[Sequence[Message]]]
"""What was said in a question's thread before it, oldest first. Raises ServiceError."""

IN_TIME = 1.5
"""Seconds to spend on it: the question waits for its acknowledgement meanwhile."""

NO_QUESTION = (
    "What would you like to know from the docs? Write it into the same message, and I look it up."
)

_CONTEXT_MESSAGES = 30
_CONTEXT_CHARACTERS = 2000
_SLOW_FILES = "I did not read the files: they took too long to arrive."

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Prepared:
    """The whole question, or None when nothing was asked; `notes` tell its author alone."""

    question: Question | None
    notes: tuple[str, ...] = ()


class Preparation:
    """Completes questions."""

    def __init__(
        self, said_before: SaidBefore, download: Download, *, limits: FileLimits | None = None
    ) -> None:
        self._said_before = said_before
        self._download = download
        self._limits = limits or FileLimits()

    async def of(self, asked: Asked) -> Prepared:
        """Whatever can be had in time. Raises nothing."""
        if not asked.joins and not asked.files and asked.question.text:
            return Prepared(asked.question)
        context, files = await asyncio.gather(self._context(asked), self._files(asked))
        question = replace(asked.question, context=context)
        if not question.text and not files.text:
            question = _taking_up(question)
        text = "\n\n".join(part for part in (question.text, files.text) if part)
        if not text:
            return Prepared(None, files.unread or (NO_QUESTION,))
        return Prepared(replace(question, text=text), files.unread)

    async def _context(self, asked: Asked) -> tuple[Message, ...]:
        if not asked.joins:
            return asked.question.context
        try:
            async with asyncio.timeout(IN_TIME):
                said = await self._said_before(asked.question)
        except (ServiceError, TimeoutError) as exc:
            log.warning("What was said before in a thread could not be read. %s", exc)
            return ()
        return tuple(replace(m, text=m.text[:_CONTEXT_CHARACTERS]) for m in said)[
            -_CONTEXT_MESSAGES:
        ]

    async def _files(self, asked: Asked) -> ReadFiles:
        if not asked.files:
            return ReadFiles()
        try:
            async with asyncio.timeout(IN_TIME):
                return await read_files(asked.files, self._download, self._limits)
        except TimeoutError:
            return ReadFiles(unread=(_SLOW_FILES,))


def _taking_up(question: Question) -> Question:
    """Whoever only mentions us in a thread asks what was last said there."""
    if not question.context:
        return question
    *before, last = question.context
    return replace(question, text=last.text, context=tuple(before))
