"""Slack end to end: outages, crashes and crowds. No question is lost, none is answered twice."""

from __future__ import annotations

import asyncio
import os
import random
import statistics
from contextlib import AbstractAsyncContextManager

import pytest

from adapters.slack.catchup import Window
from core.ports import Database, Queries, Row
from tests.support.desk import until
from tests.support.faulty_database import FaultyDatabase
from tests.support.machine import Strain, slowdown
from tests.support.slack_bot import Answers, open_bot, was_here
from tests.support.slack_child import bot_process
from tests.support.slack_server import BOB, SlackWorkspace
from tests.support.slack_state import Message


def complete(message: Message) -> bool:
    """Whether it has the buttons that only a whole answer has."""
    elements = [each for block in message.blocks for each in block.get("elements", [])]
    return any("feedback" in str(each.get("action_id", "")) for each in elements)


async def only_answer(workspace: SlackWorkspace, channel: str, ts: str) -> Message:
    """The one answer in a thread, once it is whole; fails when there is another message."""
    await workspace.until(lambda: any(map(complete, workspace.answers(channel, ts))), 60)
    [answer] = workspace.answers(channel, ts)
    return answer


class SlowDatabase:
    """Takes no question until it is `awake`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.awake = asyncio.Event()

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        if "INSERT INTO turns" in sql:
            await self.awake.wait()
        return await self._database.fetch(sql, *args)

    async def execute(self, sql: str, *args: object) -> int:
        return await self._database.execute(sql, *args)

    def transaction(self) -> AbstractAsyncContextManager[Queries]:
        return self._database.transaction()


async def test_while_the_database_is_away_nothing_is_acknowledged_and_nothing_lost(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    workspace.courier.retry_after = (0.1, 0.4, 60.0)
    faulty = FaultyDatabase(database)
    async with open_bot(workspace, faulty, http=http):
        faulty.broken.add("INSERT INTO turns")
        ts = await workspace.mention(workspace.general, "How?")
        await until(lambda: len(workspace.deliveries[0].attempts) > 1)
        assert not workspace.deliveries[0].acknowledged
        faulty.broken.clear()
        await only_answer(workspace, workspace.general, ts)
        await workspace.settled()
    assert all(delivery.acknowledged for delivery in workspace.deliveries)
    assert len(workspace.answers(workspace.general, ts)) == 1


async def test_a_database_that_takes_too_long_is_as_good_as_away(
    workspace: SlackWorkspace, database: Database
) -> None:
    workspace.courier.ack_seconds = 10.0
    slow = SlowDatabase(database)
    async with open_bot(workspace, slow):
        workspace.courier.retry_after = (0.1,)
        ts = await workspace.mention(workspace.general, "How?")
        workspace.courier.ack_seconds = 3.0
        await until(lambda: len(workspace.deliveries[0].attempts) > 1)
        assert workspace.deliveries[0].attempts[0].status is None
        slow.awake.set()
        await only_answer(workspace, workspace.general, ts)


async def test_what_slack_gave_up_while_the_database_was_away_is_caught_up(
    workspace: SlackWorkspace, database: Database
) -> None:
    workspace.courier.retry_after = ()
    faulty = FaultyDatabase(database)
    async with open_bot(workspace, faulty, window=Window(pause=0.05)):
        before = await workspace.mention(workspace.general, "How?")
        await only_answer(workspace, workspace.general, before)
        faulty.broken.add("INSERT INTO turns")
        lost = await workspace.mention(workspace.general, "And now?")
        await workspace.settled()
        faulty.broken.clear()
        await only_answer(workspace, workspace.general, lost)


async def test_a_clock_that_has_all_of_slacks_requests_refused_is_told_at_the_start(
    workspace: SlackWorkspace, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_bot(workspace, database, http=True):
        assert caplog.text == ""
    workspace.advance(3600.0)
    async with open_bot(workspace, database, http=True):
        assert "clock is 60 minutes behind Slack's" in caplog.text


async def test_a_refreshed_connection_loses_nothing(
    workspace: SlackWorkspace, database: Database
) -> None:
    async with open_bot(workspace, database):
        await workspace.socket.refresh()
        asked = [await workspace.mention(workspace.general, f"How {n}?") for n in range(3)]
        await workspace.until(lambda: workspace.socket.opened >= 2)
        for ts in asked:
            await only_answer(workspace, workspace.general, ts)
        await workspace.settled()


@pytest.mark.parametrize("how", ["close", "drop"])
async def test_what_was_asked_while_the_connection_was_gone_is_caught_up(
    workspace: SlackWorkspace, database: Database, how: str
) -> None:
    general = workspace.general
    workspace.courier.retry_after = ()
    async with open_bot(workspace, database):
        before = await workspace.mention(general, "How?")
        await only_answer(workspace, general, before)
        if how == "close":
            await workspace.socket.close()
        else:
            workspace.socket.drop()
        lost = await workspace.mention(general, "And now?")
        await workspace.until(lambda: workspace.socket.opened >= 2, 30)
        await only_answer(workspace, general, lost)
    assert len(workspace.answers(general, before)) == 1


async def test_what_was_asked_while_the_bot_was_away_is_caught_up(
    workspace: SlackWorkspace, database: Database
) -> None:
    general = workspace.general
    workspace.courier.retry_after = ()
    async with open_bot(workspace, database):
        known = await workspace.mention(general, "How?")
        await only_answer(workspace, general, known)
    mention = await workspace.mention(general, "And now?")
    await workspace.reply(general, known, "And on Windows?")
    await workspace.reply(general, known, f"<@{BOB}> do you know?")
    direct = await workspace.dm("In private?")
    chatter = await workspace.post(general, "Anyone for lunch?")
    joined = await workspace.post(general, "It fails.")
    await workspace.reply(general, joined, "Mine too.", user=BOB)
    await workspace.mention(general, "why?", thread_ts=joined)
    async with open_bot(workspace, database) as bot:
        await only_answer(workspace, general, mention)
        await only_answer(workspace, workspace.direct(), direct)
        await only_answer(workspace, general, joined)
        await workspace.answered(general, known, count=2)
    asked = sorted(question.text for question in bot.answers.asked)
    assert asked == ["And now?", "And on Windows?", "In private?", "why?"]
    assert workspace.answers(general, chatter) == []


async def test_a_bot_that_is_new_answers_nothing_that_is_old(
    workspace: SlackWorkspace, database: Database
) -> None:
    workspace.courier.retry_after = ()
    old = await workspace.mention(workspace.general, "How?")
    async with open_bot(workspace, database):
        ts = await workspace.mention(workspace.general, "And now?")
        await only_answer(workspace, workspace.general, ts)
    assert workspace.answers(workspace.general, old) == []


async def test_a_running_answer_ends_before_the_bot_stops(
    workspace: SlackWorkspace, database: Database
) -> None:
    answers = Answers(claims=[" One."])
    general = workspace.general
    async with open_bot(workspace, database, answers=answers):
        ts = await workspace.mention(general, "How?")
        await workspace.until(lambda: workspace.answers(general, ts))
        asyncio.get_running_loop().call_later(0.3, answers.step)
    [answer] = workspace.answers(general, ts)
    assert complete(answer)
    assert "One." in answer.shown
    await workspace.until(lambda: not workspace.socket.connections)


async def test_killed_between_storing_and_posting_it_answers_once(
    workspace: SlackWorkspace, database: Database, database_dsn: str
) -> None:
    general = workspace.general
    workspace.courier.retry_after = (0.1, 1.0)
    async with bot_process(workspace, database_dsn, silent=True) as process:
        ts = await workspace.mention(general, "How?")
        await workspace.settled()
        process.kill()
        await process.wait()
    assert workspace.answers(general, ts) == []
    async with bot_process(workspace, database_dsn):
        await only_answer(workspace, general, ts)
        await workspace.settled()
    assert len(workspace.answers(general, ts)) == 1


@pytest.mark.parametrize("claims", [0, 3], ids=["posted", "streamed"])
async def test_killed_between_posting_and_recording_it_answers_once(
    workspace: SlackWorkspace, database: Database, database_dsn: str, claims: int
) -> None:
    general = workspace.general
    workspace.courier.retry_after = (0.1, 1.0)
    async with bot_process(workspace, database_dsn, hangs=True, claims=claims) as process:
        ts = await workspace.mention(general, "How?")
        await workspace.until(lambda: workspace.answers(general, ts))
        process.kill()
        await process.wait()
    assert workspace.answers(general, ts)[0].streaming == bool(claims)
    async with bot_process(workspace, database_dsn, claims=claims):
        await only_answer(workspace, general, ts)
        await workspace.settled()
    assert len(workspace.answers(general, ts)) == 1


async def test_killed_again_and_again_it_answers_each_question_once(
    workspace: SlackWorkspace, database: Database, database_dsn: str
) -> None:
    general, chance = workspace.general, random.Random(3)  # noqa: S311 - a test's
    workspace.courier.retry_after = (0.3, 1.0, 3.0, 6.0, 9.0)
    asked: list[str] = []
    await was_here(workspace, database)
    for _ in range(5):
        async with bot_process(workspace, database_dsn, claims=2) as process:
            asked += [await workspace.mention(general, f"How {n}?") for n in range(4)]
            await asyncio.sleep(chance.uniform(0.05, 0.8))
            process.kill()
            await process.wait()
    async with bot_process(workspace, database_dsn, claims=2):
        for ts in asked:
            await only_answer(workspace, general, ts)
        await workspace.settled()
    assert [len(workspace.answers(general, ts)) for ts in asked] == [1] * 20


async def test_two_hundred_mentions_at_once_are_acknowledged_in_time_and_answered_once(
    workspace: SlackWorkspace,
    database: Database,
    database_dsn: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    channels = [workspace.add_channel(f"room-{n}") for n in range(50)]
    busy = slowdown()
    async with bot_process(workspace, database_dsn, posting_interval=1.0) as process:
        strain = Strain(process.pid, os.getpid())
        asked = [
            (channel, await workspace.mention(channel, f"How {n}?"))
            for n in range(4)
            for channel in channels
        ]
        for channel, ts in asked:
            await workspace.answered(channel, ts, seconds=60)
        await workspace.settled()
        busy = max(busy, slowdown(), strain.most())
    took = sorted(d.attempts[0].seconds for d in workspace.deliveries if d.kind == "events_api")
    p99 = statistics.quantiles(took, n=100)[98]
    with capsys.disabled():
        print(  # noqa: T201 - the figure
            f"\n{len(took)} deliveries: p50 {took[len(took) // 2]:.3f} s, p99 {p99:.3f} s, "
            f"on a machine that is {busy:.1f} times as slow as by itself"
        )
    assert [len(workspace.answers(channel, ts)) for channel, ts in asked] == [1] * 200
    assert p99 < 1.0 * busy
