"""Fits the weights of the lexical verifier and writes them where it reads them.

Deterministic: the sets, the seed and this project decide. How well the weights do, and those of
the other sets alone, is what `python -m bot.evaluation FOLDER claims` prints. Run as
`python -m scripts.fit_verifier FOLDER [--write]`.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

from bot.evaluation.claims import SEED
from bot.evaluation.fitting import Fold, findings, fit_contradiction, fit_support
from bot.evaluation.verification import example_sets

WEIGHTS = Path("core/answering/verifying/weights.json")
PROVENANCE = (
    "Fitted by scripts/fit_verifier.py on claims made from CLAPNQ (Apache-2.0), COVID-QA "
    "(Apache-2.0), SQuAD 2.0 (CC BY-SA 4.0) and the documentation in anthropic-cookbook (MIT), and "
    "on the judged claims of SciFact (CC BY 4.0). Logits: bias + the sum of weight times finding."
)


def main() -> None:
    """Fits, prints, and writes when asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="has the evaluation sets")
    parser.add_argument("--write", action="store_true", help=f"into {WEIGHTS}")
    args = parser.parse_args()
    sets = example_sets(args.folder)
    for name, examples in sets.items():
        print(name, dict(Counter(example.kind for example in examples)))
    folds = [Fold(examples, findings(examples)) for examples in sets.values()]
    weights = {"support": fit_support(folds), "contradiction": fit_contradiction(folds)}
    text = json.dumps({"provenance": PROVENANCE, "seed": SEED, "weights": weights}, indent=2)
    print(text)
    if args.write:
        WEIGHTS.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
