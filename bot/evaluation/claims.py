"""Claims with the passages that they cite, true ones and such as were made false.

From a set with answers come claims that its passages support, and changes of them; SciFact has
claims that people judged. Everything hangs on the seed alone.
"""

from __future__ import annotations

import json
import math
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from bot.evaluation.alterations import PLAIN, names_in, other_name
from core.errors import ConfigurationError
from core.text.claims import split_claims
from core.text.relevance import terms

SUPPORTED: Final = "supported"
JUDGED: Final = "scifact"
WITH_ANSWERS: Final = ("clapnq", "vendor-docs", "covidqa", "squad2")
SEED: Final = 7

_VERDICTS: Final = {
    "SUPPORT": SUPPORTED,
    "NEI": "no evidence",
    "CONTRADICT": "contradicted",
}
_FEWEST_WORDS = 6
_RARE = 0.2
_CANDIDATES = 4
_ASKS = re.compile(
    r"\b(?:what|which|who|whom|where|when|how many|how much|why|how)\b"
    r"(?: (?P<be>is|are|was|were)\b| (?:did|does|do)\b)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Example:
    """A claim against a passage. `kind` is SUPPORTED or says what is wrong with it."""

    claim: str
    text: str
    heading: str
    kind: str


def judged_claims(folder: Path) -> list[Example]:
    """SciFact's claims against abstracts: supported, contradicted, or without evidence."""
    return [
        Example(line["claim"], line["evidence"], "", _VERDICTS[line["verdict"]])
        for line in _lines(folder / f"{JUDGED}.claims.jsonl")
    ]


def answer_claims(folder: Path, name: str, answers: int) -> list[Example]:
    """The claims of so many answers of a set, each as it is and changed in every way that fits."""
    chance = random.Random(SEED)  # noqa: S311 - nothing secret
    documents = {line["id"]: line for line in _lines(folder / f"{name}.corpus.jsonl")}
    questions = [
        line
        for line in _lines(folder / f"{name}.questions.jsonl")
        if line["answerable"] and line.get("answers") and documents.keys() & line["relevant"].keys()
    ]
    chosen = chance.sample(questions, min(answers, len(questions)))
    true = [example for line in chosen for example in _true(line, documents)]
    nearest = _Nearest(documents)
    return [
        *true,
        *(false for at in range(len(true)) for false in _false(true, at, nearest, chance)),
    ]


def _true(question: Mapping[str, Any], documents: Mapping[str, Any]) -> Iterator[Example]:
    relevant = [documents[each] for each in question["relevant"] if each in documents]
    text = "\n\n".join(document["text"] for document in relevant)
    for claim in split_claims(_statement(question["text"], question["answers"][0])):
        if len(claim.split()) >= _FEWEST_WORDS:
            yield Example(claim.strip(), text, relevant[0].get("title", ""), SUPPORTED)


def _statement(question: str, answer: str) -> str:
    """The answer; one of a few words, in the place of what the question asks for."""
    asks = _ASKS.search(question)
    if len(answer.split()) >= _FEWEST_WORDS or not asks:
        return answer
    said = f"{answer} {asks['be']}" if asks["be"] else answer
    return f"{question[: asks.start()]}{said}{question[asks.end() :]}".rstrip("? ") + "."


def _false(
    true: Sequence[Example], at: int, nearest: _Nearest, chance: random.Random
) -> Iterator[Example]:
    example = true[at]
    others = [each for each in true if each.text != example.text]
    other = chance.choice(others)
    yield replace(other, claim=example.claim, kind="another passage")
    if near := nearest.to(example):
        yield near
    names = {
        "name": [
            name
            for each in chance.sample(others, min(20, len(others)))
            for name in names_in(each.claim)
        ],
        "name nearby": names_in(example.text),
    }
    changed = {kind: other_name(example.claim, chance, found) for kind, found in names.items()}
    changed |= {kind: change(example.claim, chance) for kind, change in PLAIN.items()}
    for kind, claim in changed.items():
        if claim:
            yield replace(example, claim=claim, kind=kind)


class _Nearest:
    """Finds the passage that shares the most rare words with a claim without supporting it."""

    def __init__(self, documents: Mapping[str, Any]) -> None:
        self._documents = documents
        self._holding: dict[str, list[str]] = defaultdict(list)
        for name, document in documents.items():
            for term in set(terms(document["text"])):
                self._holding[term].append(name)

    def to(self, example: Example) -> Example | None:
        shared: defaultdict[str, float] = defaultdict(float)
        for term in dict.fromkeys(terms(example.claim)):
            holding = self._holding.get(term, ())
            if len(holding) < _RARE * len(self._documents):
                for name in holding:
                    shared[name] += math.log(len(self._documents) / len(holding))
        for name in sorted(shared, key=lambda name: -shared[name])[:_CANDIDATES]:
            document = self._documents[name]
            if document["text"] not in example.text:
                return replace(
                    example,
                    text=document["text"],
                    heading=document.get("title", ""),
                    kind="nearest passage",
                )
        return None


def _lines(path: Path) -> Iterable[dict[str, Any]]:
    try:
        text = path.read_text("utf-8")
    except OSError as exc:
        raise ConfigurationError(f"{path} cannot be read as a text file.") from exc
    return [json.loads(line) for line in text.split("\n") if line.strip()]
