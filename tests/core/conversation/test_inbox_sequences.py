"""Whatever happens in whatever order: each accepted question ends, and in order."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from itertools import count
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    multiple,
    rule,
    run_state_machine_as_test,
)

from core.backends.postgres import open_postgres
from core.conversation.inbox import Held, Inbox
from core.conversation.postings import Postings
from core.errors import LeaseLost
from core.model import Question, SessionKey, Turn, Wanted
from tests.support.conversations import answered, let_lease_run_out, question

WORKERS = ("one", "two", "three")
THREADS = ("a", "b")
TEXTS = ("How?", "Why?")

_runs = count(1)


@dataclass
class Known:
    """What the inbox should know of a question. `ended_by` is the token that ended it."""

    question: Question
    open: bool = True
    wanted: Wanted = Wanted.ANSWERED
    forgotten: bool = False
    attempts: int = 0
    token: UUID | None = None
    ended_by: UUID | None = None
    owner: str = ""
    live: bool = False

    def reopen(self, wanted: Wanted, question: Question) -> None:
        """Whoever was at it has lost it, but is waited for."""
        self.live = self.live and self.open
        self.open, self.wanted, self.question = True, wanted, question
        self.attempts, self.token, self.ended_by = 0, None, None

    def end(self) -> None:
        self.open, self.live, self.token, self.ended_by = False, False, None, self.token


class InboxSequences(RuleBasedStateMachine):
    """Three workers on two sessions, with a model of what each may do."""

    accepted = Bundle("accepted")
    claimed = Bundle("claimed")

    def __init__(self, dsn: str) -> None:
        super().__init__()
        self._dsn = dsn
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._workspace = f"run-{next(_runs)}"
        self._known: dict[str, list[Known]] = {thread: [] for thread in THREADS}
        self._amended: set[str] = set()
        self._ended: dict[str, list[str]] = {thread: [] for thread in THREADS}

    @initialize()
    def connect(self) -> None:
        self._database = self._runner.run(self._stack.enter_async_context(open_postgres(self._dsn)))
        self._inboxes = {
            name: Inbox(self._database, worker=name, lease_seconds=600) for name in WORKERS
        }
        self._amendments = self._inboxes["one"].amendments
        self._postings = Postings(self._database)

    @rule(target=accepted, worker=st.sampled_from(WORKERS), thread=st.sampled_from(THREADS))
    def accept(self, worker: str, thread: str) -> Question:
        asked = question(TEXTS[0], session=SessionKey("slack", self._workspace, "C", thread))
        assert self._runner.run(self._inboxes[worker].accept(asked))
        self._known[thread].append(Known(asked))
        return asked

    @rule(target=claimed, worker=st.sampled_from(WORKERS), thread=st.sampled_from(THREADS))
    def accept_and_claim(self, worker: str, thread: str) -> object:
        asked = question(TEXTS[0], session=SessionKey("slack", self._workspace, "C", thread))
        first = not self._known[thread]
        got = self._runner.run(self._inboxes[worker].accept(asked, claiming=True))
        known = Known(asked)
        self._known[thread].append(known)
        if not first:
            assert got is True
            return multiple()
        assert isinstance(got, Turn)
        known.attempts, known.token, known.owner, known.live = 1, got.token, worker, True
        assert (got.question, got.attempt, got.wanted) == (asked, 1, Wanted.ANSWERED)
        return got

    @rule(worker=st.sampled_from(WORKERS), asked=accepted)
    def deliver_again(self, worker: str, asked: Question) -> None:
        assert not self._runner.run(self._inboxes[worker].accept(asked))

    @rule(asked=accepted, text=st.sampled_from(TEXTS))
    def edit(self, asked: Question, text: str) -> None:
        known = self._of(asked)
        place = ("slack", self._workspace, "C", asked.message_id)
        edited = self._runner.run(self._amendments.edit(*place, text, scope=asked.scope))
        may = known.wanted is not Wanted.WITHDRAWN and known.question.text != text
        assert edited == (asked.session if may else None)
        if may:
            self._amended.add(asked.message_id)
            known.reopen(Wanted.ANSWERED, replace(asked, text=text))

    @rule(asked=accepted)
    def withdraw(self, asked: Question) -> None:
        known = self._of(asked)
        withdrawn = self._runner.run(self._amendments.withdraw(asked.session, asked.message_id))
        assert withdrawn == (None if known.forgotten else asked.session)
        if not known.forgotten:
            self._amended.add(asked.message_id)
            known.reopen(Wanted.WITHDRAWN, replace(asked, text="", author=""))

    @rule(turn=claimed)
    def stop(self, turn: Turn) -> None:
        known = self._of(turn.question)
        stopped = self._runner.run(self._amendments.stop(turn.id))
        may = known.open and known.wanted is Wanted.ANSWERED
        assert stopped == (turn.question.session if may else None)
        if may:
            known.wanted = Wanted.STOPPED

    @rule(target=claimed, worker=st.sampled_from(WORKERS), thread=st.sampled_from(THREADS))
    def claim(self, worker: str, thread: str) -> object:
        session = SessionKey("slack", self._workspace, "C", thread)
        got = self._runner.run(self._inboxes[worker].claim(session))
        known = self._next(thread)
        if known is None:
            assert got is None
            return multiple()
        if known.live and known.owner != worker:
            assert isinstance(got, Held)
            return multiple()
        assert isinstance(got, Turn)
        known.attempts += 1
        known.token, known.owner, known.live = got.token, worker, True
        assert (got.question, got.attempt) == (known.question, known.attempts)
        assert got.wanted is known.wanted
        return got

    @rule(turn=claimed, worker=st.sampled_from(WORKERS))
    def finish(self, turn: Turn, worker: str) -> None:
        known, inbox = self._of(turn.question), self._inboxes[worker]
        forgets = turn.wanted is Wanted.WITHDRAWN
        ending = inbox.forget(turn) if forgets else inbox.finish(turn, answered())
        if turn.token not in (known.token, known.ended_by):
            with pytest.raises(LeaseLost):
                self._runner.run(ending)
            return
        self._runner.run(ending)
        known.forgotten = forgets
        self._end(known)

    @rule(turn=consumes(claimed), worker=st.sampled_from(WORKERS))
    def give_up(self, turn: Turn, worker: str) -> None:
        known = self._of(turn.question)
        failing = self._inboxes[worker].fail(turn, "enough")
        if known.token != turn.token:
            with pytest.raises(LeaseLost):
                self._runner.run(failing)
            return
        self._runner.run(failing)
        self._end(known)

    @rule(turn=claimed, counted=st.booleans(), worker=st.sampled_from(WORKERS))
    def release(self, turn: Turn, worker: str, *, counted: bool) -> None:
        self._runner.run(self._inboxes[worker].release(turn, counted=counted))
        known = self._of(turn.question)
        if known.token == turn.token:
            known.token, known.owner, known.live = None, "", False
            known.attempts -= not counted

    @rule(turn=claimed, worker=st.sampled_from(WORKERS))
    def renew(self, turn: Turn, worker: str) -> None:
        known = self._of(turn.question)
        ours = known.token == turn.token
        renewed = self._runner.run(self._inboxes[worker].renew([turn]))
        assert renewed == [known.wanted if ours else None]
        known.live |= ours

    @rule(turn=claimed, part=st.integers(0, 2))
    def open_posting(self, turn: Turn, part: int) -> None:
        known = self._of(turn.question)
        opening = self._postings.open(turn, part, "marker")
        if known.token != turn.token or not known.live:
            with pytest.raises(LeaseLost):
                self._runner.run(opening)
            return
        assert self._runner.run(opening).part == part

    @rule(turn=claimed)
    def let_time_pass(self, turn: Turn) -> None:
        known = self._of(turn.question)
        if known.open:
            self._runner.run(let_lease_run_out(self._database, turn))
            known.live = False

    def teardown(self) -> None:
        try:
            for thread in THREADS:
                self._work_off(thread)
                unamended = [m for m in self._messages(thread) if m not in self._amended]
                assert [m for m in self._ended[thread] if m in unamended] == unamended
        finally:
            self._runner.run(self._stack.aclose())
            self._runner.close()

    def _work_off(self, thread: str) -> None:
        while (known := self._next(thread)) is not None:
            worker = known.owner if known.live else WORKERS[0]
            turn = self.claim(worker, thread)
            assert isinstance(turn, Turn)
            self.finish(turn, worker)

    def _next(self, thread: str) -> Known | None:
        """The oldest of those that run, or else of those that wait."""
        waiting = [each for each in self._known[thread] if each.open]
        return next((each for each in waiting if each.live), waiting[0] if waiting else None)

    def _of(self, asked: Question) -> Known:
        known = self._known[asked.session.thread]
        return next(each for each in known if each.question.message_id == asked.message_id)

    def _messages(self, thread: str) -> list[str]:
        return [each.question.message_id for each in self._known[thread]]

    def _end(self, known: Known) -> None:
        if known.open:
            known.end()
            self._ended[known.question.session.thread].append(known.question.message_id)


def test_each_accepted_question_ends_and_in_order(database_dsn: str) -> None:
    run_state_machine_as_test(
        lambda: InboxSequences(database_dsn),  # type: ignore[arg-type]
        settings=settings(
            max_examples=50,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
