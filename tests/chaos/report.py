"""What became of each question, told from the stand-ins' own records."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import orjson

from adapters.chat.wording import LOST, SEARCHING
from adapters.discord.asides import LATE
from core.ports import Database, Row
from tests.chaos.asking import Asked, Command, People, Session
from tests.chaos.world import World
from tests.support.providers import said_of

UNFINISHED = "unfinished"

_QUERY = """
    SELECT t.platform, t.message_id, t.sequence, t.status, t.attempt, t.answer, t.trace,
        array_remove(array_agg(p.message_id), NULL) AS posted
    FROM turns AS t LEFT JOIN postings AS p ON p.turn_id = t.id
    GROUP BY t.id
"""


@dataclass
class Report:
    """`counts` are of questions, but for what is said to be of messages or commands.

    `wrong` says of each question that was not answered once and in order where it was asked, and
    what else a run fails for.
    """

    counts: Counter[str] = field(default_factory=Counter)
    rungs: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def held(self) -> bool:
        """Whether each question was answered once and in order, through all that was to happen."""
        return not self.wrong

    def table(self, faults: Mapping[str, int], left_out: Sequence[str]) -> str:
        """For people."""
        parts = {"": self.counts, "Rungs that answers took:": self.rungs, "Faults:": faults}
        lines = []
        for heading, counts in parts.items():
            lines += ["", heading] if heading else []
            lines += [f"{count:>6}  {name}" for name, count in sorted(counts.items())]
        lines += [f"LEFT OUT  {each}" for each in left_out]
        return "\n".join([*lines, *(f" WRONG  {each}" for each in self.wrong)])


async def settled(database: Database, people: People, seconds: float) -> None:
    """Returns when each question was accepted and ended, or after the time."""
    asked = sum(len(session.asked) for session in people.sessions)
    query = "SELECT count(*) AS ended FROM turns WHERE ended_at IS NOT NULL AND platform = ANY($1)"
    ends = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < ends:
        (row,) = await database.fetch(query, ["slack", "discord"])
        if row["ended"] >= asked:
            return
        await asyncio.sleep(0.5)


async def report(world: World, database: Database, people: People) -> Report:
    """Each question held against what its session shows."""
    turns = {(row["platform"], row["message_id"]): row for row in await database.fetch(_QUERY)}
    made = Report()
    for session in people.sessions:
        _judge(made, session, _place(world, session), _shown(world, session), turns)
    for command in people.commands:
        made.counts["private commands (ephemeral, at least once)"] += 1
        made.counts[f"private commands {_seen(world, command)}"] += 1
    return made


def _seen(world: World, command: Command) -> str:
    """What the person saw of the answer to a private command."""
    seen = [each.shown for each in world.slack.whispers(command.person)]
    if any(said_of(command.part)[:-1] in each for each in seen):
        return "answered"
    if any(LOST in each for each in seen):
        return "declined at once, with a word"
    if any(not each.startswith(SEARCHING) for each in seen):
        return "refused or given up, with a reason"
    return "lost" if command.delivery.acknowledged else "that no bot took, as Slack says at once"


def _place(world: World, session: Session) -> str:
    """What the session is called on its platform and in the logs."""
    if session.platform == "slack":
        return f"Slack, thread {session.thread} of channel {session.channel}"
    return f"Discord, direct channel {world.discord.direct(session.channel)}"


def _named(session: Session, asked: Asked) -> str:
    """Which of the session's questions it is, and when it was asked, as in the logs."""
    number, at = session.asked.index(asked) + 1, time.localtime(asked.at)
    return f"question {number} ({asked.message}, {time.strftime('%H:%M:%S', at)})"


def _shown(world: World, session: Session) -> dict[str, str]:
    """The bot's messages by id, in the order in which a reader sees them."""
    if session.platform == "slack":
        return {m.ts: m.shown for m in world.slack.answers(session.channel, session.thread)}
    channel = world.discord.direct(session.channel)
    return {message.id: message.shown for message in world.discord.answers(channel)}


def _judge(
    made: Report,
    session: Session,
    place: str,
    shown: Mapping[str, str],
    turns: Mapping[tuple[str, str], Row],
) -> None:
    places: list[tuple[int, int, str]] = []
    explained: set[str] = set()
    for asked in session.asked:
        made.counts["questions"] += 1
        turn = turns.get((session.platform, asked.message))
        posted = [each for each in _ids(turn) if each in shown]
        verdict = _verdict(turn, posted, shown, said_of(asked.part)[:-1])
        made.counts[verdict] += 1
        explained.update(posted)
        name = _named(session, asked)
        if turn is None or len(posted) != 1 or verdict == UNFINISHED:
            made.wrong.append(f"{place}: {name} {_told(turn)}: {verdict}")
            continue
        places.append((turn["sequence"], list(shown).index(posted[0]), name))
        if turn["trace"]:
            made.rungs.update(orjson.loads(turn["trace"])["rungs"] or ["none"])
    late = sum(one[0] > other[0] for one, other in pairwise(places))
    made.counts[f"accepted after a later one, on {session.platform.title()}"] += late
    _judge_order(made, place, places)
    _judge_rest(made, place, [text for id_, text in shown.items() if id_ not in explained])


def _ids(turn: Row | None) -> list[str]:
    """Of the messages that were posted for it, without the channel that Discord's are kept with."""
    return [posted.rpartition("/")[2] for posted in turn["posted"]] if turn else []


def _told(turn: Row | None) -> str:
    """What the database knows of it."""
    if turn is None:
        return "was never stored"
    attempts = "1 attempt" if turn["attempt"] == 1 else f"{turn['attempt']} attempts"
    return f"is {turn['status']} after {attempts}"


def _verdict(turn: Row | None, posted: Sequence[str], shown: Mapping[str, str], said: str) -> str:
    if turn is None or not posted:
        return "lost"
    if len(posted) > 1:
        return "answered more than once"
    if turn["status"] == "failed":
        return "given up, with a word"
    if turn["status"] != "finished":
        return UNFINISHED
    return "answered once" if said in shown[posted[0]] else "refused once, with a reason"


def _judge_order(made: Report, place: str, places: list[tuple[int, int, str]]) -> None:
    """Answers stand as their questions were accepted."""
    for one, other in pairwise(sorted(places)):
        out = one[1] > other[1]
        made.counts["out of order"] += out
        if out:
            made.wrong.append(f"{place}: the answer to {other[2]} stands before that to {one[2]}")


def _judge_rest(made: Report, place: str, texts: Sequence[str]) -> None:
    for text in texts:
        if LATE in text:
            made.counts["apologies at once, by Discord's rule (messages)"] += 1
        else:
            made.counts["messages that nobody asked for"] += 1
            made.wrong.append(f"{place}: posted {text[:80]!r}")
