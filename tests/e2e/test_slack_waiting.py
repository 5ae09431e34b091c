"""Slack end to end: a question that has to wait for a service of ours."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

from core.answering.stopping import Stop
from core.errors import ServiceUnavailable
from core.model import AnswerEvent, Question, Searching
from core.ports import Database
from tests.support.slack_bot import DISPATCH, Answers, open_bot
from tests.support.slack_server import SlackWorkspace

WAITING = replace(DISPATCH, outage_pauses=(0.01,) * 1000)
POSTPONED = "Sorry, I cannot answer this yet. Qdrant: it is away."


@dataclass
class WithoutIndex(Answers):
    """Fails while the index is `away`."""

    away: bool = True

    async def answer(
        self, question: Question, stop: Stop | None = None
    ) -> AsyncGenerator[AnswerEvent, None]:
        if self.away:
            yield Searching()
            raise ServiceUnavailable("Qdrant", "it is away.")
        async for event in super().answer(question, stop):
            yield event


async def test_an_answer_takes_the_place_of_the_word_that_it_has_to_wait(
    workspace: SlackWorkspace, database: Database
) -> None:
    answers = WithoutIndex()
    async with open_bot(workspace, database, answers=answers, settings=WAITING):
        ts = await workspace.mention(workspace.general, "How?")
        await workspace.until(lambda: workspace.answers(workspace.general, ts))
        [word] = workspace.answers(workspace.general, ts)
        assert POSTPONED in word.shown
        answers.away = False
        await workspace.until(
            lambda: "You asked: How?" in workspace.answers(workspace.general, ts)[0].shown
        )
    [answer] = workspace.answers(workspace.general, ts)
    assert answer.ts == word.ts
    assert POSTPONED not in answer.shown


async def test_what_waits_is_answered_in_its_place_by_the_next_process(
    workspace: SlackWorkspace, database: Database
) -> None:
    async with open_bot(workspace, database, answers=WithoutIndex(), settings=WAITING):
        ts = await workspace.mention(workspace.general, "How?")
        await workspace.until(lambda: workspace.answers(workspace.general, ts))
    async with open_bot(workspace, database, worker="the next"):
        await workspace.until(
            lambda: "You asked: How?" in workspace.answers(workspace.general, ts)[0].shown
        )
    assert len(workspace.answers(workspace.general, ts)) == 1
