"""What speaks for a claim, and what against it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.answering.verifying.comparing import Findings, compare
from core.answering.verifying.reading import Reading
from core.answering.verifying.scoring import assess

PASSAGE = (
    "The nightly backup of the Oslo server takes 45 minutes. It does not stop the Berlin database. "
    "Compression reduces the size of every archive. The Simple Object Protocol is used. "
    "Every YAP complex is stored."
)


def findings(claim: str, passage: str = PASSAGE, heading: str = "") -> Findings:
    return compare(Reading(claim), Reading(passage, heading))


def test_a_sentence_of_the_passage_has_all_for_it_and_nothing_against_it() -> None:
    found = findings("The nightly backup of the Oslo server takes 45 minutes.")

    assert (found.covered, found.window, found.sentence) == pytest.approx((1, 1, 1))
    assert (found.opposite, found.denying, found.numbers, found.names, found.moved_names) == (
        (0,) * 5
    )


@pytest.mark.parametrize(
    ("claim", "against"),
    [
        ("The nightly backup of the Oslo server takes 46 minutes.", "numbers"),
        ("The nightly backup of the Oslo server takes 45 hours.", "altered_numbers"),
        ("The nightly backup of the Oslo server takes fifty minutes.", "numbers"),
        ("The nightly backup of the Madrid server takes 45 minutes.", "altered_names"),
        ("The nightly backup uses the `zstd` codec.", "names"),
        ("The nightly backup of the Berlin server takes 45 minutes.", "moved_names"),
        ("The nightly backup does not take 45 minutes.", "denying"),
        ("Stop the Berlin database.", "ignoring"),
        ("Compression increases the size of every archive.", "opposite"),
    ],
)
def test_what_was_altered_is_found(claim: str, against: str) -> None:
    assert getattr(findings(claim), against) > 0


@pytest.mark.parametrize(
    ("claim", "not_against"),
    [
        ("A backup takes about forty-five minutes at first.", "numbers"),
        ("Since then the SOP is used.", "names"),
        ("Since then YAP1 is stored.", "names"),
        ("The backup (BKP) is stored.", "names"),
        ("The Berlin database is not stopped.", "denying"),
        ("The Berlin database is not stopped.", "ignoring"),
        ("Every archive has a reduced size.", "opposite"),
        ("Any archive is smaller, since compression reduces it.", "opposite"),
    ],
)
def test_what_only_sounds_different_is_let_be(claim: str, not_against: str) -> None:
    found = getattr(findings(claim), not_against)

    assert found == 0 or (not_against == "numbers" and found <= 0.5)


def test_another_denial_in_the_sentence_takes_half_of_the_doubt() -> None:
    evidence = "The server does not need the network when the archive is written."

    assert findings("The archive is not written.", evidence).denying == pytest.approx(0.4)


def test_the_heading_counts_as_said() -> None:
    claim = "Postgres needs a nightly backup."

    assert findings(claim, heading="Postgres").covered > findings(claim).covered


def test_a_direction_that_agrees_speaks_for_the_claim() -> None:
    assert findings("Compression reduces archives of any size.").agreeing > 0


@given(st.text(max_size=120), st.text(max_size=300))
def test_whatever_is_compared_the_findings_are_shares(claim: str, passage: str) -> None:
    assert all(0 <= value <= 1 + 1e-9 for value in findings(claim, passage))


@given(st.text(max_size=120), st.text(max_size=300))
def test_whatever_is_assessed_the_chances_are_chances(claim: str, passage: str) -> None:
    found = assess(claim, passage)

    assert 0 <= found.support <= 1
    assert 0 <= found.contradiction <= 1


def test_what_the_passage_says_is_likelier_than_what_it_does_not() -> None:
    said = assess("The nightly backup takes 45 minutes.", PASSAGE)
    unsaid = assess("The invoice is sent to the customer in Madrid.", PASSAGE)
    denied = assess("The nightly backup does not take 45 minutes.", PASSAGE)

    assert said.support > 0.5 > unsaid.support
    assert denied.contradiction > said.contradiction > unsaid.contradiction
