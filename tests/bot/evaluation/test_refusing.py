"""Measuring refusals, and fitting what decides on them."""

from __future__ import annotations

import random

import pytest
from rich.console import Console

from bot.evaluation.dataset import Dataset, EvaluationDocument, EvaluationQuestion
from bot.evaluation.refusing import (
    ANSWERABLE,
    ELSEWHERE,
    GIVEN,
    TAKEN,
    Asked,
    as_table,
    ask_all,
    fit,
    separations,
)
from bot.evaluation.runner import measure, open_bench
from bot.settings import Settings
from bot.settings.groups import EmbedderSettings
from core.retrieval.confidence import HYBRID_FLOOR
from core.retrieval.evidence import Evidence
from tests.support.local_model import local_files


def asked(seed: int, kinds: tuple[str, ...] = (GIVEN, TAKEN)) -> list[Asked]:
    """`said` decides, `near` tells half as much, `apart` nothing, and `beyond` the wrong way."""
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    found = []
    for _ in range(60):
        for kind in (ANSWERABLE, *kinds):
            right = float(kind == ANSWERABLE)
            near, said = (chance.gauss(right * gap, 0.2) for gap in (0.1, 0.4))
            evidence = Evidence(near, chance.gauss(0, 0.2), said, chance.gauss(-right, 0.2))
            found.append(Asked(kind, evidence))
    return found


def test_what_tells_more_weighs_more_and_nothing_weighs_against_an_answer() -> None:
    weights = fit([asked(1), asked(2)])

    assert weights["said"] > weights["near"] > weights["apart"]
    assert weights["beyond"] == 0
    assert sum(weights.values()) == pytest.approx(1, abs=0.002)


def test_a_fit_is_the_same_every_time() -> None:
    assert fit([asked(1), asked(2)]) == fit([asked(1), asked(2)])


def test_sets_count_alike_whatever_their_size() -> None:
    one, other = asked(1), [Asked(each.kind, Evidence(0.5, 0.5, 0.5, 0.5)) for each in asked(2)]

    assert fit([one, other]) == fit([one, other * 3])


def test_each_kind_of_each_set_is_compared_with_its_answerable_questions() -> None:
    rows = separations({"one": asked(1), "other": asked(2, (ELSEWHERE,))})

    assert [(row.set, row.kind, row.questions) for row in rows] == [
        ("one", GIVEN, 60),
        ("one", TAKEN, 60),
        ("other", ELSEWHERE, 60),
    ]
    assert all(row.held_out > 0.8 for row in rows)
    assert all(0 <= share <= 1 for row in rows for share in (row.auroc, row.refused, row.kept))


def test_the_shares_are_those_of_the_floor() -> None:
    sure, unsure = (Evidence(*[HYBRID_FLOOR + by] * 4) for by in (0.1, -0.1))
    kinds = [(ANSWERABLE, sure)] * 3 + [(ANSWERABLE, unsure)] + [(GIVEN, unsure)] * 2
    one = [Asked(*each) for each in kinds]

    row, *_ = separations({"one": one, "other": asked(2)})

    assert (row.kept, row.refused, row.auroc) == (0.75, 1.0, 0.875)


def test_the_table_has_a_row_a_kind() -> None:
    console = Console(width=100)
    with console.capture() as captured:
        console.print(as_table(separations({"one": asked(1), "other": asked(2, (GIVEN,))})))

    assert captured.get().count("not answerable") == 2
    assert "without its documents" in captured.get()


async def test_questions_are_asked_with_and_without_the_documents_that_answer_them() -> None:
    answerable = EvaluationQuestion(id="1", text="How do I install it?", relevant={"a": 1})
    given = EvaluationQuestion(id="2", text="Who wrote it?", answerable=False)
    texts = {"a": "Run the installer to install it.", "b": "Cars may park here."}
    documents = [EvaluationDocument(id=name, text=text) for name, text in texts.items()]
    install = Dataset(documents, [answerable, given])
    bread = Dataset([], [EvaluationQuestion(id="3", text="How is bread baked?")])
    settings = Settings(
        _env_file=None, embedder=EmbedderSettings(folder=local_files().weights.parent)
    )

    async with open_bench(settings) as bench:
        await measure(bench, install)
        found = await ask_all(bench, install, [bread])

    evidence = {each.kind: each.evidence for each in found}
    assert evidence.keys() == {ANSWERABLE, TAKEN, GIVEN, ELSEWHERE}
    assert evidence[ANSWERABLE].said > evidence[TAKEN].said == 0
    assert evidence[ANSWERABLE].near > evidence[ELSEWHERE].near
