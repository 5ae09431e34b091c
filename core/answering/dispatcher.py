"""Carries each accepted question to its answer: once, in its session's order, through faults."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from core.answering.turns import Answerer, TurnRunner, wait_for
from core.conversation.inbox import Held, Inbox
from core.conversation.limits import Limits
from core.errors import ServiceError
from core.model import Question, SessionKey, Turn
from core.ports import Responder

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DispatcherSettings:
    """How much runs at once, and how failures are met. Times are in seconds.

    `running` answers are made at once, of the `claimed` turns that are under a lease here: one
    that waits for its platform to take the answer holds no other up.
    A turn that failed is tried again after each of `retry_pauses`, and then given up. One whose
    answer needs a service that is away waits for it before that, by `outage_pauses`, and by
    `database_pause` when it is the database. `watch_pause` is how long a running turn may not know
    that another process was told to change, stop or withdraw it. Where other processes work from
    the same inbox, `sweep_pause` lies between two looks for what a dead one left.
    """

    running: int = 16
    claimed: int = 4000
    retry_pauses: tuple[float, ...] = (2.0, 10.0)
    outage_pauses: tuple[float, ...] = (2.0, 10.0, *(60.0,) * 60)
    database_pause: float = 5.0
    watch_pause: float = 2.0
    sweep_pause: float | None = None
    drain: float = 20.0


@asynccontextmanager
async def open_dispatcher(
    inbox: Inbox,
    answerer: Answerer,
    responders: Mapping[str, Responder],
    settings: DispatcherSettings | None = None,
    *,
    limits: Limits | None = None,
) -> AsyncIterator[Dispatcher]:
    """A dispatcher that runs until the block ends.

    `responders` are by platform, and looked up late. At the end, running turns get
    `settings.drain` seconds; what is not done by then is cancelled and stays in the inbox.
    """
    async with asyncio.TaskGroup() as tasks:
        dispatcher = Dispatcher(inbox, answerer, responders, tasks, settings, limits=limits)
        tasks.create_task(dispatcher.sweep())
        try:
            yield dispatcher
        finally:
            await dispatcher.stop()


@dataclass(slots=True)
class _Calls:
    """What a session's task is told: to look again, and not to wait for the next attempt."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    amended: asyncio.Event = field(default_factory=asyncio.Event)
    claimed: Turn | None = None


class Dispatcher:
    """Runs the turns of a session one after the other, and the sessions side by side.

    While nothing is asked it sends the database nothing, unless it has to sweep.
    """

    def __init__(
        self,
        inbox: Inbox,
        answerer: Answerer,
        responders: Mapping[str, Responder],
        tasks: asyncio.TaskGroup,
        settings: DispatcherSettings | None = None,
        *,
        limits: Limits | None = None,
    ) -> None:
        self._inbox = inbox
        self._limits = limits or Limits()
        self._responders = responders
        self._tasks = tasks
        self._settings = settings or DispatcherSettings()
        self._runner = TurnRunner(
            inbox,
            answerer,
            responders,
            retry_pauses=self._settings.retry_pauses,
            running=self._settings.running,
            outage_pauses=self._settings.outage_pauses,
            watch_pause=self._settings.watch_pause,
        )
        self._desk = asyncio.Semaphore(self._settings.claimed)
        # What other processes accept for a session is told to them alone.
        self._shared = self._settings.sweep_pause is not None
        self._stopping = asyncio.Event()
        self._calls: dict[SessionKey, _Calls] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def submit(self, question: Question) -> bool:
        """Accepts a question and sees to it; False when its message was accepted before.

        Acknowledge the delivery once this has returned. After a ServiceError don't: the platform
        shall deliver it again. Raises QuestionRefused for what is beyond the limits, which is not
        stored: its author is to be told.
        """
        self._limits.check(question)
        self._limits.count(question)
        session = question.session
        if self._takes(session) and session not in self._calls and not self._desk.locked():
            return await self._accept_and_begin(question)
        accepted = await self._inbox.accept(question)
        # A duplicate too: its first delivery may have died after it was accepted.
        self._see_to(session)
        return bool(accepted)

    async def _accept_and_begin(self, question: Question) -> bool:
        """Spares the claim of a session's first question."""
        # From now on, so that nobody here claims it meanwhile; what comes meanwhile sets `asked`.
        calls = self._calls[question.session] = _Calls()
        try:
            accepted = await self._inbox.accept(question, claiming=True)
            if isinstance(accepted, Turn):
                calls.claimed = accepted
            else:
                calls.asked.set()
        finally:
            if self._takes(question.session) and (calls.claimed or calls.asked.is_set()):
                self._begin(question.session)
            else:
                del self._calls[question.session]
        if calls.claimed and self._stopping.is_set():
            await self._runner.put_back(calls.claimed)
        return bool(accepted)

    async def edit(self, question: Question, *, revision: str = "") -> bool:
        """Answers a question that was edited again, in place; an answer to its old text ends.

        False when its message is unknown, says the same as before, or has a later `revision`: the
        platform's time of the edit, as text that sorts. Acknowledge as with `submit`, which also
        says what is refused.
        """
        self._limits.check(question, revision)
        key = question.session
        edited = await self._inbox.amendments.edit(
            key.platform,
            key.workspace,
            key.channel,
            question.message_id,
            question.text,
            scope=question.scope,
            revision=revision,
        )
        # Without a change too: its first delivery may have died after it was stored.
        self._see_to(key)
        if edited is not None:
            self._limits.count(question, revision)
        return self._changed(edited)

    async def cancel(self, turn_id: UUID) -> bool:
        """Ends an answer where it is, whichever process writes it: what was shown stays.

        False when it has ended, or was told to already.
        """
        return self._changed(await self._inbox.amendments.stop(turn_id))

    async def withdraw(self, session: SessionKey, message_id: str) -> bool:
        """Takes a question back that was deleted: ends its answer, and has it retracted.

        False when its message is unknown, and from now on no question, or was forgotten already.
        Acknowledge as with `submit`.
        """
        return self._changed(await self._inbox.amendments.withdraw(session, message_id))

    async def forget(self, platforms: Sequence[str], author: str) -> int:
        """Takes back whatever a person asked on these platforms; the number of questions."""
        sessions = await self._inbox.amendments.withdraw_all(platforms, author)
        for session in dict.fromkeys(sessions):
            self._changed(session)
        return len(sessions)

    def _changed(self, session: SessionKey | None) -> bool:
        if session is None:
            return False
        self._runner.look(session)
        self._see_to(session)
        if calls := self._calls.get(session):
            calls.amended.set()
        return True

    async def resume(self) -> int:
        """Takes up what an earlier process left; the number of sessions that wait.

        Those of a platform without a responder are left alone.
        """
        sessions = await self._inbox.unfinished()
        ours = [session for session in sessions if session.platform in self._responders]
        for session in ours:
            self._see_to(session)
        return len(ours)

    async def sweep(self) -> None:
        """Takes up again and again what no worker holds, until `stop`; nothing without a pause."""
        while (pause := self._settings.sweep_pause) is not None:
            await wait_for(self._stopping, pause)
            if self._stopping.is_set():
                return
            try:
                for session in await self._inbox.unattended():
                    self._see_to(session)
            except ServiceError as exc:
                log.warning("What other instances left is looked for later. %s", exc)

    async def settle(self, seconds: float) -> None:
        """Waits until what is under way has ended and is stored, for so long at most."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)

    async def stop(self) -> None:
        """Lets running turns end for a bounded time, then cancels them."""
        self._stopping.set()
        for calls in self._calls.values():
            calls.asked.set()
            calls.amended.set()
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=self._settings.drain)
            for task in late:
                task.cancel()

    def _takes(self, session: SessionKey) -> bool:
        return session.platform in self._responders and not self._stopping.is_set()

    def _see_to(self, session: SessionKey) -> None:
        if not self._takes(session):
            return
        if session not in self._calls:
            self._calls[session] = _Calls()
            self._begin(session)
        self._calls[session].asked.set()

    def _begin(self, session: SessionKey) -> None:
        task = self._tasks.create_task(self._serve(session))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _serve(self, session: SessionKey) -> None:
        """Works until the session has no turn left, looking again when one came meanwhile."""
        calls = self._calls[session]
        try:
            while calls.claimed or (calls.asked.is_set() and not self._stopping.is_set()):
                if calls.claimed is None:
                    calls.asked.clear()
                match await self._work_off(session, calls):
                    case Held(seconds):
                        # Its worker may be done long before; what comes now may find it so.
                        await wait_for(calls.asked, seconds)
                        calls.asked.set()
                    case float() | int() as seconds:
                        await wait_for(calls.amended, seconds)
                        calls.asked.set()
        except Exception:  # a row that cannot be read, say, must not end the other sessions
            log.exception("Left %s until something is asked there.", session)
        finally:
            del self._calls[session]

    async def _work_off(self, session: SessionKey, calls: _Calls) -> Held | float | None:
        """Runs turn after turn; None when all are done, else after how long to try again."""
        while True:
            async with self._desk:
                claimed, calls.claimed = calls.claimed, None
                if claimed is None and self._stopping.is_set():
                    return None
                calls.amended.clear()
                try:
                    turn = claimed or await self._inbox.claim(session)
                    if not isinstance(turn, Turn):
                        return turn
                    retry = await self._runner.run(turn)
                except ServiceError as exc:
                    log.warning("The inbox is out of reach. %s", exc)
                    return self._settings.database_pause
            if retry is not None:
                return retry
            if not (turn.followed or self._shared or calls.asked.is_set()):
                return None
