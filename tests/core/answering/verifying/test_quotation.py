"""What is taken over verbatim is shown to be."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.answering.verifying.quotation import (
    in_quotation_marks,
    in_quotation_marks_throughout,
)

WORDS = [f"w{letter}{number}" for letter in "abc" for number in range(10)]  # thirty that differ
RUN = " ".join(WORDS[:25])
HALVES = [" ".join(WORDS[:12]), " ".join(WORDS[12:25])]
TEXT = f"Before it. {RUN.capitalize()}. After it."


@pytest.mark.parametrize(
    ("claim", "shown"),
    [
        (f"{RUN} [1].", f"“{RUN}” [1]."),
        (f" The docs say that {RUN} [1].", f" The docs say that “{RUN}” [1]."),
        (f"- {RUN}.\n", f"- “{RUN}” [1].\n"),
        # One word less may be taken over.
        (f"{' '.join(WORDS[:24])} [1].", f"{' '.join(WORDS[:24])} [1]."),
        (f"{' '.join(WORDS[:24])} otherwise [1].", f"{' '.join(WORDS[:24])} otherwise [1]."),
        # What is a quote already is not quoted twice.
        (f'The docs say "{RUN}" [1].', f'The docs say "{RUN}" [1].'),
        (f"The docs say “{RUN}” [1].", f"The docs say “{RUN}” [1]."),
        (f"> {RUN} [1]", f"> {RUN} [1]"),
        (f"```\n{RUN}\n```", f"```\n{RUN}\n```"),
        # Emphasis is not torn.
        (f"- **{RUN} so** it is [1].", f"- **“{RUN}” so** it is [1]."),
        (
            f"- So *one **{HALVES[0]}** {HALVES[1]}* [1].",
            f"- “So *one **{HALVES[0]}** {HALVES[1]}*” [1].",
        ),
    ],
)
def test_a_run_of_25_words_stands_in_quotation_marks_with_its_citation(
    claim: str, shown: str
) -> None:
    assert in_quotation_marks(claim, [(1, TEXT)]) == shown


def test_the_longest_run_of_several_passages_is_quoted() -> None:
    longer = " ".join(WORDS)

    assert in_quotation_marks(f"{longer}.", [(1, TEXT), (2, longer)]) == f"“{longer}” [2]."


@given(st.lists(st.sampled_from([*WORDS, "**", "(", ")", "`", ".", "[1]", '"']), max_size=60))
def test_nothing_but_quotation_marks_and_a_citation_is_added(pieces: list[str]) -> None:
    claim = " ".join(pieces)

    shown = in_quotation_marks(claim, [(2, TEXT)])

    assert shown.replace("“", "").replace("”", "").replace(" [2]", "") == claim


FIRST, SECOND = " ".join(WORDS[:13]), " ".join(WORDS[13:27])
STORY = f"Before it. {FIRST.capitalize()}. {SECOND.capitalize()}. After it."


@pytest.mark.parametrize(
    ("claims", "shown"),
    [
        ([f"{FIRST} [1].", f" {SECOND} [1]."], [f"“{FIRST}” [1].", f" “{SECOND}” [1]."]),
        # Each claim has its citation.
        ([f"{FIRST}.", f" {SECOND} [2]."], [f"“{FIRST}” [1].", f" “{SECOND}” [1] [2]."]),
        # As a list, and after words of the model's own.
        (
            ["So it is:", f"\n\n- {FIRST} [1]", f"\n- {SECOND} [1]\n"],
            ["So it is:", f"\n\n- “{FIRST}” [1]", f"\n- “{SECOND}” [1]\n"],
        ),
        # A few words at the ends are quoted by nobody.
        (
            ["Before it [1].", f" {FIRST}.", f" {SECOND}.", " After it [1]."],
            ["Before it [1].", f" “{FIRST}” [1].", f" “{SECOND}” [1].", " After it [1]."],
        ),
        # What is quoted already stays, and what goes on after it is quoted, too.
        ([f"“{FIRST}” [1].", f" {SECOND}."], [f"“{FIRST}” [1].", f" “{SECOND}” [1]."]),
        ([f"“{RUN}” [1]."], None),
        ([f"So “{RUN}” is it [1]."], None),
        ([f"They say: “{FIRST} [1].", f" {SECOND}” [1]."], None),
        ([f"> {FIRST}", f"\n> {SECOND}"], None),
        # Quotation marks that a paragraph left open mean nothing in the next.
        (
            ['A 5" disk.', f"\n\n{FIRST} [1].", f" {SECOND} [1]."],
            ['A 5" disk.', f"\n\n“{FIRST}” [1].", f" “{SECOND}” [1]."],
        ),
        ([f"```\n{FIRST}\n{SECOND}\n```"], None),
        # Fewer words than 25, or something else between them, may go unquoted.
        ([f"{FIRST} [1].", " " + " ".join(WORDS[13:24]) + "."], None),
        ([f"{FIRST} [1].", " But otherwise.", f" {SECOND} [1]."], None),
        ([f"{FIRST} [1].", "\n\n## More\n", f"\n{SECOND} [1]."], None),
        ([], None),
    ],
)
def test_a_run_over_several_claims_stands_in_quotation_marks_claim_by_claim(
    claims: list[str], shown: list[str] | None
) -> None:
    expected = claims if shown is None else shown
    assert in_quotation_marks_throughout(claims, [(1, STORY), (2, "Other words.")]) == expected


def test_two_runs_of_two_passages_are_both_quoted() -> None:
    one, other = [" ".join(f"{sign}{n}" for n in range(26)) for sign in "xy"]
    shown = in_quotation_marks_throughout([f"{one} but {other}."], [(1, one), (2, other)])
    assert shown == [f"“{one}” [1] but “{other}” [2]."]


def test_of_two_passages_the_one_that_has_more_of_it_is_named() -> None:
    claims = [f"{FIRST}.", f" {SECOND}."]
    shown = in_quotation_marks_throughout(claims, [(1, " ".join(WORDS[:26])), (2, STORY)])
    assert shown == [f"“{FIRST}” [2].", f" “{SECOND}” [2]."]


@given(
    st.lists(
        st.lists(st.sampled_from([*WORDS, "**", "(", ")", "`", ".", "[1]", '"', "“"]), max_size=40),
        max_size=5,
    )
)
def test_throughout_nothing_but_quotation_marks_and_citations_is_added(
    pieces: list[list[str]],
) -> None:
    claims = [" " + " ".join(words) for words in pieces]
    shown = in_quotation_marks_throughout(claims, [(2, STORY)])
    bare = [claim.replace("“", "").replace("”", "").replace(" [2]", "") for claim in shown]
    assert bare == [claim.replace("“", "") for claim in claims]


@given(st.integers(0, 3), st.integers(25, 30), st.integers(1, 29))
def test_no_run_of_25_words_is_left_unquoted_wherever_it_is_cut(
    start: int, length: int, cut: int
) -> None:
    run = WORDS[start : start + length]
    claims = [" ".join(run[:cut]) + ".", " " + " ".join(run[cut:]) + "."]
    shown = "".join(in_quotation_marks_throughout(claims, [(1, " ".join(WORDS))]))
    unquoted = re.sub(r"“[^”]*” \[1\]", "#", shown)
    assert max((len(part.split()) for part in unquoted.split("#")), default=0) < 25
