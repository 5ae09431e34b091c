"""What is taken over verbatim is shown to be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.answering.verifying.quotation import in_quotation_marks

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
