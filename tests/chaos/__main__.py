"""`python -m tests.chaos`: a thousand questions over a hundred sessions while everything fails."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
import tempfile
from pathlib import Path

from tests.chaos.run import Plan, run


def main() -> int:
    """0 when each question was answered once and in order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--questions", type=int, default=1000)
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--asking", type=float, default=360.0, help="seconds")
    parser.add_argument("--gone", type=float, default=60.0, help="seconds without PostgreSQL")
    parser.add_argument("--private", type=int, default=20, help="commands with private answers")
    parser.add_argument("--settling", type=float, default=240.0, help="seconds at most")
    plan = Plan(**vars(parser.parse_args()))
    print(f"seed {plan.seed}", flush=True)  # noqa: T201 - a program's output
    outcome = asyncio.run(run(plan))
    log = Path(tempfile.gettempdir()) / f"docent-chaos-{plan.seed}.log"
    log.write_text(outcome.logs, "utf-8")
    print(f"{outcome.table}\n\nWhat the bots said: {log}")  # noqa: T201 - a program's output
    return 0 if outcome.report.held else 1


if __name__ == "__main__":
    sys.exit(main())
