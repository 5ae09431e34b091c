"""Fits the weights of the evidence that decides on a refusal, and writes them where it is read.

Deterministic but for the last digits of the cosines: the sets and this project decide. How well
the weights do, and those of the other sets alone, it prints as `make eval` does. Run as
`python -m scripts.fit_confidence FOLDER [--write]`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path

from rich.console import Console

from bot.evaluation.refusing import Asked, as_table, fit, separations
from bot.evaluation.suite import SETS, ask_sets

WEIGHTS = Path("core/retrieval/weights.json")
PROVENANCE = (
    "Fitted by scripts/fit_confidence.py on the questions of the documentation in "
    "anthropic-cookbook (MIT), SciFact (claims CC BY 4.0, abstracts ODC-By), SQuAD 2.0 (CC BY-SA "
    "4.0), COVID-QA, CLAPNQ and mtRAG (Apache-2.0), searched for with all-MiniLM-L6-v2. Logistic "
    "regression, scaled to 1 in all."
)


def main() -> None:
    """Asks, fits, prints, and writes when asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="has the evaluation sets")
    parser.add_argument("--write", action="store_true", help=f"into {WEIGHTS}")
    args = parser.parse_args()
    sets = asyncio.run(asked_of(args.folder))
    text = json.dumps({"provenance": PROVENANCE, "weights": fit(sets.values())}, indent=2)
    print(text)
    Console(width=100).print(as_table(separations(sets)))
    if args.write:
        WEIGHTS.write_text(f"{text}\n", encoding="utf-8")


async def asked_of(folder: Path) -> dict[str, list[Asked]]:
    """What was asked of each set. Takes as long as all of them take to embed: ten minutes."""
    return {name: asked async for name, _, asked in ask_sets(folder, SETS)}


if __name__ == "__main__":
    main()
