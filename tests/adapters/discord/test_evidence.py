"""The passages that an answer rests on fit into one message of Discord's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.chat.evidence import NO_EVIDENCE
from adapters.discord.evidence import MOST, evidence, layout_of
from core.model import Citation, Claim, Passage, Verdict
from tests.support.answers import TURN, answer, traced
from tests.support.conversations import passage


def cited_from(*passages: Passage) -> list[str]:
    citations = [
        Citation(n, p.title, p.heading_path, p.url, p.text, p.source, peer_reviewed=False)
        for n, p in enumerate(passages, start=1)
    ]
    _, *quoted, _ = evidence(traced(answer("It is so.", *citations), *passages))
    return quoted


def test_a_passage_is_quoted_under_its_link_and_date() -> None:
    [entry] = cited_from(replace(passage("Run it.\n\nThen wait."), date="2026-01-02"))
    assert entry == (
        "(1) **[Install › Linux](https://docs.example/install#linux)** · "
        "as of 2026\\-01\\-02 · not peer\\-reviewed · "
        "fused 0.900, dense 0.700, sparse 11.000\n"
        "> Run it.\n>\n> Then wait."
    )


def test_what_was_not_published_is_named_without_a_link() -> None:
    [entry] = cited_from(replace(passage(), url="", title="A_b", heading_path=()))
    assert entry.startswith("(1) **A\\_b** · ")
    assert entry.endswith("\n> Run the installer.")


def test_an_address_that_is_too_long_is_no_link() -> None:
    [entry] = cited_from(replace(passage(), url="https://docs.example/" + "a" * 600))
    assert entry.startswith("(1) **Install › Linux** · ")


def test_nobody_is_called_by_what_is_quoted() -> None:
    [entry] = cited_from(replace(passage("Ask @everyone or <@123> in <#456>."), title="@here"))
    assert "@everyone" not in entry
    assert "@here" not in entry
    assert "<@123>" not in entry
    assert "<#456>" not in entry


@pytest.mark.parametrize("count", [1, 3, 12, 20])
@pytest.mark.parametrize("sign", ["word ", "\n", "`x` ", "<@1> ", "# a\n\n"])
def test_long_passages_are_cut_to_one_message(count: int, sign: str) -> None:
    long = [
        replace(
            passage(sign * 3000),
            url=f"https://docs.example/{n}/{'a' * 200}",
            title="t" * 200,
            text=f"{n} {sign * 3000}",
        )
        for n in range(count)
    ]
    citations = [
        Citation(n, p.title, p.heading_path, p.url, p.text, p.source, peer_reviewed=False)
        for n, p in enumerate(long, start=1)
    ]
    claims = [Claim(f"{n} {sign * 300}", Verdict.UNSETTLED, 0.5) for n in range(30)]
    entries = evidence(
        traced(answer("It is so.", *citations), *long, query=sign * 900, claims=claims)
    )
    assert entries[1].startswith("(1) ")
    assert "`docent trace " in entries[-1]
    assert sum(map(len, entries)) <= MOST


def test_an_answer_without_passages_still_tells_how_it_came_about() -> None:
    above, quoted, made = evidence(traced(answer()))
    assert above == "**Question**: What are defaults?"
    assert quoted == NO_EVIDENCE
    assert f"`docent trace {TURN}`" in made


async def test_the_passages_stand_one_under_the_other_in_a_frame() -> None:
    layout = layout_of(["one", "two"])
    [frame] = layout.to_components()  # type: ignore[no-untyped-call]
    assert [part["type"] for part in frame["components"]] == [10, 14, 10]
    assert layout.is_finished()
