"""What of a model's text is shown, and when."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.answering.grounding import Draft, PassingVerifier
from core.model import Claim, Passage, Verdict
from core.ports import CheckedClaim
from tests.support.models import section

PASSAGES = [section("One says so."), section("Two says so.", url="https://docs.example/two")]


class Censor:
    """A Verifier that drops the claims with a word, and remembers what it was asked."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.checked: list[str] = []

    def check(self, claim: str, passages: Sequence[Passage]) -> CheckedClaim:
        self.checked.append(claim)
        return CheckedClaim("" if self.word in claim else claim)


def written(text: str, verifier: PassingVerifier | Censor | None = None) -> tuple[Draft, list[str]]:
    draft = Draft("q", PASSAGES, verifier or PassingVerifier())
    return draft, [*draft.feed(text), *draft.finish()]


def test_claims_are_shown_whole_with_their_final_marks() -> None:
    draft, shown = written("It is so [2]. And [1, 2] so 【9】.\n\n- Item [1]\n")

    assert shown == ["It is so [1].", " And [2][1] so.", "\n\n- Item [2]\n"]
    assert draft.text == "".join(shown)
    assert [c.url for c in draft.citations()] == [PASSAGES[1].url, PASSAGES[0].url]


def test_a_claim_that_was_but_a_false_mark_leaves_no_gap() -> None:
    assert written("One [1].\n\n[9]\n\nTwo [2].")[1] == ["One [1].", "\n\nTwo [2]."]


def test_a_claim_that_fails_its_check_is_not_shown_and_takes_no_number() -> None:
    censor = Censor("false")

    draft, shown = written("This is false [1]. This is true [2]. Also false.", censor)

    assert shown == ["This is true [1]."]
    assert [c.n for c in draft.citations()] == [1]
    assert censor.checked == ["This is false [1].", " This is true [2].", " Also false."]


def test_the_check_sees_marks_as_the_places_of_passages() -> None:
    censor = Censor("nothing")

    written("So 【2】. So [1, 2].", censor)

    assert censor.checked == ["So [2].", " So [1][2]."]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("See [it](https://evil.example/x) [1].", "See it [1]."),
        # A mark that is a link is still a mark, and a link around a mark still a link.
        ("See [1](https://evil.example/x).", "See [1]."),
        ("See [[1](https://evil.example/x)](https://evil.example/y).", "See [1]."),
        ("See [it [9]](https://evil.example/x).", "See it."),
        ("See it [[](x)9].", "See it."),
        ("See [it[9]](https://evil.example/x).", "See it."),
        # What cannot be seen cannot keep a link or a mark from being recognised.
        ("See ht\u200btps://evil.example [\u20601].", "See evil.example [1]."),
        ("```\rcode\r```\r[it](https://evil.example)", "```code```it"),
        ("So\u202e it is.\0", "So it is."),
    ],
)
def test_hostile_text_is_disarmed_before_the_check(text: str, shown: str) -> None:
    censor = Censor("nothing")

    assert written(text, censor)[1] == [shown]
    assert censor.checked == [shown]


@pytest.mark.parametrize(
    "piece", ["\t", "hthttps://", "[a](", "[[", "](", "[1-9999]", "`` `", "<a "]
)
def test_a_hostile_text_is_disarmed_in_bounded_time(piece: str) -> None:
    """Quadratic work on a text of this size would run into the time limit of the test."""
    draft, shown = written("x" + piece * (200_000 // len(piece)))

    assert draft.text == "".join(shown)


def test_a_code_block_that_the_model_left_open_is_closed() -> None:
    """What an adapter puts below the answer would be code as well."""
    draft, shown = written("Do:\n\n```py\nx = 1")

    assert shown == ["Do:", "\n\n```py\nx = 1", "\n```"]
    assert draft.text == "".join(shown)


@pytest.mark.parametrize(
    ("text", "not_covered", "shown"),
    [
        ("NOT_COVERED", True, []),
        ("\n**NOT_COVERED**. The docs say nothing.", True, ["The docs say nothing."]),
        ("It is so [1].\nNOT_COVERED", False, ["It is so [1]."]),
        ("I am sorry.\n\nNOT_COVERED", True, ["I am sorry."]),
        ("[9]\n\nIt is so.", False, ["It is so."]),
        ("  \n", False, []),
        ("", False, []),
    ],
)
def test_the_reply_for_what_is_not_covered_is_never_shown(
    text: str, not_covered: bool, shown: list[str]
) -> None:
    draft, released = written(text)

    assert draft.not_covered is not_covered
    assert released == shown


@given(
    st.lists(
        st.sampled_from(
            ["[1]", "[2]", "[9]", ". ", "A b", "`", "```\n", "\n", "\r", "- ", "(", ")"]
        ),
        max_size=30,
    ),
    st.integers(1, 5),
)
def test_what_is_shown_does_not_depend_on_how_it_streams(pieces: list[str], size: int) -> None:
    text = "".join(pieces)
    draft = Draft("q", PASSAGES, PassingVerifier())
    shown = [c for at in range(0, len(text), size) for c in draft.feed(text[at : at + size])]
    shown += draft.finish()

    assert shown == written(text)[1]
    assert "".join(shown) == draft.text


class Judge:
    """A Verifier whose verdict is the first word of a claim; it drops what is contradicted."""

    def check(self, claim: str, passages: Sequence[Passage]) -> CheckedClaim:
        word = claim.split(maxsplit=1)[0].lower()
        if word not in set(Verdict):
            return CheckedClaim(claim)
        verdict = Verdict(word)
        return CheckedClaim(
            claim if verdict is not Verdict.CONTRADICTED else "", verdict, 0.5, (2,)
        )


def test_what_was_checked_is_kept_with_its_verdict_and_passages_shown_or_not() -> None:
    draft = Draft("q", PASSAGES, Judge())
    draft.feed("Supported so [2]. Contradicted so [2]. Here is more:\n\n")

    assert draft.claims == [
        Claim("Supported so.", Verdict.SUPPORTED, 0.5, (PASSAGES[1].content_hash,)),
        Claim("Contradicted so.", Verdict.CONTRADICTED, 0.5, (PASSAGES[1].content_hash,)),
    ]
    assert draft.text == "Supported so [1]. Here is more:"


@pytest.mark.parametrize(
    ("text", "hollow"),
    [
        ("Unsupported it is [2].", True),
        ("Contradicted it is [2]. Unsupported it is [2]. Supported it is [2].", True),
        ("Unsupported it is [2]. Supported it is [2].", False),
        ("Unsupported it is [2]. Unsettled it is [2].", False),
        ("Here is how:", False),
        ("", False),
    ],
)
def test_a_draft_is_hollow_when_two_thirds_of_its_claims_are_lost(
    text: str, *, hollow: bool
) -> None:
    draft = Draft("q", PASSAGES, Judge())
    draft.feed(text)
    draft.finish()

    assert draft.hollow is hollow
