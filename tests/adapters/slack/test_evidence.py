"""What an answer rests on fits one message of Slack's, and does no harm there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.evidence import evidence
from adapters.slack.rendering import Message
from core.model import Claim, Passage, Scores, Verdict
from tests.adapters.slack.test_rendering import (
    DOCS,
    SLOWLY,
    assert_harmless,
    assert_slack_takes,
    citation,
    markdown,
)
from tests.support.answers import TURN, answer, traced
from tests.support.markdown_texts import MARKDOWN


def passage(text: str, *, url: str = f"{DOCS}/server#ports") -> Passage:
    return Passage(
        source="docs",
        path="server.md",
        title="Server",
        heading_path=("Configuration", "Ports"),
        url=url,
        text=text,
        peer_reviewed=False,
        scores=Scores(1.0, dense=0.5),
    )


def shown(*passages: Passage, **noted: Any) -> Message:
    """The evidence of an answer that cites each of the passages."""
    cited = [citation(n, url=p.url, quote=p.text[:9]) for n, p in enumerate(passages, 1)]
    return evidence(traced(answer("Yes. [1]", *cited), *passages, **noted))


def test_the_cited_passages_are_quoted_with_links_dates_review_and_scores() -> None:
    port = replace(passage("The port is\n8080."), date="2026-05-01", peer_reviewed=True)
    found = [passage("Another text of the section."), port, passage("Never.", url=f"{DOCS}/n")]
    told = markdown(evidence(traced(answer("Yes. [1]", citation()), *found)))
    assert (
        f"(1) **[Server › Configuration › Ports]({DOCS}/server#ports)** · as of 2026-05-01 · "
        "✓ peer-reviewed · fused 1.000, dense 0.500\n\n> The port is\n> 8080."
    ) in told
    assert told.count("\n> ") == 2, "what is not cited is named, and not quoted"
    assert "**Also found**\n- Server › Configuration › Ports (fused 1.000, dense 0.500)" in told


def test_it_tells_how_the_answer_came_about() -> None:
    claims = [
        Claim("The port is `8080`.", Verdict.SUPPORTED, 0.934),
        Claim("It is **red**.", Verdict.CONTRADICTED, 0.2, judged=True),
    ]
    told = markdown(shown(passage("The port is 8080."), claims=claims, query="What is the port?"))
    assert told.startswith(
        "**Question**: What are defaults?\n\n**Searched for**: What is the port?\n\n(1) "
    )
    assert told.endswith(
        "**Claims**\n"
        "- supported (words, 0.93): The port is 8080.\n"
        "- contradicted (judge, 0.20): It is red.\n\n"
        "- Generation 3, confidence 0.900\n"
        "- Model: some/model, 10 + 5 tokens, cost 0.001000 dollars\n"
        "- Milliseconds: history 1.2, total 5.7\n"
        f"- `docent trace {TURN}` tells the rest."
    )


def test_a_stale_answer_says_so() -> None:
    cited = passage("The port is 8080.")
    stale = traced(answer("Yes. [1]", citation()), cited, changed=[cited])
    other = traced(answer("Yes. [1]", citation()), cited, changed=[passage("Never cited.")])
    assert "⚠ A section that this answer cites has changed since." in markdown(evidence(stale))
    assert "⚠" not in markdown(evidence(other))


def test_more_claims_than_fit_are_counted() -> None:
    claims = [
        Claim(f"The part {n} is {'very ' * 40} red.", Verdict.SUPPORTED, 1) for n in range(40)
    ]
    told = markdown(shown(passage("Parts."), claims=claims))
    listed = told.count("- supported")
    assert 5 < listed < 40
    assert f"- … and {40 - listed} more" in told
    assert "> Parts." in told


def test_what_was_found_beside_is_named_as_far_as_it_is_near() -> None:
    cited, *others = [passage(f"Part {n}.", url=f"{DOCS}/{n}") for n in range(9)]
    whole = answer("Yes. [1]", citation(url=cited.url, quote=cited.text))
    told = markdown(evidence(traced(whole, cited, *others)))
    assert told.count("\n- Server › Configuration › Ports (") == 5
    assert "\n- … and 3 more" in told


def test_a_trace_that_was_deleted_leaves_the_question_and_the_id() -> None:
    kept = traced(answer("Yes. [1]", citation()))
    told = markdown(evidence(replace(kept, noted={})))
    assert told == (
        "**Question**: What are defaults?\n\nThis answer quotes nothing from the docs.\n\n"
        f"- `docent trace {TURN}` tells the rest."
    )


def test_long_passages_are_cut_and_say_so() -> None:
    message = shown(passage("The port is 8080. " * 400))
    assert "> …\n" in markdown(message)
    assert_slack_takes(message)


def test_passages_that_are_too_much_for_one_message_leave_out_the_last() -> None:
    message = shown(*(passage("> a\n\n" * 15, url=f"{DOCS}/{n}") for n in range(6)))
    assert_slack_takes(message)
    assert "(1) **" in markdown(message)
    assert "(6) **" not in markdown(message)
    assert f"`docent trace {TURN}`" in markdown(message)


def test_a_title_cannot_break_out_of_its_link() -> None:
    odd = replace(passage("text", url=""), title="[x](https://evil.example)", heading_path=())
    message = evidence(traced(answer("", citation(url="", heading_path=())), odd))
    assert "](https://evil" not in markdown(message)


@given(st.lists(MARKDOWN, min_size=1, max_size=4), MARKDOWN)
@SLOWLY
def test_any_evidence_fits_one_message_and_does_no_harm(texts: list[str], said: str) -> None:
    found = [replace(passage(text), url=f"{DOCS}/{n}", title=said) for n, text in enumerate(texts)]
    cited = [citation(n, url=p.url, quote="") for n, p in enumerate(found, 1)]
    claims = [Claim(said, Verdict.UNSETTLED, 0.5)]
    message = evidence(traced(answer("", *cited), *found, claims=claims, query=said))
    assert_slack_takes(message)
    assert_harmless(message)
