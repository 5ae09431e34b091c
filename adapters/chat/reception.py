"""Takes what people say, each message once, and hands it to the core."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from adapters.chat.incoming import Asked, Deleted, Edited, Ignored, Incoming
from adapters.chat.lines import Lines
from adapters.chat.preparing import Preparation
from adapters.chat.wording import refused
from core.answering.dispatcher import Dispatcher
from core.conversation.presence import Presence
from core.conversation.recent import Recent
from core.errors import QuestionRefused
from core.model import Question

Tell: TypeAlias = Callable[[Question, str], None]
"""Tells a question's author alone, some time soon. Raises nothing."""

_REMEMBERED = 10_000
"""Messages; a platform delivers one twice or more within a few minutes."""

_LATE_EDIT = 86_400.0
"""Seconds after which an edit no longer makes a question of what was none."""

_SILENT = 60.0
"""Seconds in which a person is not told the same refusal again."""

log = logging.getLogger(__name__)


class Reception:
    """Accepts, edits and withdraws questions.

    When a call returns, what came is stored and may be acknowledged.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        presence: Presence,
        preparation: Preparation,
        tell: Tell,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._dispatcher = dispatcher
        self._presence = presence
        self._preparation = preparation
        self._tell = tell
        self._clock = clock
        self._seen_to = Recent[tuple[str, str]](_REMEMBERED)
        self._refused: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._lines = Lines()

    async def take(self, incoming: Incoming) -> None:
        """Raises ServiceError; then it may be stored or not, and is to be delivered again.

        What comes of one session is stored in the order in which it came.
        """
        match incoming:
            case Asked() as asked:
                async with self._lines.of(asked.question.session):
                    await self._ask(asked)
            case Edited() as edited:
                async with self._lines.of(edited.asked.question.session):
                    await self._edit_or_refuse(edited)
            case Deleted(session, message_id):
                async with self._lines.of(session):
                    await self._dispatcher.withdraw(session, message_id)
                    await self._presence.revise(session)
            case Ignored(reason):
                log.debug("Ignored a message: %s.", reason)

    async def _ask(self, asked: Asked) -> None:
        """Stores the question, unless this process has seen to its message."""
        message = asked.question.session.channel, asked.question.message_id
        if message in self._seen_to:
            return
        try:
            await self._store(asked)
        except QuestionRefused as exc:
            self._refuse(asked.question, exc)
        self._seen_to.add(message)

    async def _store(self, asked: Asked) -> bool:
        """Whether it is new. Raises ServiceError."""
        prepared = await self._preparation.of(asked)
        if prepared.question is None:
            self._note(asked.question, prepared.notes)
            return True
        session = asked.question.session
        if not await self._dispatcher.submit(prepared.question):
            # By another process, or withdrawn by now.
            await self._presence.revise(session)
            return False
        self._note(asked.question, prepared.notes)
        self._presence.join(session)
        return True

    async def _edit_or_refuse(self, edited: Edited) -> None:
        try:
            await self._edit(edited)
        except QuestionRefused as exc:
            # What is not addressed to us may never have been a question, which we did not look up.
            if edited.addressed:
                self._refuse(edited.asked.question, exc)

    async def _edit(self, edited: Edited) -> None:
        asked = edited.asked
        prepared = await self._preparation.of(replace(asked, joins=False))
        if prepared.question is None:
            return
        if await self._dispatcher.edit(prepared.question, revision=edited.revision):
            self._note(asked.question, prepared.notes)
            return
        late = edited.age >= _LATE_EDIT
        if edited.addressed and not late and not await self._store(asked):
            # It was stored with its old text meanwhile.
            await self._dispatcher.edit(prepared.question, revision=edited.revision)

    def _refuse(self, question: Question, exc: QuestionRefused) -> None:
        """Says why, but to whoever goes on all the same not each time."""
        reason, now = (question.author, str(exc)), self._clock()
        if now - self._refused.get(reason, -_SILENT) < _SILENT:
            return
        self._refused[reason] = now
        if len(self._refused) > _REMEMBERED:
            self._refused.popitem(last=False)
        self._tell(question, refused(exc))

    def _note(self, question: Question, notes: tuple[str, ...]) -> None:
        if notes:
            self._tell(question, "\n".join(notes))
