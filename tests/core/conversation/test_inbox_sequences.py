"""Whatever happens in whatever order: each accepted question ends exactly once, and in order."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
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
from core.model import Question, SessionKey, Turn
from tests.support.conversations import answered, let_lease_run_out, question

WORKERS = ("one", "two", "three")
THREADS = ("a", "b")

_runs = count(1)


@dataclass
class Waiting:
    """What the inbox should know of an unfinished question."""

    question: Question
    attempts: int = 0
    token: UUID | None = None
    owner: str = ""
    live: bool = False


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
        self._waiting: dict[str, list[Waiting]] = {thread: [] for thread in THREADS}
        self._accepted: dict[str, list[str]] = {thread: [] for thread in THREADS}
        self._ended: dict[str, list[str]] = {thread: [] for thread in THREADS}
        self._finished: set[UUID] = set()

    @initialize()
    def connect(self) -> None:
        self._database = self._runner.run(self._stack.enter_async_context(open_postgres(self._dsn)))
        self._inboxes = {name: Inbox(self._database, worker=name) for name in WORKERS}
        self._postings = Postings(self._database)

    @rule(target=accepted, worker=st.sampled_from(WORKERS), thread=st.sampled_from(THREADS))
    def accept(self, worker: str, thread: str) -> Question:
        asked = question(session=SessionKey("slack", self._workspace, "C", thread))
        assert self._runner.run(self._inboxes[worker].accept(asked))
        self._accepted[thread].append(asked.message_id)
        self._waiting[thread].append(Waiting(asked))
        return asked

    @rule(worker=st.sampled_from(WORKERS), asked=accepted)
    def deliver_again(self, worker: str, asked: Question) -> None:
        assert not self._runner.run(self._inboxes[worker].accept(asked))

    @rule(target=claimed, worker=st.sampled_from(WORKERS), thread=st.sampled_from(THREADS))
    def claim(self, worker: str, thread: str) -> object:
        session = SessionKey("slack", self._workspace, "C", thread)
        got = self._runner.run(self._inboxes[worker].claim(session))
        if not self._waiting[thread]:
            assert got is None
            return multiple()
        oldest = self._waiting[thread][0]
        if oldest.live and oldest.owner != worker:
            assert isinstance(got, Held)
            return multiple()
        assert isinstance(got, Turn)
        oldest.attempts += 1
        oldest.token, oldest.owner, oldest.live = got.token, worker, True
        assert (got.question, got.attempt) == (oldest.question, oldest.attempts)
        return got

    @rule(turn=claimed, worker=st.sampled_from(WORKERS))
    def finish(self, turn: Turn, worker: str) -> None:
        waiting = self._held_by(turn)
        finishing = self._inboxes[worker].finish(turn, answered())
        if waiting is None and turn.token not in self._finished:
            with pytest.raises(LeaseLost):
                self._runner.run(finishing)
            return
        self._runner.run(finishing)
        self._finished.add(turn.token)
        if waiting is not None:
            self._end(waiting)

    @rule(turn=consumes(claimed), worker=st.sampled_from(WORKERS))
    def give_up(self, turn: Turn, worker: str) -> None:
        waiting = self._held_by(turn)
        failing = self._inboxes[worker].fail(turn, "enough")
        if waiting is None:
            with pytest.raises(LeaseLost):
                self._runner.run(failing)
            return
        self._runner.run(failing)
        self._end(waiting)

    @rule(turn=claimed, counted=st.booleans(), worker=st.sampled_from(WORKERS))
    def release(self, turn: Turn, worker: str, *, counted: bool) -> None:
        self._runner.run(self._inboxes[worker].release(turn, counted=counted))
        waiting = self._held_by(turn)
        if waiting is not None:
            waiting.token, waiting.owner, waiting.live = None, "", False
            waiting.attempts -= not counted

    @rule(turn=claimed, worker=st.sampled_from(WORKERS))
    def renew(self, turn: Turn, worker: str) -> None:
        waiting = self._held_by(turn)
        renewing = self._inboxes[worker].renew(turn)
        if waiting is None:
            with pytest.raises(LeaseLost):
                self._runner.run(renewing)
            return
        self._runner.run(renewing)
        waiting.live = True

    @rule(turn=claimed, part=st.integers(0, 2))
    def open_posting(self, turn: Turn, part: int) -> None:
        waiting = self._held_by(turn)
        opening = self._postings.open(turn, part, "marker")
        if waiting is None or not waiting.live:
            with pytest.raises(LeaseLost):
                self._runner.run(opening)
            return
        assert self._runner.run(opening).part == part

    @rule(turn=claimed)
    def let_time_pass(self, turn: Turn) -> None:
        waiting = self._held_by(turn)
        if waiting is not None:
            self._runner.run(let_lease_run_out(self._database, turn))
            waiting.live = False

    def teardown(self) -> None:
        try:
            for thread in THREADS:
                self._work_off(thread)
            assert self._ended == self._accepted
        finally:
            self._runner.run(self._stack.aclose())
            self._runner.close()

    def _work_off(self, thread: str) -> None:
        while self._waiting[thread]:
            oldest = self._waiting[thread][0]
            worker = oldest.owner if oldest.live else WORKERS[0]
            turn = self.claim(worker, thread)
            assert isinstance(turn, Turn)
            self.finish(turn, worker)

    def _held_by(self, turn: Turn) -> Waiting | None:
        """The question, if the turn's token still is the one that counts."""
        waiting = self._waiting[turn.question.session.thread]
        return next((each for each in waiting if each.token == turn.token), None)

    def _end(self, waiting: Waiting) -> None:
        thread = waiting.question.session.thread
        self._waiting[thread].remove(waiting)
        self._ended[thread].append(waiting.question.message_id)


def test_each_accepted_question_ends_once_and_in_order(database_dsn: str) -> None:
    run_state_machine_as_test(
        lambda: InboxSequences(database_dsn),  # type: ignore[arg-type]
        settings=settings(
            max_examples=80,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
