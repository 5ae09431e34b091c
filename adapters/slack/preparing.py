"""What a question brings along: what was said in its thread before, and its text files."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace

from adapters.slack.api import SlackApi
from adapters.slack.attachments import FileLimits, ReadFiles, read_files
from adapters.slack.mapping import Asked, spoken
from adapters.slack.rendering import notice
from adapters.slack.threads import later, read_thread
from core.errors import ServiceError
from core.model import Message, Question

IN_TIME = 1.5
"""Seconds to spend on it: the question waits for its acknowledgement meanwhile."""

_CONTEXT_MESSAGES = 30
_CONTEXT_CHARACTERS = 2000
_NO_QUESTION = "Ask me something about the docs, in the same message."

Start = Callable[[Coroutine[None, None, None]], None]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Prepared:
    """The whole question, or None when nothing was asked; `notes` tell its author alone."""

    question: Question | None
    notes: tuple[str, ...] = ()


class Preparation:
    """Completes questions, and tells their authors what could not be read.

    `start` runs what nothing waits for.
    """

    def __init__(self, api: SlackApi, start: Start, *, limits: FileLimits | None = None) -> None:
        self._api = api
        self._start = start
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
            return Prepared(None, files.unread or (_NO_QUESTION,))
        return Prepared(replace(question, text=text), files.unread)

    def tell(self, question: Question, notes: tuple[str, ...]) -> None:
        """Whispers the notes to the author, some time soon."""
        if notes:
            self._start(self._whisper(question, "\n".join(notes)))

    async def _context(self, asked: Asked) -> tuple[Message, ...]:
        if not asked.joins:
            return ()
        question = asked.question
        try:
            async with asyncio.timeout(IN_TIME):
                thread = await read_thread(self._api, question.session, patience=0)
        except (ServiceError, TimeoutError) as exc:
            log.warning("What was said before in a thread could not be read. %s", exc)
            return ()
        before = [m for m in thread if later(question.message_id, str(m["ts"]))]
        said = spoken(before, self._api.identity)[-_CONTEXT_MESSAGES:]
        return tuple(replace(m, text=m.text[:_CONTEXT_CHARACTERS]) for m in said)

    async def _files(self, asked: Asked) -> ReadFiles:
        if not asked.files:
            return ReadFiles()
        try:
            async with asyncio.timeout(IN_TIME):
                return await read_files(asked.files, self._api.download, self._limits)
        except TimeoutError:
            return ReadFiles(unread=("I did not read the files: Slack was slow to send them.",))

    async def _whisper(self, question: Question, text: str) -> None:
        session, message = question.session, notice(text)
        in_thread = session.thread if session.thread != question.message_id else None
        try:
            await self._api.call(
                "chat.postEphemeral",
                channel=session.channel,
                user=question.author,
                thread_ts=in_thread,
                text=message.text,
                blocks=message.blocks,
            )
        except ServiceError as exc:
            log.warning("An author was not told what was not read. %s", exc)


def _taking_up(question: Question) -> Question:
    """Whoever only mentions us in a thread asks what was last said there."""
    if not question.context:
        return question
    *before, last = question.context
    return replace(question, text=last.text, context=tuple(before))
