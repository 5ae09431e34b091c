"""Counts which words most texts have, and writes what each tells where the verifier reads it.

Deterministic. Run as `python -m scripts.count_common_words FOLDER [--write]`, and fit the weights
anew after it.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter, defaultdict
from pathlib import Path

from core.text.relevance import terms

WORDS = Path("core/answering/verifying/common_words.json")
CORPORA = ("clapnq", "covidqa", "mtrag", "scifact", "squad2", "vendor-docs")
TEXTS = 500
"""Of each corpus, the first ones."""

COMMON = 30
"""Texts that have a common word."""

LEAST = 0.15
STEP = 0.05
PROVENANCE = (
    "Stems of words by how much they tell: log(texts / texts that have it), 1 for a stem of 30 "
    "texts. Counted by scripts/count_common_words.py over passages of CLAPNQ, COVID-QA, MT-RAG "
    "(Apache-2.0), SciFact (ODC-By), SQuAD 2.0 (CC BY-SA 4.0) and the documentation in "
    "anthropic-cookbook (MIT). A stem that is not listed tells 1."
)


def main() -> None:
    """Counts, prints how many, and writes when asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="has the evaluation sets")
    parser.add_argument("--write", action="store_true", help=f"into {WORDS}")
    args = parser.parse_args()
    weights = common_words([text for name in CORPORA for text in texts(args.folder, name)])
    print(sum(len(stems.split()) for stems in weights.values()), "common stems")
    if args.write:
        document = {"provenance": PROVENANCE, "stems": weights}
        WORDS.write_text(f"{json.dumps(document, indent=1)}\n", encoding="utf-8")


def texts(folder: Path, name: str) -> list[str]:
    """The first passages of a corpus."""
    lines = (folder / f"{name}.corpus.jsonl").read_text("utf-8").split("\n")[:TEXTS]
    return [json.loads(line)["text"] for line in lines if line]


def common_words(found: list[str]) -> dict[str, str]:
    """The common stems by what they tell, in steps."""
    counts = Counter(stem for text in found for stem in set(terms(text)))
    groups = defaultdict(list)
    for stem, count in sorted(counts.items()):
        tells = math.log(len(found) / count) / math.log(len(found) / COMMON)
        if count > COMMON and not stem.isdigit() and stem.isascii():
            groups[max(LEAST, round(tells / STEP) * STEP)].append(stem)
    return {f"{tells:.2f}": " ".join(groups[tells]) for tells in sorted(groups)}


if __name__ == "__main__":
    main()
