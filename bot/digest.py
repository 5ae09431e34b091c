"""The digest of what the docs lack, posted to a channel on a schedule."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from logging import getLogger
from typing import Protocol

from bot.progress import amount
from bot.schedule import Job, open_schedule
from bot.timetable import timetable
from core.answering.links import escaped_link
from core.conversation.gaps import GapGroup, Gaps, grouped
from core.conversation.registrations import Registrations
from core.errors import DocentError
from core.model import Scope
from core.ports import Database
from core.text.unicode import visible

_PERIOD = timedelta(days=7)
_MOST_GROUPS = 8
_LONGEST = 160
_MARKUP = re.compile(r"([\\`*_\[\]<>#|~])")

log = getLogger(__name__)


class Destination(Protocol):
    """A channel of a platform."""

    @property
    def name(self) -> str:
        """Its platform and its id, the same in every process."""

    async def admits(self, place: tuple[str, str, str]) -> bool:
        """Whether what was asked there, in that (platform, workspace, channel), may be told here.

        Raises ServiceError.
        """

    async def post(self, text: str) -> None:
        """Posts Markdown. Raises ServiceError."""


@asynccontextmanager
async def open_digest(
    database: Database, scope: Scope, schedule: str, destination: Destination | None
) -> AsyncIterator[None]:
    """Posts digests until the block ends; none without a destination.

    `scope` has the sources that everybody may know of: what could be answered from others, too,
    is never told.
    """
    now = datetime.now(UTC)
    times = timetable(schedule)
    first = times.next_run(now, now)
    jobs = []
    if destination is not None and first is not None:
        run = partial(post_digest, database, scope, destination)
        jobs.append(Job("digest", times, first, run))
    async with open_schedule(jobs):
        yield


async def post_digest(database: Database, scope: Scope, destination: Destination) -> None:
    """Posts what the last week lacked, once a day at most, whichever process; nothing if nothing.

    What goes wrong is logged.
    """
    try:
        today = datetime.now(UTC).date().isoformat()
        if not await Registrations(database).claim("digest", destination.name, today):
            return
        gaps = await Gaps(database).since(_PERIOD, scope=scope)
        shown = [gap for gap in gaps if await destination.admits(gap.place)]
        if shown:
            await destination.post(digest_text(grouped(shown)))
    except DocentError as error:
        log.warning("The digest for %s is left out. %s %s", destination.name, error, error.hint)


def digest_text(groups: Sequence[GapGroup]) -> str:
    """The largest groups as Markdown; nobody's words in it are markup or mention anybody."""
    asked = amount(sum(len(group.gaps) for group in groups), "question")
    lines = [f"**What the docs lack**: {asked} without a good answer in the last 7 days."]
    lines += [f"{n}. {_told(group)}" for n, group in enumerate(groups[:_MOST_GROUPS], 1)]
    if len(groups) > _MOST_GROUPS:
        lines.append("`docent gaps` shows the rest.")
    return "\n".join([lines[0], "", *lines[1:]])


def _told(group: GapGroup) -> str:
    wrong = ", ".join(f"{count} {lack.value}" for lack, count in group.counts.items())
    return f"{_quoted(group.gaps[0].text)} ({wrong}){''.join(_nearest(group))}"


def _nearest(group: GapGroup) -> Iterator[str]:
    if group.nearest:
        links = (escaped_link(p.place or p.path, p.url) for p in group.nearest)
        yield f". Nearest: {', '.join(links)}"


def _quoted(text: str) -> str:
    line = " ".join(visible(text).split())
    shown = line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
    return "“" + _MARKUP.sub(r"\\\1", shown) + "”"
