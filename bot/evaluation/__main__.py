"""Evaluates the search on the known sets, and the verifier on the claims that they hold.

Run as `python -m bot.evaluation FOLDER [SET ...]`; the set `claims` is the verifier's.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bot.evaluation import refusing, verification
from bot.evaluation.refusing import Asked
from bot.evaluation.report import EvaluationReport
from bot.evaluation.suite import REQUIRED_NDCG, as_table, ask_sets, falls_short
from bot.evaluation.verification import evaluate_verifier
from core.errors import ConfigurationError, DocentError

WIDTH = 132  # of the table; a pipe has no width of its own
MISUSED = 2
CLAIMS = "claims"


async def main(folder: Path, names: list[str]) -> int:
    """Prints a table; the exit code is 1 when a set falls short of what it must reach."""
    console = Console(width=WIDTH)
    names = names or [*REQUIRED_NDCG, CLAIMS]
    searched = [name for name in names if name != CLAIMS]
    short = bool(searched) and await _search(console, folder, searched)
    if CLAIMS in names:
        short |= _verify(console, folder)
    return int(short)


async def _search(console: Console, folder: Path, names: list[str]) -> bool:
    reports: list[tuple[str, EvaluationReport]] = []
    asked: dict[str, list[Asked]] = {}
    with console.status("Searching…"):
        async for name, report, questions in ask_sets(folder, names):
            reports.append((name, report))
            if questions:
                asked[name] = questions
    console.print(as_table(reports))
    if asked:
        console.print(refusing.as_table(refusing.separations(asked)))
    console.print_json(data={name: report.as_json() for name, report in reports})
    return any(falls_short(name, report) for name, report in reports)


def _verify(console: Console, folder: Path) -> bool:
    with console.status(f"{CLAIMS}…"):
        report = evaluate_verifier(folder)
    console.print(verification.as_table(report))
    console.print_json(data=report.as_json())
    return report.falls_short


def run(folder: Path, names: list[str]) -> int:
    """The exit code of `main`, or 2 when there is nothing to evaluate."""
    try:
        if not folder.is_dir():
            raise ConfigurationError(
                f"There is no folder {folder}.", hint="Name the one that has the evaluation sets."
            )
        return asyncio.run(main(folder, names))
    except DocentError as error:
        Console(stderr=True, soft_wrap=True).print(Text(f"✗ {error}\n  {error.hint}".rstrip()))
        return MISUSED


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit("usage: python -m bot.evaluation FOLDER [SET ...]")
    sys.exit(run(Path(sys.argv[1]), sys.argv[2:]))
