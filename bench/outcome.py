"""How every measurement ends: its figures as JSON, and whether the targets were met."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def options(description: str | None) -> argparse.ArgumentParser:
    """Those that all measurements take."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--check", action="store_true", help="end with code 1 when one is missed")
    return parser


def conclude(args: argparse.Namespace, figures: Mapping[str, Any], *, met: bool) -> None:
    """Prints the figures, and says it when a target was missed.

    That alone is no failure: the machine may be slow, or busy.
    """
    text = json.dumps({**figures, "met": met}, indent=2)
    print(text, flush=True)
    if args.json:
        args.json.write_text(text + "\n", encoding="utf-8")
    if not met:
        print("A target was missed.", file=sys.stderr)
        sys.exit(args.check)
