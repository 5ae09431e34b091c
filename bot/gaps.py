"""What `docent gaps` tells: the questions that the docs lack an answer to."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.app import open_database
from bot.progress import amount
from bot.settings import Settings
from core.conversation.gaps import Gap, GapGroup, Gaps, Lack, grouped
from core.errors import ConfigurationError
from core.migrations.runner import migrate
from core.ports import Database
from core.text.unicode import visible

_MOST_EXAMPLES = 3
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class GapReport:
    """The gaps of so many days, in groups."""

    days: int
    groups: Sequence[GapGroup]

    def as_json(self) -> dict[str, Any]:
        """Lists, numbers and strings; times are in ISO 8601."""
        return {
            "days": self.days,
            "questions": sum(len(group.gaps) for group in self.groups),
            "groups": [_group(group) for group in self.groups],
        }

    def as_text(self) -> str:
        """The same for people."""
        return visible("\n".join(self._lines()))

    def _lines(self) -> Iterator[str]:
        total = sum(len(group.gaps) for group in self.groups)
        period = f"in the last {amount(self.days, 'day')}"
        if not total:
            yield f"No question {period} is without a good answer, as far as Docent knows."
            return
        yield f"{amount(total, 'question')} without a good answer {period}:"
        for group in self.groups:
            yield ""
            yield from _lines_of(group)


def _lines_of(group: GapGroup) -> Iterator[str]:
    wrong = ", ".join(f"{count} {lack.value}" for lack, count in group.counts.items())
    yield f"{len(group.gaps)}x {_short(group.gaps[0].text)} ({wrong})"
    for text in list(dict.fromkeys(_short(gap.text) for gap in group.gaps))[1:_MOST_EXAMPLES]:
        yield f"    also: {text}"
    for passage in group.nearest:
        yield f"    nearest: {passage.place or passage.path} {passage.url}".rstrip()
    for text in dict.fromkeys(each.text for gap in group.gaps for each in gap.expected):
        yield f"    expected: {_short(text)}"
    yield f"    trace: {group.gaps[0].id}"


def _group(group: GapGroup) -> dict[str, Any]:
    return {
        "count": len(group.gaps),
        "lacks": {lack.value: count for lack, count in group.counts.items()},
        "questions": [
            {
                "turn": str(gap.id),
                "text": gap.text,
                "asked_at": gap.asked_at.isoformat(),
                "lacks": [lack.value for lack in gap.lacks],
                "expected": [{"text": each.text, "path": each.path} for each in gap.expected],
            }
            for gap in group.gaps
        ],
        "nearest": [
            {"place": p.place, "url": p.url, "source": p.source, "path": p.path}
            for p in group.nearest
        ],
    }


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


async def read_gaps(settings: Settings, days: int) -> GapReport:
    """Of all places. Opens the database alone, so that it works beside a running bot."""
    async with open_database(settings) as database:
        await migrate(database)
        return await gaps_in(database, days)


async def gaps_in(database: Database, days: int) -> GapReport:
    """The same, where the database is open."""
    return GapReport(days, grouped(await Gaps(database).since(timedelta(days=days))))


def keep_cases(report: GapReport, file: Path, expected: Mapping[str, str]) -> int:
    """Adds questions with a thumbs-down as cases for `docent eval`; the number of new ones.

    `expected` names the document that answers each, by the id of its turn; without any, those are
    kept for which people did so in a chat. Raises ConfigurationError for an id that no such
    question has, and for a file that cannot be added to.
    """
    downvoted = {
        str(gap.id): gap
        for group in report.groups
        for gap in group.gaps
        if Lack.DOWNVOTED in gap.lacks
    }
    if unknown := sorted(expected.keys() - downvoted.keys()):
        raise ConfigurationError(
            f"No question with a thumbs-down has the id {unknown[0]}.",
            hint="`docent gaps --json` shows which there are.",
        )
    relevant = {turn: {path} for turn, path in expected.items()} or _named(downvoted)
    try:
        kept = _kept(file)
        new = [_case(downvoted[id_], paths) for id_, paths in relevant.items() if id_ not in kept]
        with file.open("a", encoding="utf-8") as lines:
            lines.writelines(json.dumps(case, ensure_ascii=False) + "\n" for case in new)
    except OSError as exc:
        raise ConfigurationError(
            f"{file} cannot be added to ({exc.strerror}).",
            hint="Name a file in a folder that you may write to.",
        ) from exc
    return len(new)


def _named(downvoted: Mapping[str, Gap]) -> dict[str, set[str]]:
    """The documents that people named in a chat, by turn."""
    named = {turn: {each.path for each in gap.expected} for turn, gap in downvoted.items()}
    known = {turn: {path for path in paths if path} for turn, paths in named.items()}
    return {turn: paths for turn, paths in known.items() if paths}


def _case(gap: Gap, paths: Collection[str]) -> dict[str, Any]:
    relevant = dict.fromkeys(sorted(paths), 1.0)
    return {"id": str(gap.id), "text": gap.text, "relevant": relevant, "answerable": True}


def _kept(file: Path) -> set[str]:
    if not file.exists():
        return set()
    try:
        return {str(json.loads(line)["id"]) for line in file.read_text("utf-8").splitlines()}
    except (ValueError, KeyError, TypeError) as exc:
        raise ConfigurationError(
            f"{file} holds something other than cases.", hint="Name another file."
        ) from exc
