"""What becomes of a claim that is checked against what it cites."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.answering.verifying.marks import unmarked
from core.answering.verifying.verifier import LexicalVerifier, VerifierSettings
from core.backends.extractive import quote
from core.model import Verdict
from tests.support.models import section

INSTALL = section(
    "The installer asks for a folder. It needs 200 MB of disk space and does not need Python. "
    "The installation takes 5 minutes on Linux.",
    title="Install",
)
BACKUP = section(
    "Backups are written every night at 3 o'clock. Old backups are deleted after 14 days. "
    "Restoring a backup replaces the whole database.",
    title="Backup",
    heading="Schedule",
    url="https://docs.example/backup#schedule",
)
PASSAGES = [INSTALL, BACKUP]
MARKED = " *(not found in the cited section)*"


@pytest.mark.parametrize(
    ("claim", "verdict", "shown"),
    [
        ("The installer asks for a folder [1].", Verdict.SUPPORTED, None),
        ("You need 200 MB of disk space for the installation [1].", Verdict.SUPPORTED, None),
        ("Python is not needed by the installer [1].", Verdict.SUPPORTED, None),
        ("A backup is written each night at three o'clock [2].", Verdict.SUPPORTED, None),
        (
            "The installer sends telemetry to Amsterdam every hour [1].",
            Verdict.UNSUPPORTED,
            f"The installer sends telemetry to Amsterdam every hour [1].{MARKED}",
        ),
        (
            "- Old backups are deleted after 90 days [2].\n",
            Verdict.UNSUPPORTED,
            f"- Old backups are deleted after 90 days [2].{MARKED}\n",
        ),
        ("Restoring a backup does not replace the whole database [2].", Verdict.CONTRADICTED, ""),
    ],
)
def test_a_claim_is_shown_marked_or_dropped_by_its_verdict(
    claim: str, verdict: Verdict, shown: str | None
) -> None:
    checked = LexicalVerifier().check(claim, PASSAGES)

    assert checked.verdict is verdict
    assert checked.text == (claim if shown is None else shown)


def test_an_unsupported_claim_is_dropped_where_that_is_set() -> None:
    verifier = LexicalVerifier(VerifierSettings("drop"))

    checked = verifier.check("The installer sends telemetry to Amsterdam every hour [1].", PASSAGES)

    assert (checked.verdict, checked.text) == (Verdict.UNSUPPORTED, "")


def test_a_claim_that_cites_the_wrong_passage_gets_the_right_one() -> None:
    checked = LexicalVerifier().check("- Old backups are deleted after 14 days [1].\n", PASSAGES)

    assert checked.text == "- Old backups are deleted after 14 days [2].\n"
    assert (checked.verdict, checked.cited) == (Verdict.SUPPORTED, (2,))


def test_a_claim_without_a_citation_gets_the_passage_that_says_it() -> None:
    checked = LexicalVerifier().check(" Old backups are deleted after 14 days.", PASSAGES)

    assert checked.text == " Old backups are deleted after 14 days [2]."


def test_a_claim_without_a_citation_that_no_passage_holds_is_marked() -> None:
    claim = "Each licence costs 300 dollars and expires after one year."

    checked = LexicalVerifier().check(claim, PASSAGES)

    assert checked.text == f"{claim} *(not found in the docs)*"
    assert checked.cited == ()


def test_a_claim_may_stand_on_several_passages_together() -> None:
    claim = "The installer asks for a folder, and backups are written every night [1][2]."

    checked = LexicalVerifier().check(claim, PASSAGES)

    assert (checked.verdict, checked.text) == (Verdict.SUPPORTED, claim)


@pytest.mark.parametrize(
    "claim", ["Here is how:", "## Install", "```\npip install\n```", "[1]", ""]
)
def test_what_needs_no_evidence_passes_without_a_verdict(claim: str) -> None:
    checked = LexicalVerifier().check(claim, PASSAGES)

    assert (checked.text, checked.verdict) == (claim, None)


def test_without_passages_nothing_is_checked() -> None:
    assert LexicalVerifier().check("The installer asks for a folder.", []).verdict is None


def test_a_long_run_of_the_docs_is_put_in_quotation_marks() -> None:
    run = " ".join(f"word{letter}" for letter in "abcdefghijklmnopqrstuvwxyz")

    checked = LexicalVerifier().check(f"Note that {run} [1].", [section(f"It says {run}.")])

    assert checked.text == f"Note that “{run}” [1]."


def test_a_quote_of_the_docs_is_its_own_evidence() -> None:
    for block in quote("How long are backups kept?", PASSAGES, 3):
        checked = LexicalVerifier().check(block, PASSAGES)

        assert (checked.verdict, checked.text) == (Verdict.SUPPORTED, block)


@given(st.text(alphabet='ab [1]2.*`>-\n“"', max_size=80))
def test_whatever_a_model_writes_is_shown_whole_or_not_at_all(claim: str) -> None:
    shown = LexicalVerifier().check(claim, PASSAGES).text

    assert not shown or unmarked(claim).rstrip().rstrip(".") in unmarked(shown)
