"""Measuring the verifier, on sets small enough to see through."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from bot.evaluation.claims import SUPPORTED, WITH_ANSWERS, Example, answer_claims, judged_claims
from bot.evaluation.fitting import NAMES, Fold, findings, fit_contradiction, fit_support, score
from bot.evaluation.metrics import auroc
from bot.evaluation.verification import Separation, as_table, evaluate_verifier
from core.errors import ConfigurationError

TOWNS = (
    *("Oslo", "Berlin", "Madrid", "Lisbon", "Athens", "Vienna"),
    *("Turin", "Krakow", "Bergen", "Geneva", "Malaga", "Dublin"),
)


def lines(*documents: object) -> str:
    return "\n".join(map(json.dumps, documents)) + "\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("eval")
    texts = {
        f"d{n}": f"The old bridge of {town} was built in {1900 + n}. It is not open to cars. "
        f"Its length increases in summer near {TOWNS[n - 1]}."
        for n, town in enumerate(TOWNS)
    }
    corpus = [{"id": name, "title": "Bridges", "text": text} for name, text in texts.items()]
    questions = [
        {
            "id": f"q{n}",
            "text": "When was it built?",
            "relevant": {f"d{n}": 1},
            "answerable": True,
            "answers": [f"The old bridge of {town} was built in {1900 + n}."],
        }
        for n, town in enumerate(TOWNS)
    ]
    unanswerable = {**questions[0], "id": "q9", "answerable": False}
    short = {
        **questions[1],
        "id": "q8",
        "text": "Which old bridge was built there in 1901?",
        "answers": ["Berlin"],
    }
    for name in WITH_ANSWERS:
        (folder / f"{name}.corpus.jsonl").write_text(lines(*corpus))
        (folder / f"{name}.questions.jsonl").write_text(lines(*questions, unanswerable, short))
    verdicts = ("SUPPORT", "CONTRADICT", "NEI")
    claims = [
        {
            "id": str(n),
            "claim": f"The bridge of {town} was built in {1900 + n}.",
            "evidence": texts["d0"],
            "verdict": verdicts[n % 3],
        }
        for n, town in enumerate(TOWNS)
    ]
    (folder / "scifact.claims.jsonl").write_text(lines(*claims))
    return folder


def test_the_claims_of_answers_are_true_and_each_change_is_of_its_kind(folder: Path) -> None:
    examples = answer_claims(folder, "clapnq", 20)

    true = [e for e in examples if e.kind == SUPPORTED]
    assert {e.claim for e in true} >= {f"The old bridge of {TOWNS[0]} was built in 1900."}
    assert {e.kind for e in examples} >= {
        "another passage",
        "nearest passage",
        "name",
        "name nearby",
        "number",
        "negation",
    }
    assert all(e.heading == "Bridges" for e in examples)


def test_a_short_answer_takes_the_place_of_what_is_asked_for(folder: Path) -> None:
    claims = {e.claim for e in answer_claims(folder, "clapnq", 20)}

    assert "Berlin old bridge was built there in 1901." in claims


def test_the_same_claims_are_made_every_time(folder: Path) -> None:
    assert answer_claims(folder, "clapnq", 4) == answer_claims(folder, "clapnq", 4)


def test_judged_claims_keep_their_verdicts(folder: Path) -> None:
    kinds = [e.kind for e in judged_claims(folder)]

    assert kinds[:3] == [SUPPORTED, "contradicted", "no evidence"]


def test_a_set_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"scifact\.claims\.jsonl"):
        judged_claims(tmp_path)


def made_up() -> Fold:
    """Examples whose answer hangs on one finding, while another has the wrong sign by chance."""
    chance = np.random.default_rng(0)
    kinds = [SUPPORTED, "nearest passage", "negation"] * 60
    rows = np.zeros((len(kinds), len(NAMES)))
    for at, kind in enumerate(kinds):
        rows[at, NAMES.index("covered")] = chance.normal(
            0.2 if kind == "nearest passage" else 0.8, 0.1
        )
        rows[at, NAMES.index("denying")] = float(kind == "negation")
        rows[at, NAMES.index("names")] = float(kind == SUPPORTED)
    return Fold([Example("", "", "", kind) for kind in kinds], rows)


def test_a_fit_finds_what_decides_and_gives_nothing_the_wrong_sign() -> None:
    fold = made_up()
    kinds = [e.kind for e in fold.examples]

    support, contradiction = fit_support([fold]), fit_contradiction([fold])

    assert support["covered"] > 0 > support["denying"]
    assert support["names"] == 0
    assert contradiction["denying"] > 0
    logits = score(support, fold.rows)
    true = [s for s, k in zip(logits, kinds, strict=True) if k == SUPPORTED]
    false = [s for s, k in zip(logits, kinds, strict=True) if k != SUPPORTED]
    assert auroc(true, false) > 0.95


def test_a_fit_is_the_same_every_time(folder: Path) -> None:
    examples = answer_claims(folder, "clapnq", 6)
    folds = [Fold(examples, findings(examples))]

    assert fit_support(folds) == fit_support(folds)


def test_the_report_has_each_kind_of_each_set(folder: Path) -> None:
    report = evaluate_verifier(folder, answers=6)

    assert {(s.set, s.kind) for s in report.separations} >= {
        ("scifact", "no evidence"),
        ("scifact", "contradicted"),
        *((name, "number") for name in WITH_ANSWERS),
    }
    assert all(0 <= s.auroc <= 1 and 0 <= s.held_out <= 1 and s.claims for s in report.separations)
    assert 0 < report.p50_ms <= report.p95_ms
    assert json.loads(json.dumps(report.as_json()))["separations"][0]["set"] == "scifact"


def test_what_falls_short_is_marked(folder: Path) -> None:
    report = evaluate_verifier(folder, answers=6)
    console = Console(width=112, record=True, file=None, quiet=False)
    with console.capture() as captured:
        console.print(as_table(report))

    assert report.falls_short == any(s.falls_short for s in report.separations)
    assert captured.get().count("✗") == sum(s.falls_short for s in report.separations)
    assert "ms a claim" in captured.get()


@pytest.mark.parametrize(
    ("reached", "required", "short"), [(0.8, 0.9, True), (0.9, 0.9, False), (0.1, None, False)]
)
def test_a_requirement_is_missed_below_it(
    reached: float, required: float | None, *, short: bool
) -> None:
    assert Separation("s", "k", 1, reached, reached, required).falls_short is short
