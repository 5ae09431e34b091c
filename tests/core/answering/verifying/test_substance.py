"""Which claims need evidence."""

from __future__ import annotations

import pytest

from core.answering.verifying.substance import statement
from tests.support.model_claims import CONNECTIVE


@pytest.mark.parametrize("claim", CONNECTIVE)
def test_what_only_connects_needs_no_evidence(claim: str) -> None:
    assert not statement(claim, cites=False)


@pytest.mark.parametrize(
    ("claim", "cites"),
    [
        ("The installer asks for a folder and a password.", False),
        ("- The installer asks for a folder and a password.", False),
        ("> The installer asks for a folder and a password.", False),
        ("It asks for a folder", True),
        ("The installer asks for these things:", True),
    ],
)
def test_what_says_something_statement(claim: str, *, cites: bool) -> None:
    assert statement(claim, cites=cites)


@pytest.mark.parametrize(
    "claim", ["```\nrm -rf folder\n```", "| a | b |\n|---|---|", "---", "", "So it is"]
)
def test_code_tables_and_empty_words_need_no_evidence_even_with_a_citation(claim: str) -> None:
    assert not statement(claim, cites=True)
